"""Every operation as every role, on one's own things and on somebody else's: what opens, what does not, what is logged.

The cells come from the engine's own declarations, so an operation that is added is asked here too. Jobs do not start:
only whether the door opens is looked at.
"""

from __future__ import annotations

import asyncio
import inspect
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from db.ledger import Ledger
from db.tables import Assessment, Cohort, Dataset, Job, Run, User, Weights
from medsynth_engine.access import passwords
from medsynth_engine.access.roles import Permission, Scope, scope_of
from medsynth_engine.engine import Engine, operations
from medsynth_engine.kernel.errors import Denied, MedSynthError

PEOPLE = {"alice": "researcher", "bob": "researcher", "admin": "admin", "auditor": "auditor"}
PASSWORDS = {"alice": "password123", "admin": "admin123", "auditor": "auditor123", "bob": "bobs-own-words-1"}
THINGS = {
    "dataset": "chest",
    "cohort": "c1",
    "run": "r1",
    "job": "aa11bb22cc33",
    "subject": "dataset:chest",
    "weights": "w1",
    "names": ["c1", "c2"],
    "n": 3,
    "seq": 1,
    "concur": True,
    "answers": {},
    "rules": ["1"],
    "audience": "internal",
    "role": "researcher",
    "reason": "A reason that others can judge",
    "note": "A reason",
    "user": "nobody",
    "id": "chest/1",
}
NAMED = {"datasets": "chest", "cohorts": "c1", "weights": "w1", "users": "nobody"}
"""What `name` means, by the operation's noun."""
REMAIN = {"logout", "change_password", "confirm", "totp_begin", "totp_confirm", "totp_off", "totp_codes", "doctor"}
"""About one's own login: no thing, no other person."""
NEW = {"datasets_add", "weights_import", "runs_import", "population_save", "datasets_scan", "population_read"}
"""What comes into being, or lies outside of the store: it is nobody's yet."""
DECLARED = {name: each for name, each in sorted(operations().items()) if each.permission is not Permission.ANYONE}
ASKED = [name for name in DECLARED if name not in REMAIN]


def arguments(name: str, there: Path) -> dict[str, Any]:
    """What passes for the real thing in form, and names alice's things."""
    noun = DECLARED[name].name.split(".")[0]
    words: dict[str, Any] = {}
    for key, parameter in list(inspect.signature(getattr(Engine, name)).parameters.items())[2:]:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        if parameter.default is inspect.Parameter.empty or (key in ("run", "dataset") and key in THINGS):
            words[key] = NAMED.get(noun, "x1") if key == "name" else THINGS.get(key, "x1")
        if key == "path":
            words[key] = str(there / "not-there" / "file")
        if key == "folder":
            words[key] = str(there)
    if "run" in words and "dataset" in words:  # one or the other
        del words["dataset"]
    return words


def names_a_thing(name: str) -> bool:
    """Whether the operation is told on whose thing it acts."""
    words = arguments(name, Path("/"))
    owned = {"dataset", "cohort", "run", "job", "subject", "names", "id"} & set(words)
    noun = DECLARED[name].name.split(".")[0]
    return name not in NEW and bool(owned or ("name" in words and noun in ("datasets", "cohorts", "weights")))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """alice has one of everything; bob is a researcher too."""
    home = tmp_path_factory.mktemp("matrix")
    asyncio.run(Engine(home).init(development=True))
    with Ledger.open(home / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
        session = change.session
        alice = session.exec(select(User).where(User.name == "alice")).one().id
        session.add(
            User(name="bob", role="researcher", state="active", password_hash=passwords.hashed(PASSWORDS["bob"]))
        )
        dataset = Dataset(name="chest", owner_id=alice, folder="chest-v1", digest="d" * 64, summary={})
        session.add(dataset)
        session.flush()
        run = Run(name="r1", dataset_id=dataset.id, owner_id=alice, preset="nano32", folder="r1", state="finished")
        session.add(run)
        session.add(Weights(name="w1", owner_id=alice, digest="e" * 64))
        for name in ("c1", "c2"):
            session.add(Cohort(name=name, dataset_id=dataset.id, owner_id=alice, n=3, folder=name, digest="c" * 64))
        job = Job(
            id=THINGS["job"], kind="train", actor_id=alice, subject="run:r1", arguments_digest="a" * 64,
            expires_at=dataset.created_at, folder="j1", state="finished",
        )  # fmt: skip
        session.add(job)
        session.add(
            Assessment(
                subject_kind="dataset",
                subject_name="chest",
                subject_digest="d" * 64,
                audience="internal",
                author_id=alice,
                document={"risks": [], "sections": []},
                digest="f" * 64,
            )
        )
        change.record(actor="system", action="test.made")
    for folder in ("datasets/chest-v1", "cohorts/c1", "jobs/j1", "runs/r1"):
        (home / "data" / folder).mkdir(parents=True, exist_ok=True)
    return home


@pytest.fixture(scope="module")
def tokens(store: Path) -> dict[str, str]:
    return {name: asyncio.run(Engine(store).login(name, PASSWORDS[name]))["token"] for name in PEOPLE}


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError("no process is started here")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    yield


def denials(engine: Engine, person: str, action: str) -> int:
    with engine.ledger().read() as session:
        from db import chain

        newest = chain.page(session, limit=100)
    return sum((r.actor, r.action, r.outcome) == (person, action, "denied") for r in newest)


async def asked(engine: Engine, name: str, there: Path) -> str:
    """The code of what was raised, `done`, or `past the door` where it failed on what this store does not hold."""
    try:
        await getattr(engine, name)(**arguments(name, there))
    except Denied as denied:
        return denied.code
    except MedSynthError as error:
        return error.code
    except Exception:  # noqa: BLE001 - the rows of this store have no files behind them
        return "past the door"
    return "done"


DOOR = ("not_permitted", "not_yours", "not_the_author", "wrong_role")
KEPT = ("datasets_remove", "runs_remove", "cohorts_remove")
"""alice's things are needed by the other cells; that she can remove them is tested where removing is."""
CELLS = [(name, person) for name in ASKED for person in PEOPLE if not (person == "alice" and name in KEPT)]


@pytest.mark.family(share=0.25)
@pytest.mark.parametrize(("name", "person"), CELLS, ids=lambda each: each)
async def test_a_cell_of_the_table(
    store: Path, tokens: dict[str, str], tmp_path: Path, no_processes: None, monkeypatch: pytest.MonkeyPatch,
    name: str, person: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    engine = Engine(store, tokens[person])
    declared = DECLARED[name]
    scope = scope_of(PEOPLE[person], declared.permission)
    try:
        before = denials(engine, person, declared.name)
        code = await asked(engine, name, tmp_path)
        after = denials(engine, person, declared.name)
    finally:
        engine.close()
    if scope is Scope.NONE:
        assert code == "not_permitted"
    elif scope is Scope.OWN and person == "bob" and names_a_thing(name):
        words = arguments(name, tmp_path)  # of pictures and jobs, not even that they are there is told
        hidden = "no_such_picture" if "id" in words else "no_such_job" if "job" in words else "not_yours"
        assert code in (*DOOR, hidden), f"bob came to alice's {name}: {code}"
    elif scope is Scope.OWN and person == "alice":
        assert code not in DOOR, f"alice is kept from her own: {code}"
    else:
        assert code != "not_permitted"
    if code in DOOR:
        assert after == before + 1, "a denial that is not in the log"


def test_the_table_is_large_and_covers_every_operation() -> None:
    assert len(CELLS) >= 240
    assert set(ASKED) | REMAIN >= set(DECLARED)


def test_what_changes_others_rights_or_lets_things_out_wants_a_fresh_password() -> None:
    fresh = {name for name, declared in operations().items() if declared.fresh}
    assert fresh >= {
        "export", "users_role", "users_disable", "users_reset", "users_add", "users_totp_reset", "datasets_remove",
        "runs_remove", "cohorts_remove", "gate_override", "pia_approve", "pia_submit", "pia_opinion", "settings_set",
        "audit_export", "audit_seal", "backup", "bundle", "weights_export",
    }  # fmt: skip


TYPED = "typed words, perhaps a password"
PASSWORD_FIRST = ("confirm", "change_password", "totp_off", "totp_codes")


async def test_of_what_was_typed_into_a_denied_call_nothing_is_kept_but_the_name_of_a_thing(store: Path) -> None:
    engine = Engine(store, "a token of nobody")
    try:
        first = _audit(engine)[-1][0]
        for name in DECLARED:
            words = list(inspect.signature(getattr(Engine, name)).parameters.values())[2:]
            given = [f"{TYPED} /mnt/usb/SMITH_JOHN" for word in words if word.kind is not word.VAR_KEYWORD]
            with pytest.raises(Denied):
                await getattr(engine, name)(*given)
        with pytest.raises(Denied):
            await engine.datasets_show("chest")
        with pytest.raises(Denied):
            await engine.pia_show(subject="dataset:chest")
        kept = [row for row in _audit(engine) if row[0] > first]
    finally:
        engine.close()
    assert len(kept) == len(DECLARED) + 2
    assert not [row for row in kept if any("typed" in str(cell) or "SMITH" in str(cell) for cell in row)]
    assert [row[4] for row in kept[-2:]] == ["dataset:chest", "dataset:chest"]


def test_no_operation_names_a_password_or_a_path_as_what_it_is_about() -> None:
    assert {each.about for each in DECLARED.values()} <= {
        "", "name", "subject", "cohort", "run", "dataset", "job", "id", "key",
    }  # fmt: skip
    assert not [name for name in PASSWORD_FIRST if DECLARED[name].about]


def _audit(engine: Engine) -> list[tuple[Any, ...]]:
    with engine.ledger().read() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT seq, actor, action, outcome, object, reason, detail FROM audit ORDER BY seq"
        )
        return [tuple(row) for row in rows]
