"""For the app: frames as differences, one in flight, as many colours as the line's profile carries."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.filter import Monochrome
from textual.geometry import Size

from medsynth_tui.terminal import selfcheck
from medsynth_tui.terminal.inks import Depth, Inks, depth_for
from medsynth_tui.terminal.pace import LOST_SECONDS, Pace
from medsynth_tui.terminal.painter import Hand, Strokes, paint, skills_for
from medsynth_tui.terminal.profile import AUTO_FAST, Profile, after_measuring, profile_for
from medsynth_tui.terminal.window import Window

if TYPE_CHECKING:
    from textual.app import App

    Base = App[int]
else:
    Base = object

AT_ONCE = 64
"""Bytes of a frame from which it is worth sixteen more that all of it appears at once."""
SOONEST = 0.02
"""Seconds of the shortest timer."""
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"


class Wire(Base):
    """Stands before Textual's `App` among the bases. Call `use_link` before the app runs; without it, or where the
    self-check finds something, Textual writes as it always does.
    """

    profile: Profile = AUTO_FAST
    plain_output = "the link was not chosen"
    """Why Textual writes itself; empty where we do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pace = Pace(time.monotonic)
        self.bytes_written = 0
        self._skills = skills_for(os.environ)
        self._depth = Depth.all
        self._window: Window | None = None
        self._hand = Hand()
        self._held = False
        self._watching = False
        self._remote = bool(os.environ.get("SSH_CONNECTION"))

    def use_link(self, link: str) -> None:
        """`auto`, `fast` or `slow` (see `profile`)."""
        self.profile = profile_for(link, os.environ)
        self.plain_output = selfcheck.trouble()
        self._depth = min(self.profile.depth, depth_for(os.environ, self.console._color_system))
        if not self.plain_output and self._depth is Depth.none:
            # Textual's answer to NO_COLOR is 16 million greys
            self._filters = [each for each in self._filters if not isinstance(each, Monochrome)]

    # --- frames -----------------------------------------------------------------------------------------------

    def _display(self, screen: Any, renderable: Any) -> None:
        if not self._ours(renderable):
            super()._display(screen, renderable)
            return
        try:
            self._window_for(screen.outer_size).take(renderable)
            self._paint()
        except Exception as error:  # noqa: BLE001 - plain Textual can still show it
            self._fall_back(error)
        finally:
            self.post_display_hook()

    def _ours(self, renderable: Any) -> bool:
        if self.plain_output or not isinstance(renderable, ChopsUpdate | LayoutUpdate):
            return False
        driver = self._driver
        idle = not self._running or self._closed or bool(self._batch_count)
        return not (idle or self.is_headless or driver is None or driver.is_inline)

    def _window_for(self, size: Size) -> Window:
        window = self._window
        grounds = self._plain_grounds() if self._depth is Depth.none else frozenset()
        if window is None or (window.width, window.height) != size or window.inks.grounds != grounds:
            inks = Inks(self._depth, grounds, (self.current_theme.foreground or "").lower())
            window = self._window = Window(size.width, size.height, inks)
            self._hand = Hand()
        return window

    def _plain_grounds(self) -> frozenset[str]:
        theme = self.current_theme
        return frozenset(each.lower() for each in (theme.background, theme.surface, theme.panel) if each)

    def _paint(self) -> None:
        """Write what differs, as far as it may leave now; the rest is held until the terminal answers."""
        self.pace.slow = self.profile.slow
        self.pace.slices = self.profile.slow or (self.profile.auto and self.pace.meter.slow is None)
        while self._write_some():
            pass

    def _write_some(self) -> bool:
        """One frame, or on a slow line a slice of it. Returns whether more is wanted and may follow at once."""
        window, driver = self._window, self._driver
        if window is None or driver is None:
            return False
        cut = self.pace.slices and self.pace.trusted
        frame = paint(window, self._hand, self._skills, self.pace.slice_size() if cut else None)
        at = self.screen.outer_size.clamp_offset(self.cursor_position)
        if not frame.data and at == self._previous_cursor_position:
            self._held = False
            return False
        if not self.pace.may_write(len(frame.data)):
            self._held = True
            if not self.pace.in_flight:  # no answer will come that would have it painted
                self.set_timer(max(self.pace.unheard, SOONEST), self._paint)
            return False
        ending = Strokes(window, frame.hand, self._skills)
        ending.rest(*at)
        data = frame.data + ending.data
        if self._sync_available and self.profile.whole_frames and len(data) > AT_ONCE:
            data = BEGIN + data + END
        data += self.pace.sent(len(data.encode()))
        self.bytes_written += len(data.encode())
        driver.write(data)
        window.written(frame.rows, frame.emptied)
        self._hand, self._previous_cursor_position, self._held = ending.hand, at, frame.rest
        self._watch_for_answer()
        return frame.rest

    def _fall_back(self, error: Exception) -> None:
        """From now on Textual writes: the whole screen first."""
        self.plain_output = f"a frame failed: {type(error).__name__}"
        self._window = None
        self.output_failed(error)
        self.screen.refresh()

    def output_failed(self, error: Exception) -> None:
        """Our own output failed and plain Textual took over; the app notes it."""

    # --- what the terminal says -------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.pace.key()
            if self._held and self.pace.given_up:
                self._paint()
        elif isinstance(event, events.Resize) and not self._repeated(event):
            self.forget_screen()
        await super().on_event(event)

    def _repeated(self, event: events.Resize) -> bool:
        """The size that a terminal reports when it is asked to report sizes: nothing has moved."""
        window = self._window
        return window is None or (event.pixel_size is not None and (window.width, window.height) == event.size)

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """The answer to the question that follows a frame."""
        may_follow = self.pace.answered(event.time)
        changed = after_measuring(self.profile, self.pace.meter.slow, self._remote)
        if changed.name != self.profile.name:
            self.profile = changed
            self.profile_changed()
        if may_follow and self._held:
            self._paint()

    def profile_changed(self) -> None:
        """The meter found the line slower or faster than it was taken for."""

    def cost(self, size: int) -> str:
        """What sending `size` bytes takes, in words: `about 2.1 KB, 3 s`."""
        seconds = self.pace.meter.seconds_for(size)
        amount = f"{size} bytes" if size < 1_000 else f"{size / 1_000:.1f} KB"
        return f"about {amount}" + ("" if seconds is None else f", {max(1, round(seconds))} s")

    def _watch_for_answer(self) -> None:
        if self.pace.in_flight and not self._watching:
            self._watching = True
            self.set_timer(LOST_SECONDS + 1, self._answer_overdue)

    def _answer_overdue(self) -> None:
        self._watching = False
        again = self.pace.overdue()
        if again and self._driver is not None:
            self._driver.write(again)
        else:
            self._watch_for_answer()

    # --- a window that others wrote into ----------------------------------------------------------------------

    def forget_screen(self) -> None:
        """Nothing is known of what the terminal shows: the next frame sends all of it."""
        if self._window is not None:
            self._window.forget()
        self._hand = Hand()

    def terminal_is_new(self) -> None:
        """The terminal was taken over (again): another program may have written meanwhile, answers may be lost."""
        self.pace.flown()
        self.forget_screen()
        if self._window is not None:
            self.call_later(self._paint)
        elif not self.plain_output and self._driver is not None:
            self._driver.write(self.pace.sent(0))  # before the first frame: its answer tells a round trip
