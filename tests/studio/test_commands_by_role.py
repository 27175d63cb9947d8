"""Every command of every role, once: offered where the engine allows it, asking before it destroys, no dead end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import families
import pytest
from fake_engine import FakeEngine
from studio_people import log_in, seen, shows, studio, until
from studio_places import PLACES
from textual.pilot import Pilot

from medsynth_engine.access.roles import Permission, permitted
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import BadInput
from medsynth_tui.app import MedSynth
from medsynth_tui.command import Command
from medsynth_tui.keymap import together
from medsynth_tui.screens.confirm import Sure
from medsynth_tui.screens.home import HomeView
from medsynth_tui.view import Dialog, View

LEAVING = {"quit", "leave", "logout", "lock"}
"""They end what the others are tried in; test_menu_and_typing and test_lock_and_factor try them."""
DESTROYS = {
    *("datasets_remove", "runs_remove", "cohorts_remove", "runs_stop", "restore", "users_disable", "users_reset"),
    *("users_totp_reset", "users_role", "pia_reject", "pia_return", "pia_approve", "pia_opinion"),
    *("settings_set", "gate_override", "audit_seal", "totp_off"),
}
"""Operations that cannot be taken back by whoever asked for them: never by one key."""
OCCASION = {
    *("audit.newer", "pairs.less", "rows.next", "rows.before", "rows.right"),  # a page after the first one
    *("job.cancel", "backup.restore", "pictures.draw"),  # work under way, a backup just read, pictures held back
    *("disk.open", "disk.remove", "run.remove", "dataset.rows", "assessment.draft"),  # what the cursor stands on
    *("tour.next", "tour.before"),
    "bundle.mend",  # a gate that is closed
    "dataset.check",  # pictures that nothing reads
}
"""Commands that a screen as it opens on the made-up store has no occasion for."""
STEPS_BACK = 6


class Recording(FakeEngine):
    """Notes which operations were asked for; what the fake does not know is refused in a sentence."""

    def __init__(self, role: str, **options: Any) -> None:
        super().__init__(role, **options)
        self.calls: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(getattr(Engine, name, None), "declaration"):
            return super().__getattribute__(name)
        try:
            known = super().__getattribute__(name)
        except AttributeError:
            known = refuse

        async def noted(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            return await known(*args, **kwargs)

        return noted


async def refuse(*_: Any, **__: Any) -> Any:
    raise BadInput("not_now", "Not now.", "Another time.")


async def at_rest(pilot: Pilot[Any], app: MedSynth) -> None:
    """Until every answer is there."""
    await pilot.pause()
    await until(pilot, lambda: not getattr(app.screen, "_asked", None), 120, "the answers")


async def opened(pilot: Pilot[Any], app: MedSynth, place: str, arguments: dict[str, Any]) -> View:
    app.go(place, **arguments)
    await at_rest(pilot, app)
    if place == "review":  # its picture is asked for a moment later, and nobody decides without having seen it
        await shows(pilot, "Read:")
    view = app.screen
    assert isinstance(view, View)
    return view


async def home_again(pilot: Pilot[Any], app: MedSynth, what: str) -> None:
    """By esc alone, as somebody would who does not know where they are."""
    for _ in range(STEPS_BACK):
        if isinstance(app.screen, HomeView):
            return
        await pilot.press("escape")
        await at_rest(pilot, app)
        if isinstance(app.screen, Sure):  # what was typed is not thrown away unasked
            await pilot.press("right", "enter")
            await at_rest(pilot, app)
    assert isinstance(app.screen, HomeView), f"{what} is a dead end:\n{seen(app)}"


async def back_again(pilot: Pilot[Any], app: MedSynth, view: View, what: str) -> None:
    """By esc to where it was asked for, or home; that each place leads home itself is seen once a place."""
    for _ in range(STEPS_BACK):
        if app.screen is view or isinstance(app.screen, HomeView):
            return
        await pilot.press("escape")
        await at_rest(pilot, app)
        if isinstance(app.screen, Sure):
            await pilot.press("right", "enter")
            await at_rest(pilot, app)
    assert app.screen is view or isinstance(app.screen, HomeView), f"{what} is a dead end:\n{seen(app)}"


def may_ask(role: str, operations: list[str]) -> Iterator[str]:
    """Those among `operations` that the engine would refuse to somebody of this role."""
    for name in operations:
        if not permitted(role, getattr(Engine, name).declaration.permission):
            yield name


@pytest.mark.parametrize("role", PLACES)
async def test_every_command_that_is_offered_does_what_the_engine_allows_and_leads_back(
    tmp_path: Path, role: str, share: float
) -> None:
    """`make test` tries a quarter of each role's commands, always the same."""
    screens = together()
    allowed = {each.id for place in PLACES[role] for each in screens[place] if _allowed(role, each)}
    asked = families.chosen(allowed - LEAVING, max(share, 0.25))
    engine = Recording(role)
    app = studio(tmp_path, engine=engine)
    tried, offered = set[str](), set[str]()
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        for place, arguments in PLACES[role].items():
            engine.calls.clear()
            view = await opened(pilot, app, place, arguments)
            assert not list(may_ask(role, engine.calls)), place
            offered |= {each.id for each in (*view.commands(), *app.everywhere())}
            for each in [*view.commands(), *app.everywhere()]:
                if each.id in tried or each.id not in asked:
                    continue
                if app.screen is not view:
                    view = await opened(pilot, app, place, arguments)
                if each not in (*view.commands(), *app.everywhere()):
                    continue
                tried.add(each.id)
                await one(pilot, app, engine, view, each)
            await home_again(pilot, app, place)
    assert offered <= allowed | LEAVING
    assert sorted(asked - tried - OCCASION) == []


def _allowed(role: str, each: Command) -> bool:
    return each.permission == "" or permitted(role, Permission(each.permission))


async def one(pilot: Pilot[Any], app: MedSynth, engine: Recording, view: View, each: Command) -> None:
    """Do it as its key would; look at what was asked of the engine; go home by esc where it led away."""
    engine.calls.clear()
    target = view if each in view.commands() else app
    await target.action_command(each.id)
    await at_rest(pilot, app)
    assert not app.failures, (each.id, app.failures)
    assert isinstance(app.screen, View | Dialog) or each.id == "jump", each.id
    assert not list(may_ask(engine.role, engine.calls)), each.id
    assert not set(engine.calls) & DESTROYS, f"{each.id} asks nobody"
    await back_again(pilot, app, view, each.id)
