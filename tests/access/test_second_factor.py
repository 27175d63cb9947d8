"""A second factor: a code is taken once, a lost phone has a way out, and no copy of the ledger knows the secret."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from db import chain
from db.ledger import Ledger
from medsynth_engine.access import second_factor, sessions, throttle, users
from medsynth_engine.access.actor import Actor
from medsynth_engine.access.proof import Given
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import BadInput, Denied

KEY = bytes(range(32))
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD = "password123"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("factor")
    asyncio.run(Engine(home).init(development=True))
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "home"))


@pytest.fixture
def ledger(home: Path):
    with Ledger.open(home / "data" / "medsynth.sqlite3") as ledger:
        yield ledger


def alice(ledger: Ledger) -> Actor:
    with ledger.read() as session:
        user = users.by_name(session, "alice")
    return Actor(user.id, user.name, "researcher", "")  # type: ignore[arg-type]


def enrolled(ledger: Ledger) -> tuple[pyotp.TOTP, list[str]]:
    begun = second_factor.begin(ledger, KEY, alice(ledger))
    app = pyotp.TOTP(begun.secret)
    return app, second_factor.confirm(ledger, KEY, alice(ledger), app.at(NOW), now=NOW)


def log_in(ledger: Ledger, code: str, at: datetime = NOW, password: str = PASSWORD) -> str:
    """`done`, or the code of the refusal."""
    try:
        sessions.login(ledger, "alice", Given(password, code, lambda: KEY), "cli", at)
    except Denied as denied:
        return denied.code
    return "done"


def later(steps: float) -> datetime:
    return NOW + timedelta(seconds=30 * steps)


def test_it_counts_only_once_a_first_code_has_fitted(ledger: Ledger) -> None:
    begun = second_factor.begin(ledger, KEY, alice(ledger))
    assert begun.text.startswith("otpauth://totp/MedSynth:alice?secret=")
    assert log_in(ledger, "") == "done"
    with pytest.raises(Denied):
        second_factor.confirm(ledger, KEY, alice(ledger), "000000", now=NOW)
    second_factor.confirm(ledger, KEY, alice(ledger), pyotp.TOTP(begun.secret).at(NOW), now=NOW)
    assert log_in(ledger, "") == "code_needed"
    with pytest.raises(BadInput):
        second_factor.begin(ledger, KEY, alice(ledger))


def test_a_code_is_taken_once_also_by_another_process_and_after_a_restart(ledger: Ledger, home: Path) -> None:
    app, _ = enrolled(ledger)
    assert log_in(ledger, app.at(NOW)) == "wrong_code", "the first one was used to turn it on"
    assert log_in(ledger, app.at(later(1)), later(1)) == "done"
    with Ledger.open(ledger.path) as again:
        assert log_in(again, app.at(later(1)), later(1)) == "wrong_code"
        assert log_in(again, app.at(later(2)), later(2)) == "done"
        assert log_in(again, app.at(later(1)), later(2)) == "wrong_code", "an earlier step, still within the drift"
    fresh = "import sys; from pathlib import Path; from datetime import datetime; from db.ledger import Ledger\n"
    fresh += "from medsynth_engine.access import sessions; from medsynth_engine.access.proof import Given\n"
    fresh += "given = Given('password123', sys.argv[2], lambda: bytes(range(32)))\n"
    fresh += (
        "sessions.login(Ledger.open(Path(sys.argv[1])), 'alice', given, 'cli', datetime.fromisoformat(sys.argv[3]))"
    )
    arguments = [str(ledger.path), app.at(later(2)), later(2).isoformat()]
    refused = subprocess.run([sys.executable, "-c", fresh, *arguments], capture_output=True, text=True)
    assert refused.returncode != 0 and "was used before" in refused.stderr


@pytest.mark.parametrize(("steps", "outcome"), [(-2, "wrong_code"), (-1, "done"), (1, "done"), (2, "wrong_code")])
def test_a_clock_may_be_off_by_one_step(ledger: Ledger, steps: int, outcome: str) -> None:
    app, _ = enrolled(ledger)
    assert log_in(ledger, app.at(later(10 + steps)), later(10)) == outcome


def test_each_recovery_code_works_once_and_only_after_the_right_password(ledger: Ledger) -> None:
    _, codes = enrolled(ledger)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert log_in(ledger, codes[0], password="wrong") == "login_failed"
    assert log_in(ledger, f" {codes[0].lower()} ") == "done"
    assert log_in(ledger, codes[0]) == "wrong_code"
    assert log_in(ledger, codes[1]) == "done"
    with ledger.read() as session:
        assert second_factor.codes_left(session, alice(ledger).user_id) == second_factor.RECOVERY_CODES - 2


def test_guessing_codes_gets_slower_like_guessing_passwords(ledger: Ledger) -> None:
    enrolled(ledger)
    said = [log_in(ledger, f"{guess:06}", later(5)) for guess in range(throttle.FREE + 2)]
    assert said == ["wrong_code"] * throttle.FREE + ["too_many_attempts"] * 2


def test_a_stolen_copy_of_the_ledger_holds_neither_secret_nor_code(ledger: Ledger) -> None:
    begun = second_factor.begin(ledger, KEY, alice(ledger))
    codes = second_factor.confirm(ledger, KEY, alice(ledger), pyotp.TOTP(begun.secret).at(NOW), now=NOW)
    raw = b"".join(file.read_bytes() for file in ledger.path.parent.glob(f"{ledger.path.name}*"))
    for secret in (begun.secret, *codes, *(code.replace("-", "") for code in codes)):
        assert secret.encode() not in raw
    other_key = Given(PASSWORD, pyotp.TOTP(begun.secret).at(later(3)), lambda: bytes(32))
    with pytest.raises(Denied) as refused:
        sessions.login(ledger, "alice", other_key, "cli", later(3))
    assert refused.value.code == "second_factor_unreadable"


def test_a_seal_that_was_moved_to_another_account_opens_nothing(ledger: Ledger) -> None:
    app, _ = enrolled(ledger)
    with ledger.read() as session:
        admin = users.by_name(session, "admin").id
    with closing(sqlite3.connect(ledger.path)) as connection, connection:
        connection.execute("UPDATE second_factor SET user_id = ?", (admin,))
    with pytest.raises(Denied) as refused:
        given = Given("admin123", app.at(later(3)), lambda: KEY)
        sessions.login(ledger, "admin", given, "cli", later(3))
    assert refused.value.code == "second_factor_unreadable"


def test_without_the_stores_key_nobody_with_a_second_factor_gets_in(ledger: Ledger) -> None:
    app, _ = enrolled(ledger)
    with pytest.raises(Denied) as refused:
        sessions.login(ledger, "alice", Given(PASSWORD, app.at(later(2))), "cli", later(2))
    assert refused.value.code == "code_needed"


async def test_an_admin_takes_a_lost_one_away_it_is_logged_and_may_not_judge_its_holder(home: Path) -> None:
    admin, person = Engine(home), Engine(home)
    await admin.login("admin", "admin123")
    await person.login("alice", PASSWORD)
    secret = (await person.totp_begin())["secret"]
    codes = (await person.totp_confirm(pyotp.TOTP(secret).now()))["recovery_codes"]
    with pytest.raises(BadInput):
        await admin.users_totp_reset("auditor")
    await admin.users_totp_reset("alice")
    with pytest.raises(Denied):
        await person.whoami()
    await person.login("alice", PASSWORD)
    assert (await person.totp())["on"] is False and codes
    newest = (await admin.audit_list(action="user.totp_reset"))["records"][0]
    assert (newest["actor"], newest["object"]) == ("admin", "user:alice")
    with Ledger.open(home / "data" / "medsynth.sqlite3") as ledger, ledger.read() as session:
        from medsynth_engine.operations.independence import touches

        assert len(touches(session, users.by_name(session, "alice").id)) == 1


async def test_a_role_that_needs_one_does_nothing_else_before(home: Path) -> None:
    admin, person = Engine(home), Engine(home)
    await admin.login("admin", "admin123")
    with pytest.raises(BadInput):
        await admin.settings_set("second_factor_roles", "researcher, king")
    await admin.settings_set("second_factor_roles", "Researcher")
    assert (await person.login("alice", PASSWORD))["owes"] == "second_factor"
    for refused in (person.datasets_list, person.home, person.jobs_list):
        with pytest.raises(Denied) as caught:
            await refused()
        assert caught.value.code == "second_factor_needed"
    secret = (await person.totp_begin())["secret"]
    await person.totp_confirm(pyotp.TOTP(secret).now())
    assert await person.datasets_list() == []
    await person.totp_off(PASSWORD, pyotp.TOTP(secret).at(int(time.time()) + 30))
    with pytest.raises(Denied):
        await person.datasets_list()
    await admin.settings_set("second_factor_roles", "none")
    assert await person.datasets_list() == []


async def test_fresh_recovery_codes_end_the_old_ones(home: Path) -> None:
    person = Engine(home)
    await person.login("alice", PASSWORD)
    secret = (await person.totp_begin())["secret"]
    old = (await person.totp_confirm(pyotp.TOTP(secret).now()))["recovery_codes"]
    new = (await person.totp_codes(PASSWORD, old[0]))["recovery_codes"]
    for code, outcome in ((old[1], "wrong_code"), (new[0], "")):
        try:
            await person.login("alice", PASSWORD, code)
            assert not outcome
        except Denied as denied:
            assert denied.code == outcome


def test_a_password_holds_for_exports_a_while_and_then_it_is_asked_for_again(ledger: Ledger) -> None:
    opened = sessions.login(ledger, "alice", PASSWORD, "cli", NOW)
    seen = sessions.resolve(ledger, opened.token, NOW + timedelta(minutes=14))
    sessions.demand_fresh(seen, 15, NOW + timedelta(minutes=14))
    with pytest.raises(Denied) as caught:
        sessions.demand_fresh(seen, 15, NOW + timedelta(minutes=15))
    assert caught.value.code == "confirm_needed"
    with pytest.raises(Denied):
        sessions.confirm(ledger, opened.actor, Given("wrong"), "cli", NOW + timedelta(minutes=14))
    sessions.confirm(ledger, opened.actor, Given(PASSWORD), "cli", NOW + timedelta(minutes=20))
    again = sessions.resolve(ledger, opened.token, NOW + timedelta(minutes=34))
    sessions.demand_fresh(again, 15, NOW + timedelta(minutes=34))


async def test_an_export_long_after_the_password_is_refused_and_logged(home: Path) -> None:
    admin = Engine(home)
    await admin.login("admin", "admin123")
    with closing(sqlite3.connect(home / "data" / "medsynth.sqlite3")) as connection, connection:
        connection.execute("UPDATE session SET created_at = '2026-01-01T00:00:00.000000+00:00'")
    with pytest.raises(Denied) as caught:
        await admin.users_role("alice", "auditor")
    assert caught.value.code == "confirm_needed"
    newest = (await admin.audit_list(outcome="denied", limit=1))["records"][0]
    assert (newest["action"], newest["reason"]) == ("users.role", "confirm_needed")
    await admin.confirm("admin123")
    assert (await admin.users_role("alice", "auditor"))["role"] == "auditor"


async def test_turning_it_on_or_off_ends_the_holders_other_logins(home: Path) -> None:
    one, other = Engine(home), Engine(home)
    for person in (one, other):
        await person.login("alice", PASSWORD)
    secret = (await one.totp_begin())["secret"]
    codes = (await one.totp_confirm(pyotp.TOTP(secret).now()))["recovery_codes"]
    with pytest.raises(Denied):
        await other.whoami()
    await other.login("alice", PASSWORD, codes[0])
    await one.totp_off(PASSWORD, codes[1])
    with pytest.raises(Denied):
        await other.whoami()
    assert (await one.whoami())["name"] == "alice"


def test_a_right_password_without_the_code_is_recorded_and_told_at_the_next_login(ledger: Ledger) -> None:
    app, _ = enrolled(ledger)
    assert [log_in(ledger, "") for _ in range(3)] == ["code_needed"] * 3
    assert log_in(ledger, "", password="wrong") == "login_failed"
    with ledger.read() as session:
        reasons = [row.reason for row in chain.page(session, action="session.denied", limit=10)]
    assert reasons == ["wrong_password", "code_needed", "code_needed", "code_needed"]
    opened = sessions.login(ledger, "alice", Given(PASSWORD, app.at(later(1)), lambda: KEY), "cli", later(1))
    assert (opened.before.failures, opened.before.without_code) == (1, 2), "the last is this login's own first step"
    again = sessions.login(ledger, "alice", Given(PASSWORD, app.at(later(2)), lambda: KEY), "cli", later(2))
    assert (again.before.failures, again.before.without_code) == (0, 0)


async def test_a_login_tells_how_often_it_went_wrong_before(home: Path) -> None:
    person = Engine(home)
    for _ in range(2):
        with pytest.raises(Denied):
            await person.login("alice", "wrong")
    assert (await person.login("alice", PASSWORD))["failures_before"] == 2
    assert (await person.login("alice", PASSWORD))["failures_before"] == 0
