"""The ledger's own rules: the triggers that keep its past, and whether a file still has each of them, word for word.

They are kept here by their fingerprints, so that looking needs no second ledger and no room. A test compares them with
a ledger that is made anew: a revision that adds or changes a trigger changes this table with it.
"""

from __future__ import annotations

import hashlib

from db.dialect import Source, is_postgres, rows

RULES = {
    "assessment_author_stays": "cb93164d5dd13416",
    "assessment_frozen": "7870da7991c34da2",
    "assessment_remains": "91421d40f11cb67e",
    "assessment_text_no_delete": "9798a3db50c284ab",
    "assessment_text_no_update": "75d1eda650e51b06",
    "audit_follows": "e1dd0872f06d01e8",
    "audit_no_delete": "4dca3687cee06631",
    "audit_no_update": "589ec45cac6f87f2",
    "checkpoint_follows": "777ab0d602e433ea",
    "checkpoint_no_delete": "392f838ee1a42e98",
    "checkpoint_no_update": "d24c5dd0bf8008c3",
    "credential_touch_no_delete": "174219d837985f55",
    "credential_touch_no_update": "717a0cd3c2e9c98a",
    "job_grant_stays": "f0cdefe7a3af2168",
    "override_no_delete": "6bee925ea151acad",
    "override_no_update": "38226dfe522138a0",
    "recovery_code_once": "e15ad5c70e51c721",
    "release_no_delete": "de38ea20821a5f3c",
    "release_no_update": "0e7289c4e9e5fbc6",
    "review_no_delete": "80b9f680b27f738c",
    "review_no_update": "2f7bdc5e22dd133d",
    "second_factor_no_replay": "d7f6d09362c8acc1",
    "segment_follows": "d7f72dfe206f2a5a",
    "segment_no_delete": "8c974ef30331d51e",
    "segment_no_update": "340152603c0925d8",
    "signature_never_ones_own": "f4b0fee21df84fa7",
    "signature_no_delete": "ccb8e08ecf2b1f8b",
    "signature_no_update": "75a9dce511fd163c",
    "store_facts_remain": "6d983a7ad2e3aa22",
    "store_facts_stay": "ec5357dffb37e4ad",
}
"""Each trigger's name, and the first 16 hex digits of the SHA-256 of its text, with single spaces."""
POSTGRES = {
    "assessment_author_stays": "a7fa01e9e6d0b9da",
    "assessment_frozen": "9f98903f346b56ab",
    "assessment_remains": "6eeb6411061fad00",
    "assessment_text_no_delete": "42a0fb88a0ee7bd8",
    "assessment_text_no_truncate": "7c3ec00c8defb501",
    "assessment_text_no_update": "7494638d9fdabcc6",
    "audit_follows": "115ad16ab1b9786e",
    "audit_no_delete": "2c286c398b961248",
    "audit_no_truncate": "2ad092530166a0dd",
    "audit_no_update": "ad2dd847d32a48de",
    "checkpoint_follows": "b20f47c32293a429",
    "checkpoint_no_delete": "c5584741f0850f99",
    "checkpoint_no_truncate": "1487d5c1017addcd",
    "checkpoint_no_update": "107583d3eac614a5",
    "credential_touch_no_delete": "fcdf3b3959be8d85",
    "credential_touch_no_truncate": "414cc34267f5cd26",
    "credential_touch_no_update": "1bb82136b3075291",
    "job_grant_stays": "847a13cca0d45ade",
    "override_no_delete": "4e752e9c08a921a6",
    "override_no_truncate": "bf27beddef7e4d0d",
    "override_no_update": "d7ba21c37c4fd368",
    "recovery_code_once": "e2ee88ad7686d7a5",
    "release_no_delete": "fcbd3b4bd976f3b6",
    "release_no_truncate": "eac061edbbf44609",
    "release_no_update": "63fffffe0e2e38e0",
    "review_no_delete": "efd61a3847f988ac",
    "review_no_truncate": "c946b462236eb1a6",
    "review_no_update": "acb3928e833a400a",
    "second_factor_no_replay": "de37fbedd2c6aa0f",
    "segment_follows": "8cb635ec9f19a536",
    "segment_no_delete": "c7391084ea31d517",
    "segment_no_truncate": "e2167c8f04c4922f",
    "segment_no_update": "bf39ce73b9d9bdee",
    "signature_never_ones_own": "671924cce6d3b219",
    "signature_no_delete": "28f702f50475eb19",
    "signature_no_truncate": "74ca602e28a8c986",
    "signature_no_update": "d8e06c9eecb66465",
    "store_facts_remain": "7b8738308b43fb24",
    "store_facts_stay": "68c86ffcc701949a",
}
"""The same in PostgreSQL; the text is the table, the moment, whether it fires always, and the function."""
_ASKED = """SELECT t.tgname,
    concat_ws(' ', c.relname, t.tgtype, t.tgenabled, array_to_string(p.proconfig, ' '), p.prosrc)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
  WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"""


def wanting(connection: Source) -> tuple[list[str], list[str]]:
    """The names of the rules that are gone or say something else, and of those that nobody here wrote."""
    there, kept = of(connection), known(connection)
    return (
        sorted(name for name, mark in kept.items() if there.get(name) != mark),
        sorted(there.keys() - kept.keys()),
    )


def known(connection: Source) -> dict[str, str]:
    return POSTGRES if is_postgres(connection) else RULES


def of(connection: Source) -> dict[str, str]:
    plain = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    found = rows(connection, _ASKED if is_postgres(connection) else plain)
    return {name: hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16] for name, text in found}
