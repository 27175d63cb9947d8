"""The studio: themes, screens (imported when first opened), keys, and where errors become sentences."""

from __future__ import annotations

import inspect
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size

from medsynth_engine.kernel.home import Home
from medsynth_tui import glyphs, signals
from medsynth_tui.boundary import Boundary
from medsynth_tui.command import REGISTRY, Command, bindings
from medsynth_tui.commands import EVERYWHERE, PLACES, TOUR, Quit
from medsynth_tui.idle import Idle
from medsynth_tui.keymap import Keymap, bind, bind_keyless, default_path, read
from medsynth_tui.leaving import LEAVING, Leaving
from medsynth_tui.places import SCREENS
from medsynth_tui.session import Session
from medsynth_tui.terminal.usable import unusable_terminal
from medsynth_tui.terminal.wire import Wire
from medsynth_tui.theme import theme_name, themes
from medsynth_tui.tour import Tour, Touring
from medsynth_tui.typeahead import TypeAhead

if TYPE_CHECKING:
    from medsynth_tui.view import View


SMALLEST = (80, 24)


class MedSynth(Idle, TypeAhead, Leaving, Boundary, Touring, Wire, App[int]):
    """Everything a person sees. Holds no rules: what may be done, the engine says."""

    TITLE = "MedSynth"
    CSS_PATH = "base.tcss"
    ENABLE_COMMAND_PALETTE = False  # ours has no Screenshot: that would write patients' images to a file
    BINDINGS: ClassVar[list[Any]] = bindings(EVERYWHERE)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-tall")]  # noqa: RUF012

    def __init__(
        self,
        home: Path,
        *,
        link: str = "auto",
        plain: bool = False,
        ascii: bool = False,
        simulated: bool = False,
        engine: Any = None,
        keymap: Keymap | None = None,
        tour: Tour | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.home = Home(home)
        self.use_link(link)
        self.plain = plain
        self.session = Session(home, simulated, engine)
        self.glyphs = glyphs.choose(ascii or plain)
        self.keymap = keymap or Keymap()
        bind(self, self.keymap)
        bind_keyless(self, self.keymap, (*EVERYWHERE, *PLACES))
        self.tour = tour
        self.animation_level = "none"
        for theme in themes("none" if plain else "ascii" if self.glyphs.ascii else "round"):
            self.register_theme(theme)
        self.theme = theme_name("dark")

    def on_mount(self) -> None:
        self.open("login")
        self.watch_for_idleness()
        self.watch_the_tour()

    # --- places -----------------------------------------------------------------------------------------------

    def open(self, place: str, /, **arguments: Any) -> None:
        """Put the screen on top. Its module is imported now; a screen that cannot be built is reported, not fatal."""
        module, _, kind = SCREENS[place].partition(":")
        try:
            screen = getattr(import_module(f"medsynth_tui.screens.{module}"), kind)(**arguments)
        except Exception as error:  # noqa: BLE001 - the boundary of views that fail while they are made
            self.trouble(error)
            return
        bind(screen, self.keymap)
        self.push_screen(screen)

    def go(self, place: str, /, **arguments: Any) -> None:
        """Open a place from the home screen, so that back leads there."""
        while len(self.screen_stack) > 2:
            self.pop_screen()
        if place != "home":
            self.open(place, **arguments)

    def back(self) -> None:
        """One step back; from home (or the login) out of the studio."""
        if len(self.screen_stack) > 2:
            self.pop_screen()
        else:
            self.exit(0)

    def enter(self) -> None:
        """Somebody has logged in: home replaces the login, or what must be done before anything else."""
        person = self.session.person
        self.theme = theme_name(person.theme if person is not None else "dark")
        self.switch_to("totp" if person is not None and person.owes else "home")
        if self.session.under_way:
            self.open("run", name=self.session.under_way)
        wrong, known, view = self.session.failures_before, self.session.without_code, self.top_view()
        if known and view is not None:
            words = f"Before this login the right password was given without the code: {known} times."
            self.call_after_refresh(view.complain, words, "If it was not you, change your password: somebody knows it.")
        elif wrong and view is not None:
            words = f"Wrong attempts before this login: {wrong}."
            self.call_after_refresh(view.complain, words, "Tell an admin if none was yours.")

    def switch_to(self, place: str, /, **arguments: Any) -> None:
        """Leave everything that is open, then open one screen at the bottom."""
        self.never_mind_the_lock()
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.open(place, **arguments)

    def leave(self, why: str = "") -> None:
        """The login is over: back to the first screen, where `why` is said."""
        self.session.forget()
        self.switch_to("login", notice=why)

    # --- commands ---------------------------------------------------------------------------------------------

    async def action_command(self, identifier: str) -> None:
        try:
            await self.perform(identifier)
        except Exception as error:  # noqa: BLE001 - the boundary of what the app itself does
            self.trouble(error)

    async def perform(self, identifier: str) -> None:
        """Do a command of the app, or go to one of the places; not before somebody has logged in who may."""
        if REGISTRY[identifier] not in self.everywhere():
            return
        if any(identifier == place.id for place in PLACES):
            self.unless_under_way(lambda: self.go(identifier), "Go there")
            return
        done = getattr(self, REGISTRY[identifier].handler)()
        if inspect.isawaitable(done):
            await done

    def everywhere(self) -> list[Command]:
        """Commands that work from any screen, as far as this person may."""
        always = [each for each in EVERYWHERE if self.tour is not None or each not in TOUR]
        if self.session.person is None:
            return [each for each in always if each.id not in ("logout", "lock")]
        return [each for each in (*PLACES, *always) if self.session.may(each.permission)]

    def do_help(self) -> None:
        from medsynth_tui.screens.help import Help

        if isinstance(self.screen, Help):
            self.screen.dismiss(None)
        elif not self.locked:
            self.push_screen(Help(self.screen))

    def do_palette(self) -> None:
        from medsynth_tui.screens.palette import Palette

        if not isinstance(self.screen, Palette) and not self.locked:
            self.push_screen(Palette(self.screen))

    def do_jump(self) -> None:
        from medsynth_tui.screens.jump import Jump, within_reach

        targets = within_reach(self.screen)
        if targets and not isinstance(self.screen, Jump) and not self.locked:
            more = len(self.screen.focus_chain) > len(targets)
            self.push_screen(Jump(targets, more), lambda widget: widget and widget.focus())

    def do_quit(self) -> None:
        self.unless_under_way(lambda: self.exit(0), "Leave", LEAVING)

    def action_help_quit(self) -> None:
        """ctrl+c: nothing is interrupted by it; say how to leave."""
        self.complain(
            "Nothing was interrupted.", f"{self.keymap.label(Quit)} leaves the studio; trainings and jobs go on."
        )

    def do_redraw(self) -> None:
        self.forget_screen()
        self.refresh(repaint=True, layout=True)

    def do_theme(self) -> None:
        from medsynth_tui.screens.themes import Themes

        if not isinstance(self.screen, Themes) and not self.locked:
            self.push_screen(Themes(), self._wear)

    def _wear(self, word: str | None) -> None:
        """Keep the colours that were chosen; with the account, where somebody is logged in."""
        view = self.top_view()
        if word is not None:
            self.theme = theme_name(word)
            if view is not None and self.session.person is not None:
                view.ask(
                    lambda engine: engine.prefer("theme", word), lambda _: view.say("Kept for you."), group="prefer"
                )

    def do_logout(self) -> None:
        self.unless_under_way(self._log_out, "Log out")

    def _log_out(self) -> None:
        self.run_worker(self.session.log_out(), exit_on_error=False, group="logout")
        self.leave("You are logged out. Trainings and jobs go on.")

    def top_view(self) -> View | None:
        """The view in front, also under a dialog."""
        from medsynth_tui.view import View

        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, View)), None)

    def profile_changed(self) -> None:
        view = self.top_view()
        if view is not None:
            view.place_changed()
            view.line_changed()

    # --- size -------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        self.fit(event.size)

    def fit(self, size: Size) -> None:
        """Say so where the window is too small, and take it back where it is large enough again."""
        from medsynth_tui.screens.too_small import TooSmall

        small = size.width < SMALLEST[0] or size.height < SMALLEST[1]
        if small and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall())
        elif not small and isinstance(self.screen, TooSmall):
            self.pop_screen()


def run(
    home: Path,
    *,
    link: str = "auto",
    plain: bool = False,
    ascii: bool = False,
    simulated: bool = False,
    tour: Path | None = None,
) -> int:
    """Open the studio on the store at `home` until its user leaves; `tour` is where a tour keeps its step.

    Returns the exit code (DESIGN section 5).
    """
    refused = unusable_terminal()
    if refused:
        print(refused, file=sys.stderr)
        return 2
    from medsynth_tui.drivers import driver_for

    chosen = glyphs.choose(ascii or plain)
    app = MedSynth(
        home,
        link=link,
        plain=plain,
        ascii=ascii,
        simulated=simulated,
        keymap=read(default_path()),
        tour=Tour(tour) if tour is not None else None,
        driver_class=driver_for(chosen.ascii),
    )
    signals.install(app)
    remote = bool(os.environ.get("SSH_CONNECTION"))
    try:
        app.run(mouse=not (remote or link == "slow"))
    finally:
        signals.disarm()
    if app.return_code == 128 + signal.SIGHUP:
        signals.mute()
    return app.return_code or 0
