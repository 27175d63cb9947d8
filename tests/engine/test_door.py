"""The engine is the only door: nothing opens without a login, and every denial is in the log."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from db.errors import LedgerConflict
from db.ledger import Ledger
from medsynth_engine.access.roles import Permission, Role
from medsynth_engine.engine import Engine, operations
from medsynth_engine.kernel.errors import BadInput, Busy, Denied, MedSynthError

PEOPLE = {
    Role.RESEARCHER: ("alice", "password123"),
    Role.ADMIN: ("admin", "admin123"),
    Role.AUDITOR: ("auditor", "auditor123"),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import asyncio

    home = tmp_path_factory.mktemp("store")
    asyncio.run(Engine(home).init(development=True))
    return home


@pytest.fixture(scope="module")
def tokens(store: Path) -> dict[Role, str]:
    import asyncio

    return {role: asyncio.run(Engine(store).login(*who))["token"] for role, who in PEOPLE.items()}


def _words(method: Any) -> dict[str, Any]:
    """Arguments that pass for the real thing in form, and name nothing that exists."""
    words: dict[str, Any] = {}
    for name, parameter in list(inspect.signature(method).parameters.items())[2:]:
        if parameter.default is inspect.Parameter.empty:
            words[name] = {"n": 3, "concur": True, "answers": {}}.get(name, "nothing-of-that-name")
    return words


async def test_without_a_login_nothing_opens(store: Path) -> None:
    engine = Engine(store)
    for name, declaration in operations().items():
        if declaration.permission is Permission.ANYONE:
            continue
        with pytest.raises(Denied, match="Nobody is logged in"):
            await getattr(engine, name)(**_words(getattr(Engine, name)))


async def test_every_denial_is_in_the_log(store: Path, tokens: dict[Role, str]) -> None:
    researcher, admin = Engine(store, tokens[Role.RESEARCHER]), Engine(store, tokens[Role.ADMIN])
    with pytest.raises(Denied):
        await researcher.users_add("mallory", "admin")
    newest = (await admin.audit_list(outcome="denied", limit=1))["records"][0]
    assert (newest["actor"], newest["action"], newest["reason"]) == ("alice", "users.add", "not_permitted")


async def test_a_researcher_sees_own_records_only(store: Path, tokens: dict[Role, str]) -> None:
    engine = Engine(store, tokens[Role.RESEARCHER])
    assert {record["actor"] for record in (await engine.audit_list())["records"]} == {"alice"}
    others = await engine.audit_list(actor="admin")
    assert others["records"] == [] and others["own_alone"]


def test_a_coroutine_that_declares_no_permission_makes_the_class_fail() -> None:
    with pytest.raises(TypeError, match="declares no permission"):

        class Careless(Engine):
            async def read_everything(self) -> None: ...


async def test_a_store_is_made_once_and_a_production_store_has_no_known_password(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    made = await engine.init(admin="root")
    assert made["stamp"] == "production"
    with pytest.raises(MedSynthError, match="already"):
        await engine.init(development=True)
    for name, password in PEOPLE.values():
        with pytest.raises(Denied):
            await engine.login(name, password)
    await engine.activate("root", made["activation"]["code"], "four words are quite long")
    assert (await engine.login("root", "four words are quite long"))["role"] == "admin"


def test_of_several_that_make_a_store_at_once_one_makes_it_and_the_others_are_told_so(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from medsynth_engine.engine import Engine\n"
        "from medsynth_engine.kernel.errors import MedSynthError\n"
        "try: asyncio.run(Engine(Path(sys.argv[1])).init(development=True))\n"
        "except MedSynthError as error: sys.exit(error.exit_code)"
    )
    making = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(3)]
    assert sorted(process.wait() for process in making) == [0, 7, 7]


async def test_what_a_ledger_says_is_told_in_the_words_of_the_engine_also_where_no_store_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faster(*_: object) -> Ledger:
        raise LedgerConflict("store_exists", "There is a store here already.")

    monkeypatch.setattr(Ledger, "create", faster)
    with pytest.raises(Busy, match="already"):
        await Engine(tmp_path).init(development=True)


def test_the_door_opens_without_torch_or_pandas() -> None:
    code = (
        "import sys, medsynth_engine.engine;"
        "print([m for m in ('torch', 'pandas', 'sklearn', 'scipy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("spelt", ["admin", " Admin "])
async def test_nobody_disables_their_own_account_however_they_spell_it(
    store: Path, tokens: dict[Role, str], spelt: str
) -> None:
    with pytest.raises(BadInput) as refused:
        await Engine(store, tokens[Role.ADMIN]).users_disable(spelt)
    assert refused.value.code == "own_account"
