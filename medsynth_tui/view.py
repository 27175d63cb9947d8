"""What every screen has: a top line, its body, progress, a strip for trouble, hints; commands, loading, going back."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from medsynth_tui.command import REGISTRY, Command, bindings
from medsynth_tui.commands import Back, CancelJob, Help, Jump, Quit, Redraw, Refresh
from medsynth_tui.keymap import bind
from medsynth_tui.option_words import in_fields
from medsynth_tui.shelter import Sheltered
from medsynth_tui.widgets.hints import Hints
from medsynth_tui.widgets.job_progress import JobProgress
from medsynth_tui.widgets.status_line import StatusLine
from medsynth_tui.widgets.strip import Strip
from medsynth_tui.widgets.tour_line import TourLine
from medsynth_tui.work import Asking, JobMoved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from medsynth_tui.app import MedSynth

LOST = "What it has done so far is cleared away; nothing half done stays. To have it after all, it begins anew."
LOST_TRAINING = (
    "The training ends and cannot be taken up again; a paused one can (Runs). The best generator so far stays usable."
)
LOST_CHECK = (
    "What was read so far is kept: asked for again, on the dataset's page, it goes on from there. Nothing of the "
    "dataset leaves before all is read."
)
LOSSES = {"train": LOST_TRAINING, "check_text": LOST_CHECK}
"""What cancelling costs, by the kind of work; of all other kinds `LOST`."""
CANCEL_OR_NOT = ("Cancel it", "Let it go on")


class Commanded(Sheltered):
    """Runs commands by id on the screen; shared by views and dialogs."""

    HERE: ClassVar[tuple[Command, ...]] = ()

    def offered(self, command: Command) -> bool:
        """Whether it makes sense now; screens narrow this. The engine decides what is permitted."""
        return self.studio.session.may(command.permission)

    @property
    def studio(self) -> MedSynth:
        return cast("MedSynth", cast(Any, self).app)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "command" and parameters:
            command = REGISTRY.get(str(parameters[0]))
            return command is not None and self.offered(command)
        return True

    async def action_command(self, identifier: str) -> None:
        await self.perform(identifier)

    async def perform(self, identifier: str) -> None:
        """Do what the command says; what fails goes to the boundary."""
        command = REGISTRY[identifier]
        done = getattr(self, command.handler)()
        if inspect.isawaitable(done):
            await done

    def commands(self) -> list[Command]:
        """What is offered here now, in order."""
        return [command for command in self.HERE if self.offered(command)]


class View(Commanded, Asking, Screen[None]):
    """A full screen. `HERE` lists its commands, `compose_body` its widgets; `load` fetches what it shows."""

    ALWAYS: ClassVar[tuple[Command, ...]] = (Refresh, Back, CancelJob)
    ESCAPE_TO_MINIMIZE = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.BINDINGS = cast("ClassVar[list[Any]]", _named(cls))
        super().__init_subclass__(**kwargs)

    def compose(self) -> ComposeResult:
        yield StatusLine()
        if self.studio.tour is not None:
            yield TourLine()
        with Vertical(id="body"):
            yield from self.compose_body()
        yield from self.compose_foot()
        yield JobProgress()
        yield Strip()
        yield Hints()

    def compose_body(self) -> ComposeResult:
        """The widgets between the top line and the hints."""
        yield from ()

    def compose_foot(self) -> Iterable[Widget]:
        """What stands between the body and the progress of work."""
        return ()

    def place(self) -> tuple[str, ...]:
        """Where we are, from the outside in, for the top line."""
        return ()

    def simulated(self) -> bool:
        """Whether what is shown here was simulated; the banner says so."""
        return False

    def load(self) -> None:
        """Ask for what this screen shows. Called whenever it comes to the front, and by `r`."""

    failed = False
    """Set by the boundary: a view that failed does not ask again by itself while it is being left."""

    def on_screen_resume(self) -> None:
        if not self.failed:
            self.load()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.query_one(Hints).refresh()

    def commands(self) -> list[Command]:
        return [command for command in (*self.HERE, *self.ALWAYS) if self.offered(command)]

    def offered(self, command: Command) -> bool:
        if command is CancelJob:
            return self.followed is not None
        return super().offered(command)

    def hinted(self, command: Command) -> bool:
        """Whether the bottom line has a place for it."""
        return command.footer

    def label(self, command: Command) -> str:
        """What the command is called here and now."""
        return command.title

    def key(self, command: Command) -> str:
        """The key that does it for this person, for sentences that name one."""
        return self.studio.keymap.label(command)

    def do_leave(self) -> None:
        self.studio.do_quit()

    def do_back(self) -> None:
        if self.here:
            self.complain(self.here, "It ends by itself; this says so then.")
        else:
            self.studio.back()

    def do_refresh(self) -> None:
        self.clear()
        self.load()

    def do_job_cancel(self) -> None:
        job = self.followed
        if job:
            self.cancel(job, lambda _: self.say("Asked to cancel it."), *self.followed_as)

    def cancel(self, job: str, then: Callable[[dict[str, Any]], object], what: str, kind: str) -> None:
        """Cancel a job after a question, for what it has done so far may be lost. `what` it is, in words."""
        from medsynth_tui.screens.confirm import Sure

        def decided(sure: bool | None) -> None:
            if sure:
                self.ask(lambda engine: engine.jobs_cancel(job), then, group="cancel")

        title = self.studio.glyphs.text(f"Cancel this work: {what}")
        self.studio.push_screen(Sure(title, LOSSES.get(kind, LOST), *CANCEL_OR_NOT), decided)

    def complain(self, message: str, hint: str = "") -> None:
        """A sentence and a way out, in the strip above the hints."""
        self.query_one(Strip).show_trouble(in_fields(message), in_fields(hint))

    def say(self, message: str) -> None:
        """Good news, in the same place."""
        self.query_one(Strip).show_news(message)

    def note(self, words: str) -> None:
        if self.is_mounted:
            self.query_one(Strip).show_note(words)

    def clear(self) -> None:
        self.query_one(Strip).clear()

    def place_changed(self) -> None:
        """The top line or the hints have something new to say."""
        self.query_one(StatusLine).refresh()
        self.query_one(Hints).refresh()
        self.refresh_bindings()

    def line_changed(self) -> None:
        """The line turned out slower or faster than it was taken for; screens that send much send less or more."""

    @on(JobMoved)
    def _job_moved(self, message: JobMoved) -> None:
        self.query_one(JobProgress).show(message.title, message.document)
        self.query_one(Hints).refresh()

    def job_ended(self) -> None:
        if self.is_mounted:
            self.query_one(JobProgress).hide()
            self.query_one(Hints).refresh()


class Dialog(Commanded, ModalScreen[Any]):
    """A question over a view: opaque, closed by esc, answers through `dismiss`. `compose_card` says what is asked.

    F1 says `EXPLAINS`, the keys that only it has with what they do (`KEYS`), and what esc does (`ESC`).
    """

    EXPLAINS: ClassVar[str] = ""
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    ESC: ClassVar[str] = "Close it; nothing is done."
    ALWAYS: ClassVar[tuple[Command, ...]] = (Help, Jump, Quit, Redraw)

    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "leave", "Close", show=False),
        *(Binding(each.keys, f"app.command('{each.id}')", show=False, id=each.id) for each in ALWAYS),
    ]

    def on_mount(self) -> None:
        bind(self, self.studio.keymap)

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with Vertical(classes="card"):
            yield from self.compose_card()

    def compose_card(self) -> ComposeResult:
        """What stands in the card."""
        yield from ()

    def place(self) -> tuple[str, ...]:
        view = self.studio.top_view()
        return view.place() if view is not None else ()

    def simulated(self) -> bool:
        view = self.studio.top_view()
        return view is not None and view.simulated()

    def action_leave(self) -> None:
        self.dismiss(None)


def _named(cls: type[View]) -> list[Binding]:
    return bindings((*cls.HERE, *cls.ALWAYS))
