"""Hiding the screen when nobody is there: after some minutes without a key a lock lies over everything.

What the engine answers meanwhile is held back, so that nothing is put on top of the lock; what jobs do goes on. The
login itself ends after its own time (`access.sessions`): unlocking then logs in anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from textual import events

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth

LOOK_EVERY_SECONDS = 5
FROM_A_PERSON = (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp, events.Paste)


class Idle:
    """For the app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.locked = False
        self._answers_held: dict[tuple[int, str], Callable[[], object]] = {}
        self._was_there()

    def watch_for_idleness(self) -> None:
        cast("MedSynth", self).set_interval(LOOK_EVERY_SECONDS, self.lock_if_idle)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, FROM_A_PERSON) and not getattr(event, "is_forwarded", False):
            if self.lock_if_idle():
                return  # the key that wakes a machine up was not meant for what is hidden now
            self._was_there()
        await super().on_event(event)  # type: ignore[misc]

    def _was_there(self) -> None:
        self._last_there = (time.monotonic(), time.time())

    def idle_seconds(self) -> float:
        """By both clocks, because one of them stands still while a laptop sleeps."""
        return max(time.monotonic() - self._last_there[0], time.time() - self._last_there[1])

    def lock_if_idle(self) -> bool:
        """Lock where nobody was there for too long; whether it did so now."""
        app = cast("MedSynth", self)
        person = app.session.person
        if self.locked or person is None or self.idle_seconds() < 60 * person.lock_minutes:
            return False
        self._lock("Nothing was pressed for a while.")
        return True

    def do_lock(self) -> None:
        self._lock("You hid the screen.")

    def _lock(self, why: str) -> None:
        from medsynth_tui.screens.prove import Lock

        app = cast("MedSynth", self)
        if not self.locked and app.session.person is not None:
            self.locked = True
            app.push_screen(Lock(why))

    def unlock(self, same_person: bool = True) -> None:
        """The password was right: what was hidden is there again, unless the role has changed meanwhile."""
        app = cast("MedSynth", self)
        self.locked = False
        self._was_there()
        if not same_person:
            self._answers_held.clear()
            app.enter()
            return
        app.pop_screen()
        app.fit(app.size)  # the window may have grown meanwhile
        held, self._answers_held = list(self._answers_held.values()), {}
        for replay in held:
            replay()

    def never_mind_the_lock(self) -> None:
        """Everything that was open is left."""
        self.locked = False
        self._answers_held.clear()

    def hold(self, screen: object, group: str, replay: Callable[[], object]) -> None:
        """Keep an answer until the lock is gone; of one group only the newest counts."""
        self._answers_held[id(screen), group] = replay
