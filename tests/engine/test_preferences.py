"""What somebody prefers is theirs: kept with the account, there at the next login, nobody else's business."""

from __future__ import annotations

from pathlib import Path

import pytest

from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import BadInput


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    await Engine(tmp_path).init(development=True)
    return tmp_path


async def test_a_preference_is_there_at_the_next_login_and_only_for_whom_it_is(home: Path) -> None:
    alice = Engine(home, face="studio")
    await alice.login("alice", "password123")
    assert (await alice.whoami())["preferences"] == {"theme": "dark"}
    assert await alice.prefer("theme", "safe") == {"key": "theme", "value": "safe"}
    newest = (await alice.audit_list(limit=1))["records"][0]
    assert (newest["action"], newest["object"]) == ("account.prefer", "preference:theme")
    await alice.logout()
    await alice.login("alice", "password123")
    assert (await alice.whoami())["preferences"] == await alice.preferences() == {"theme": "safe"}
    auditor = Engine(home)
    await auditor.login("auditor", "auditor123")
    assert await auditor.preferences() == {"theme": "dark"}
    alice.close()
    auditor.close()


@pytest.mark.parametrize(
    ("key", "value", "code"), [("colour", "red", "no_such_preference"), ("theme", "x", "bad_value")]
)
async def test_what_is_not_offered_is_refused_in_words(home: Path, key: str, value: str, code: str) -> None:
    engine = Engine(home)
    await engine.login("alice", "password123")
    with pytest.raises(BadInput) as refused:
        await engine.prefer(key, value)
    assert refused.value.code == code
    assert "One of:" in refused.value.hint
    engine.close()
