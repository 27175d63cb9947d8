"""Keys in the order in which they were typed, also when many arrive at once.

Textual hands every key to the widget that has the focus when it arrives, but a binding (tab, a letter that opens a
screen) acts only after the key has travelled up and back. On a slow line keys arrive in bursts, and `alice<tab>secret`
would all go into the first field. So one key is under way at a time; the others wait until what it set off
has come to rest.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from textual import events

if TYPE_CHECKING:
    from textual.app import App

RESTED = 5
"""Looks in a row at which nothing was on its way."""
PATIENCE_SECONDS = 2.0
"""A screen that never comes to rest does not hold up the keys for ever. Of work of our own (processor time of this
thread): on a busy machine a screen may take many seconds to open, and keys must not overtake it."""


class TypeAhead:
    """For the app. Everything that is no fresh key passes unchanged."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ahead: deque[events.Key] = deque()
        self._under_way = False
        self._begun = 0.0
        self._at_rest = 0

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)  # type: ignore[misc]
            return
        self._ahead.append(event)
        if not self._under_way:
            await self._hand_on()

    async def _hand_on(self) -> None:
        if not self._ahead:
            self._under_way = False
            return
        self._under_way, self._begun, self._at_rest = True, time.thread_time(), 0
        await super().on_event(self._ahead.popleft())  # type: ignore[misc]
        cast("App[Any]", self).call_later(self._look)

    async def _look(self) -> None:
        """Look again until all is quiet, then hand on the next key."""
        app = cast("App[Any]", self)
        await asyncio.sleep(0)  # a full queue is read without giving way: let the widgets have their turn
        self._at_rest = 0 if self._busy() else self._at_rest + 1
        if self._at_rest >= RESTED or time.thread_time() - self._begun > PATIENCE_SECONDS:
            await self._hand_on()
        else:
            app.call_later(self._look)

    def _busy(self) -> bool:
        app = cast("App[Any]", self)
        screen = app.screen
        if not screen.is_mounted or app.message_queue_size:
            return True
        chain = [screen] if screen.focused is None else screen.focused.ancestors_with_self
        return any(node.message_queue_size for node in chain)
