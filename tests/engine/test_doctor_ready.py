"""A store for real patients is not called well before it has what such a store needs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from medsynth_engine.engine import Engine
from medsynth_engine.kernel import age
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations import doctor_ready

PASSWORD = "four words are quite long"
WANTED = {"admins", "second factor", "backup key", "anchor"}


def run(asked: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asked)


def looks(engine: Engine) -> dict[str, str]:
    """What the doctor would have looked at, among what a store for real patients needs."""
    checks = run(engine.doctor())["checks"]
    return {each["name"]: each["says"] for each in checks if not each["ok"] and each["name"] in WANTED}


def test_a_new_store_for_real_patients_lacks_four_things_until_an_admin_sees_to_them(tmp_path: Path) -> None:
    ada = Engine(tmp_path / "home")
    code = run(ada.init(admin="ada"))["activation"]["code"]
    assert looks(ada)["admins"] == "No admin is active."
    run(ada.activate("ada", code, PASSWORD))
    run(ada.login("ada", PASSWORD))
    assert looks(ada).keys() == WANTED and "only one active admin" in looks(ada)["admins"]
    bea = Engine(tmp_path / "home")
    run(bea.activate("bea", run(ada.users_add("bea", "admin"))["code"], PASSWORD))
    run(ada.settings_set("backup_recipient", age.new_identity()[1]))
    run(ada.settings_set("second_factor_roles", "admin"))
    assert looks(ada).keys() == {"anchor"}


def test_a_store_for_trying_out_needs_none_of_it(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "home")
    run(engine.init(development=True))
    assert not looks(engine)


def test_who_looks_at_another_accounts_store_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    home.data.mkdir(exist_ok=True)
    assert not doctor_ready.account(home)
    monkeypatch.setattr(os, "geteuid", lambda: home.data.stat().st_uid + 1)
    (told,) = doctor_ready.account(home)
    assert not told["ok"] and "another account" in told["says"]
