"""A list as a table for other programs: what one sees there anyway, in a file, and that it was written in the log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from medsynth_engine.access.roles import Permission
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import csv_row, plain
from medsynth_engine.operations.declare import Call, granted, operation
from medsynth_engine.operations.places import new_file, write_new_file

Rows = Sequence[Mapping[str, Any]]
OF_OTHERS = "of others"
REAL_COUNTS = ("records", "quarantined", "patients", "train", "validation", "holdout")


@dataclass(frozen=True)
class Listed:
    """A list that can be written.

    method   the operation that answers it; its own permission decides who may have it
    columns  what is written of each row, in this order: a key that a document gets later leaves unseen by nobody
    rows     takes the rows out of the answer
    key      the key of a row's name where some of them are asked for; its first column where there is none
    version  the key of what tells rows of one name apart
    rounded  whether it tells real people's numbers rounded: another order than its own would tell them on
    of       whether it is the list of one thing, which must be named
    """

    method: str
    columns: tuple[str, ...]
    rows: Callable[[Any], Rows] = list
    key: str = ""
    version: str = ""
    rounded: bool = False
    of: bool = False

    def called(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """What the row goes by: as this version of what it is about (`dataset:chest#3`), and by its name alone."""
        name, version = str(row.get(self.key or self.columns[0])), row.get(self.version)
        return (name,) if version is None else (f"{name}#{version}", name)


def _disk_rows(document: Mapping[str, Any]) -> Rows:
    """Each kind as a whole, without a name; the things that one may see by name; what others have of each; by owner.

    `called`, as the studio calls them: `dataset:brain`, `rest:dataset` for what it does not tell by name, of a kind of
    which it tells nothing so all of it (`rest:ledger`), and `owner:alice`.
    """
    kinds, rest = [], []
    for each in document["kinds"]:
        called = f"rest:{each['kind']}"
        told = [thing["bytes"] for thing in document["things"] if thing["kind"] == each["kind"]]
        kinds.append({**each, "called": "" if told else called})
        if told and each["bytes"] > sum(told):
            rest.append({**each, "name": OF_OTHERS, "bytes": each["bytes"] - sum(told), "called": called})
    things = [{**each, "called": f"{each['kind']}:{each['name']}"} for each in document["things"]]
    owners = [
        {**each, "kind": "owner", "name": "" if each["owner"] else OF_OTHERS, "called": f"owner:{each['owner']}"}
        for each in document["owners"]
    ]
    return [*kinds, *things, *rest, *(owners if len(owners) > 1 else [])]


def _dataset_rows(documents: Rows) -> Rows:
    """Counts of real records to the nearest ten, 1 to 10 hidden: a table goes to people who may not see the store."""
    from medsynth_engine.governance.rounded import about

    return [
        {**each, **{key: about(each[key]) for key in REAL_COUNTS if each.get(key) is not None}} for each in documents
    ]


def _evidence_rows(document: Mapping[str, Any]) -> Rows:
    """Rounded, and small counts of real people hidden, as in a report."""
    from medsynth_engine.governance.rounded import rounded

    rows: Rows = rounded(document)["evidence"]
    return rows


def _cohort_rows(documents: Rows) -> Rows:
    """With the band of the data's reader in the place of the whole gauge."""
    return [{**each, "privacy": ((each.get("gauge") or {}).get("data") or {}).get("band")} for each in documents]


def _release_rows(documents: Rows) -> Rows:
    """Names and marks in one cell each, a dash where there are none; marks that the log does not have are not none."""
    return [{**each, **{key: _in_one_cell(each[key]) for key in ("approved_by", "marks")}} for each in documents]


def _in_one_cell(words: Sequence[str] | None) -> str:
    return "not on record" if words is None else ", ".join(words) or "-"


def _review_rows(documents: Rows) -> Rows:
    """`called` as the review's operations call them: one picture may wait in two datasets."""
    return [{**each, "called": f"{each['dataset']}/{each['id']}"} for each in documents]


LISTS = {
    "datasets": Listed(
        "datasets_list",
        (
            "dataset",
            "version",
            "owner",
            "records",
            "quarantined",
            "patients",
            "train",
            "validation",
            "holdout",
            "images",
            "created",
        ),
        _dataset_rows,
        rounded=True,
    ),
    "runs": Listed(
        "runs_list",
        ("run", "dataset", "preset", "state", "kimg", "kimg_total", "started", "owner", "simulated", "generator"),
    ),
    "cohorts": Listed(
        "cohorts_list",
        ("cohort", "n", "dataset", "run", "weights", "created", "digest", "simulated", "evaluated", "privacy"),
        _cohort_rows,
    ),
    "assessments": Listed(
        "pia_list",
        ("subject", "audience", "state", "version", "author", "created", "expires"),
        version="version",
    ),
    "releases": Listed(
        "releases_list",
        (
            "release",
            "kind",
            "subject",
            "audience",
            "format",
            "at",
            "actor",
            "assessment",
            "approved_by",
            "overridden",
            "marks",
            "digest",
        ),
        _release_rows,
    ),
    "review": Listed(
        "review_list",
        ("id", "dataset", "version", "reason", "width", "height", "waiting_days", "decision", "may_decide"),
        _review_rows,
        "called",
    ),
    "jobs": Listed("jobs_list", ("job", "kind", "subject", "state", "created")),
    "users": Listed("users_list", ("name", "role", "state", "second_factor", "created", "last_login")),
    "settings": Listed("settings_list", ("key", "value", "meaning")),
    "disk": Listed("disk", ("kind", "name", "owner", "bytes", "created", "removed_by"), _disk_rows, "called"),
    "evidence": Listed(
        "evaluation_show",
        ("name", "value", "low", "high", "control", "n", "direction", "adversary", "reads_as", "method"),
        _evidence_rows,
        rounded=True,
        of=True,
    ),
}
"""By the word that `lists_export` takes."""


class Lists:
    """Writing lists; the audit log has an operation of its own, with its proof."""

    @operation("lists.export", Permission.OWN_ACCOUNT, about="name")
    def lists_export(
        self, call: Call, name: str, path: str, of: str | None = None, only: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Write the list `name` as CSV into the new file `path`; `of` is the cohort whose evidence it is.

        `only`: what the rows to be written are called, in their order, as somebody filtered and sorted them; what is
        not in the list is left out, and what tells rounded numbers stays in the list's own order. The record says how
        many rows of how many, and nothing of what was looked for.
        Raises what the list's own operation raises, Denied first of all; BadInput where there is no such list or place.
        """
        listed = LISTS.get(name)
        if listed is None or listed.of != bool(of):
            raise BadInput("no_such_list", f"There is no list {plain(name, 40)!r}.", f"One of: {', '.join(LISTS)}.")
        all_rows = listed.rows(_answer(self, call, listed, *([of] if of else [])))
        rows = all_rows if only is None else _chosen(listed, all_rows, only)
        some = {} if only is None else {"of_rows": len(all_rows), "as_seen": True}
        target = new_file(call.home, path, "table")
        table = b"".join([csv_row(listed.columns), *(csv_row(_cells(row, listed.columns)) for row in rows)])
        digest = hashlib.sha256(table).hexdigest()
        about, detail = f"cohort:{of}" if of else "", {"list": name, "rows": len(rows), **some, "digest": digest}
        with call.change(about, **detail):
            pass  # first the record: a kill leaves a record without a file, never a file without its record
        try:
            write_new_file(target, "table", lambda stream: stream.write(table))
        except BaseException:
            call.record_failed(about, **detail)
            raise
        return {"path": str(target), "rows": len(rows), "digest": digest}


def _answer(engine: Any, call: Call, listed: Listed, *of: str) -> Any:
    """What the list's own operation answers to this person, by its own permission."""
    method = getattr(type(engine), listed.method)
    scope = granted(method.declaration, call.actor)
    return method.__wrapped__(engine, replace(call, declaration=method.declaration, scope=scope), *of)


def _chosen(listed: Listed, rows: Rows, only: Sequence[str]) -> Rows:
    """The rows that are called so, in the order of `only`; those of one name as they came.

    All as they came where numbers are rounded: who sorts by 144 and 137 patients would tell of two rows with 140 which
    has more, and of two with fewer than 11.
    """
    places = {called: place for place, called in reversed(list(enumerate(only))) if called}
    asked = [(row, [places[name] for name in listed.called(row) if name in places]) for row in rows]
    found = [(min(at), row) for row, at in asked if at]
    return [row for _, row in (found if listed.rounded else sorted(found, key=itemgetter(0)))]


def _cells(row: Mapping[str, Any], columns: Sequence[str]) -> list[Any]:
    return [row.get(column) for column in columns]
