"""Engine calls in workers, one helper for all: exclusive by group, never the end of the app, late results dropped.

The invariant: a worker computes and returns (or posts a message); only a handler on the screen touches widgets.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.message import Message
from textual.worker import Worker, WorkerState

from medsynth_engine.kernel.errors import Denied, MedSynthError

if TYPE_CHECKING:
    from textual.screen import Screen

    from medsynth_engine.engine import Engine
    from medsynth_tui.app import MedSynth


@dataclass
class JobMoved(Message):
    """News of a job that this screen waits for; only the newest is worth showing."""

    title: str
    document: dict[str, Any]

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, JobMoved)


@dataclass(frozen=True)
class Waiting:
    """What happens with the answer; `refused` gets an error first and says whether that settles it."""

    then: Callable[[Any], object]
    refused: Callable[[MedSynthError], bool] | None
    job: str = ""
    here: str = ""
    again: Callable[[], object] | None = None


class Asking:
    """For screens: `ask` the engine, `follow` a job. Leaving the screen cancels what it waits for, not the job."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked: dict[Worker[Any], Waiting] = {}
        self.followed: str | None = None
        self.followed_as = ("", "")
        """What is followed in words, and its kind where that was said."""

    def ask(
        self,
        question: Callable[[Engine], Awaitable[Any]],
        then: Callable[[Any], object],
        *,
        group: str = "view",
        refused: Callable[[MedSynthError], bool] | None = None,
        saying: str = "",
        here: str = "",
    ) -> None:
        """Ask the engine; a newer question of the same group makes an older answer unwanted.

        `saying` is shown until the answer comes, where that may take longer than a blink. `here` is the sentence for
        whoever would leave before it: that something is done in this process, or told once.
        """
        screen = cast("Screen[Any]", self)
        session = cast("MedSynth", screen.app).session
        worker: Worker[Any] = screen.run_worker(
            partial(session.ask, question), group=group, name=group, exclusive=True, exit_on_error=False
        )
        again = partial(self.ask, question, then, group=group, refused=refused, saying=saying, here=here)
        self._asked[worker] = Waiting(then, refused, here=here, again=again)
        if saying:
            self.note(saying)

    @property
    def here(self) -> str:
        """What is being done in this process and must be waited for, as a sentence; nothing where nothing is."""
        return next((waiting.here for waiting in self._asked.values() if waiting.here), "")

    def awaits(self, group: str) -> bool:
        """Whether an answer of this group is still to come: who asks at intervals must not cancel itself for ever."""
        return any(worker.group == group for worker in self._asked)

    def follow(self, job: str, title: str, then: Callable[[Any], object], kind: str = "") -> None:
        """Show a job's progress until it ends, then hand its result on. Raises nothing: errors reach the strip.

        `kind` of work, where cancelling it loses something else than most work does.
        """
        screen = cast("Screen[Any]", self)
        worker: Worker[Any] = screen.run_worker(
            partial(self._to_the_end, job, title), group="job", name="job", exclusive=True, exit_on_error=False
        )
        self._asked[worker] = Waiting(then, None, job)
        self.followed, self.followed_as = job, (title, kind)

    async def _to_the_end(self, job: str, title: str) -> dict[str, Any]:
        screen = cast("Screen[Any]", self)
        session = cast("MedSynth", screen.app).session
        async for document in session.follow(job):
            screen.post_message(JobMoved(title, document))
        return await (await session.engine()).finish(job)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state not in (WorkerState.SUCCESS, WorkerState.ERROR, WorkerState.CANCELLED):
            return
        studio = cast("MedSynth", cast("Screen[Any]", self).app)
        if studio.locked and self is not studio.screen:
            studio.hold(self, event.worker.group, partial(self.on_worker_state_changed, event))
            return
        waiting = self._asked.pop(event.worker, None)
        if waiting is None:
            return
        self.note("")
        if waiting.here:
            studio.no_more_under_way()
        if waiting.job and waiting.job == self.followed:
            self.followed = None
            self.job_ended()
        if event.state is WorkerState.SUCCESS:
            waiting.then(event.worker.result)
        elif event.state is WorkerState.ERROR:
            error = event.worker.error
            settled = isinstance(error, MedSynthError) and waiting.refused is not None and waiting.refused(error)
            if not settled and waiting.again and isinstance(error, Denied) and error.code == "confirm_needed":
                self._prove_first(waiting.again)
            elif error is not None and not settled:
                raise error

    def _prove_first(self, again: Callable[[], object]) -> None:
        """Ask for the password, then ask the engine the same once more."""
        from medsynth_tui.screens.prove import Prove

        studio = cast("MedSynth", cast("Screen[Any]", self).app)

        def then(shown: bool | None) -> None:
            if shown:
                again()

        studio.push_screen(Prove(), then)

    def note(self, words: str) -> None:
        """What is being waited for, or nothing any more; screens say it in their own place."""

    def job_ended(self) -> None:
        """Nothing is followed any more; screens take the progress line away."""
