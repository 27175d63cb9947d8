"""People come in by a code, log in with a password, are slowed down when they guess, and go when disabled.

Many who guess at once: test_many_guess.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlmodel import col, select

from db import chain, migrate
from db.ledger import Ledger
from db.tables import LoginSession, Store, User
from medsynth_engine.access import passwords, sessions, throttle, users
from medsynth_engine.access.actor import Actor
from medsynth_engine.access.blocklist import common_passwords, guessable
from medsynth_engine.access.endings import end
from medsynth_engine.access.roles import Role
from medsynth_engine.kernel.errors import BadInput, Busy, Denied, NotFound

GOOD = "velvet turbine oxbow 81"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def with_one_admin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A production store with one active admin, `root`, to be copied."""
    path = tmp_path_factory.mktemp("store") / "data" / "m.sqlite3"
    with Ledger.create(path, "production") as ledger:
        with ledger.write() as change:
            code = users.add(change, "root", "admin", by=None)
        users.activate(ledger, "root", code, GOOD)
    return path


@pytest.fixture
def store(with_one_admin: Path, tmp_path: Path) -> Iterator[Ledger]:
    path = tmp_path / "data" / "m.sqlite3"
    path.parent.mkdir(mode=0o700)
    migrate.copy(with_one_admin, path)
    with Ledger.open(path) as ledger:
        yield ledger


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "dev" / "m.sqlite3", "development") as ledger:
        with ledger.write() as change:
            users.add_development_accounts(change)
        yield ledger


def root(store: Ledger) -> Actor:
    with store.read() as session:
        user = users.by_name(session, "root")
    return Actor(user.id, "root", Role.ADMIN, "")


def invite(store: Ledger, name: str, role: str = "researcher") -> str:
    with store.write() as change:
        return users.add(change, name, role, by=root(store))


def actions(store: Ledger) -> list[tuple[str, str, str]]:
    with store.read() as session:
        return [(r.action, r.outcome, r.reason) for r in chain.page(session, limit=1000)][::-1]


def count_sessions(store: Ledger) -> int:
    with store.read() as session:
        return len([s for s in session.exec(select(LoginSession)) if s.ended_at is None])


def test_an_invited_person_activates_once_and_logs_in(store: Ledger) -> None:
    code = invite(store, "ada")
    assert users.activate(store, "Ada", f" {code.lower()} ", GOOD) is Role.RESEARCHER
    opened = sessions.login(store, "ada", GOOD, "cli")
    assert sessions.resolve(store, opened.token) == opened.actor
    assert opened.actor.name == "ada" and opened.actor.role is Role.RESEARCHER
    with pytest.raises(Denied):
        users.activate(store, "ada", code, GOOD + " again")
    assert ("user.activate", "denied", "") in actions(store)


def test_a_code_holds_a_day_and_for_one_name(store: Ledger) -> None:
    code = invite(store, "ada")
    invite(store, "bob")
    for name, given, when in (
        ("bob", code, None),
        ("eve", code, None),
        ("ada", code, datetime.now(UTC) + timedelta(25)),
    ):
        with pytest.raises(Denied) as caught:
            users.activate(store, name, given, GOOD, when)
        assert caught.value.code == "activation_failed"
    assert len(code.replace("-", "")) * 5 >= 112


def test_neither_token_nor_code_nor_password_is_in_the_file(store: Ledger) -> None:
    code = invite(store, "ada")
    users.activate(store, "ada", code, GOOD)
    token = sessions.login(store, "ada", GOOD, "cli").token
    with pytest.raises(Denied):
        sessions.login(store, "my-secret-typed-as-a-name", "another secret", "cli")
    raw = b"".join(file.read_bytes() for file in store.path.parent.iterdir())
    for secret in (code, code.replace("-", ""), token, GOOD, "my-secret-typed-as-a-name", "another secret"):
        assert secret.encode() not in raw


@pytest.mark.parametrize("name", ["", "Ad a", "-ada", "system", "a" * 33, "ada/../x", "ädä"])
def test_a_name_that_cannot_be_is_refused(store: Ledger, name: str) -> None:
    with pytest.raises(BadInput):
        invite(store, name)


def test_a_taken_name_and_an_unknown_role_are_refused(store: Ledger) -> None:
    with pytest.raises(Busy):
        invite(store, "root")
    with pytest.raises(BadInput, match="no role"):
        invite(store, "ada", "king")
    with pytest.raises(NotFound), store.write() as change:
        users.disable(change, "nobody", by=root(store))


@pytest.mark.parametrize(
    ("change_it", "state"),
    [
        pytest.param(lambda c, by: users.disable(c, "ada", by), "disabled", id="disabled"),
        pytest.param(lambda c, by: users.set_role(c, "ada", "auditor", by), "active", id="another role"),
        pytest.param(lambda c, by: users.reset(c, "ada", by), "invited", id="reset"),
    ],
)
def test_what_an_admin_changes_ends_every_session(store: Ledger, change_it, state: str) -> None:
    users.activate(store, "ada", invite(store, "ada"), GOOD)
    token = sessions.login(store, "ada", GOOD, "cli").token
    with store.write() as change:
        change_it(change, root(store))
    with pytest.raises(Denied):
        sessions.resolve(store, token)
    with store.read() as session:
        assert users.by_name(session, "ada").state == state
    if state != "active":
        with pytest.raises(Denied):
            sessions.login(store, "ada", GOOD, "cli")


def test_the_last_admin_stays(store: Ledger) -> None:
    for change_it in (
        lambda c: users.disable(c, "root", root(store)),
        lambda c: users.set_role(c, "root", "auditor", root(store)),
        lambda c: users.reset(c, "root", root(store)),
    ):
        with pytest.raises(BadInput, match="only active admin"), store.write() as change:
            change_it(change)
    users.activate(store, "second", invite(store, "second", "admin"), GOOD)
    with store.write() as change:
        users.disable(change, "root", root(store))


def test_who_issued_a_credential_stays_noted_when_its_holder_changes_it(store: Ledger) -> None:
    users.activate(store, "ada", invite(store, "ada"), GOOD)
    opened, other = sessions.login(store, "ada", GOOD, "cli"), sessions.login(store, "ada", GOOD, "studio")
    with pytest.raises(Denied):
        users.change_password(store, opened.actor, "not " + GOOD, GOOD + " two")
    with pytest.raises(BadInput):
        users.change_password(store, opened.actor, GOOD, GOOD)
    users.change_password(store, opened.actor, GOOD, GOOD + " two")
    assert sessions.resolve(store, opened.token) == opened.actor
    with pytest.raises(Denied):
        sessions.resolve(store, other.token)
    with pytest.raises(Denied):
        sessions.login(store, "ada", GOOD, "cli")
    sessions.login(store, "ada", GOOD + " two", "cli")
    with store.read() as session:
        ada = users.by_name(session, "ada")
        assert ada.credential_set_by == root(store).user_id and ada.credential_set_at
        assert users.last_login(session, ada.id)


def test_a_failed_login_never_tells_whether_the_user_exists(store: Ledger) -> None:
    invite(store, "invited")
    said = set()
    for name in ("root", "nobody", "invited"):
        with pytest.raises(Denied) as caught:
            sessions.login(store, name, "wrong password, really", "cli")
        said.add((caught.value.code, caught.value.message, caught.value.hint))
    assert len(said) == 1
    with store.read() as session:
        records = [r for r in chain.page(session) if r.action == "session.denied"]
    assert {(r.actor, r.reason) for r in records} == {
        ("root", "wrong_password"), ("unknown", "no_such_user"), ("invited", "wrong_password")
    }  # fmt: skip


@pytest.mark.parametrize("name", ["root", "nobody"])
def test_guessing_gets_slower_and_a_restart_changes_nothing(store: Ledger, name: str) -> None:
    for _ in range(throttle.FREE):
        with pytest.raises(Denied) as caught:
            sessions.login(store, name, "wrong", "cli", NOW)
        assert caught.value.code == "login_failed"
    with pytest.raises(Denied) as caught, Ledger.open(store.path) as again:
        sessions.login(again, name, GOOD, "cli", NOW)
    assert caught.value.code == "too_many_attempts" and "1 second" in caught.value.hint
    if name == "root":
        assert sessions.login(store, name, GOOD, "cli", NOW + timedelta(seconds=2))
        with store.read() as session:
            assert users.by_name(session, "root").failed_logins == 0


def guessed(store: Ledger, name: str, at: datetime) -> str:
    with pytest.raises(Denied) as caught:
        sessions.login(store, name, "wrong", "cli", at)
    return caught.value.code


def test_the_throttle_tells_no_name_that_exists_from_one_that_does_not(
    dev: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by other names' failures, nor by when it forgets."""
    monkeypatch.setattr(passwords, "matches", lambda password, kept: False)
    for _ in range(throttle.FREE):
        guessed(dev, "somebody", NOW)
    crowd = [guessed(dev, f"name-{number}", NOW) for number in range(300)]
    assert set(crowd) == {"login_failed"}, "a counter of one's own"
    said = {}
    for name in ("alice", "nobody"):
        moments = [0] * 6 + [2] + [3900] * 6 + [3900 + 59 * 60, 3900 + 59 * 60, 11000, 11000]
        said[name] = [guessed(dev, name, NOW + timedelta(seconds=second)) for second in moments]
    assert said["alice"] == said["nobody"]
    assert said["alice"][7:13] == ["login_failed"] * 5 + ["too_many_attempts"], "forgotten after an hour"


def test_what_was_typed_as_an_unknown_name_is_kept_an_hour_and_cannot_be_read(dev: Ledger) -> None:
    def kept() -> dict[str, object]:
        with dev.read() as session:
            rows = session.exec(select(Store).where(col(Store.key).startswith("throttle.")))
            return {row.key: row.value for row in rows}

    guessed(dev, "my own password", NOW)
    assert [len(key) for key in kept()] == [len("throttle.") + 6]
    first = set(kept())
    guessed(dev, "alice", NOW + timedelta(minutes=59))
    assert set(kept()) == first
    guessed(dev, "alice", NOW + timedelta(minutes=61))
    assert kept() == {}


def test_the_delay_doubles_up_to_five_minutes() -> None:
    assert [throttle.delay(n) for n in (0, 4, 5, 6, 7, 13, 14, 1000)] == [0, 0, 1, 2, 4, 256, 300, 300]


def test_a_session_ends_when_idle_and_after_half_a_day(store: Ledger) -> None:
    token = sessions.login(store, "root", GOOD, "cli", NOW).token
    moment = NOW
    while moment < NOW + timedelta(hours=11, minutes=50):
        moment += timedelta(minutes=14)
        sessions.resolve(store, token, moment)
    with pytest.raises(Denied, match="come to its end"):
        sessions.resolve(store, token, NOW + timedelta(hours=12, seconds=1))
    token = sessions.login(store, "root", GOOD, "cli", NOW).token
    with pytest.raises(Denied, match="without activity"):
        sessions.resolve(store, token, NOW + timedelta(minutes=15))
    with pytest.raises(Denied, match="ended"):
        sessions.resolve(store, token, NOW + timedelta(minutes=1))
    assert [reason for action, _, reason in actions(store) if action == "session.end"] == ["expired", "idle"]


def test_looking_who_is_there_seldom_writes(store: Ledger) -> None:
    opened = sessions.login(store, "root", GOOD, "cli", NOW)

    def seen() -> datetime:
        with store.read() as session:
            return session.get_one(LoginSession, opened.actor.session_id).last_seen_at

    for seconds in range(0, 59, 10):
        sessions.resolve(store, opened.token, NOW + timedelta(seconds=seconds))
    assert seen() == NOW
    sessions.resolve(store, opened.token, NOW + timedelta(seconds=61))
    assert seen() == NOW + timedelta(seconds=61)
    with store.read() as session:
        assert sessions.expires(session, opened.actor.session_id) == NOW + timedelta(minutes=15, seconds=61)


def test_a_logout_ends_one_session_and_a_made_up_token_opens_nothing(store: Ledger) -> None:
    one, two = (sessions.login(store, "root", GOOD, "cli") for _ in range(2))
    with store.write() as change:
        assert end(change, one.actor.session_id, "logout")
        change.record(actor=one.actor, action="session.logout")
    with pytest.raises(Denied):
        sessions.resolve(store, one.token)
    assert sessions.resolve(store, two.token)
    for made_up in ("", "x" * 43, two.actor.session_id):
        with pytest.raises(Denied):
            sessions.resolve(store, made_up)
    assert count_sessions(store) == 1


def test_the_development_accounts_are_for_development(dev: Ledger, store: Ledger) -> None:
    for name, role, password in users.DEVELOPMENT:
        assert sessions.login(dev, name, password, "cli").actor.role is role


def test_elsewhere_they_are_refused_even_where_a_hash_matches(store: Ledger) -> None:
    with pytest.raises(Denied), store.write() as change:
        users.add_development_accounts(change)
    for name, _, password in users.DEVELOPMENT:
        if name != "admin":
            invite(store, name)
        with store.write() as change:
            user = User(
                name="smuggled" + name, role="researcher", state="active", password_hash=passwords.hashed(password)
            )
            change.session.add(user)
            change.record(actor="eve", action="user.smuggle")
        with pytest.raises(Denied) as caught:
            sessions.login(store, "smuggled" + name, password, "cli")
        assert caught.value.code == "login_failed"
        with pytest.raises(BadInput):
            passwords.demand_good(password, "production")


@pytest.mark.parametrize(
    "weak",
    ["short", "x" * 129, "passwordpassword1", "Medsynth-Hospital-2026!", "qwertyuiopasdfgh", "aaaaaaaaaaaaaaaaaaa",
     "P@ssw0rdP@ssw0rd!", "abcabcabcabcabcabc", "rosalind-rosalind-rosalind", "correct horse battery staple",
     "12345678901234567890", "AdminAuditor20262026"],
)  # fmt: skip
def test_a_password_that_is_guessed_early_is_refused(weak: str) -> None:
    with pytest.raises(BadInput):
        passwords.demand_good(weak, "production", ("rosalind", "researcher"))


@pytest.mark.parametrize(
    "strong", [GOOD, "kestrel;umbrage;sfumato", "日本語のとても長い合言葉です本当に", "f3Kx9qLw2TzVb7Ne"]
)
def test_a_long_one_of_unusual_words_is_taken(strong: str) -> None:
    passwords.demand_good(strong, "production", ("rosalind", "researcher"))
    assert not guessable(strong)


@pytest.mark.dear
def test_a_hash_made_with_weaker_parameters_is_renewed_at_the_next_login(store: Ledger) -> None:
    weak = PasswordHasher(memory_cost=19456, time_cost=2, parallelism=1).hash(GOOD)
    with store.write() as change:
        user = users.by_name(change.session, "root")
        user.password_hash = weak
        change.session.add(user)
        change.record(actor="system", action="test.weaken")
    sessions.login(store, "root", GOOD, "cli")
    with store.read() as session:
        renewed = users.by_name(session, "root").password_hash
    assert renewed != weak and not passwords.needs_rehash(renewed or "")
    assert sessions.login(store, "root", GOOD, "cli")


def test_the_most_common_passwords_are_known_and_none_gets_in() -> None:
    known = sorted(common_passwords())
    assert len(known) >= 10_000
    for common in known[::40]:
        assert guessable(common), common
    for first, second in zip(known[::97], known[50::97], strict=False):
        if len(first) > 2 and len(second) > 2:
            assert guessable(f"{first}-{second}!"), "two of them in a row are guessed nearly as early"


@pytest.mark.parametrize("word", ["medsynth", "hospital", "radiology", "researcher", "auditor", "rosalind"])
def test_words_of_the_place_and_of_the_person_do_not_make_a_password(word: str) -> None:
    assert guessable(f"{word}-{word}-2026", ("rosalind", "researcher"))


@pytest.mark.dear
def test_two_spellings_of_the_same_characters_are_the_same_password() -> None:
    kept = passwords.hashed("caf\u00e9 lint orbit mauve")
    assert passwords.matches("cafe\u0301 lint orbit mauve", kept)
    assert not passwords.matches("cafe lint orbit mauve", kept)
    assert not passwords.needs_rehash(kept)
    assert passwords.needs_rehash("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0$" + "A" * 43)
