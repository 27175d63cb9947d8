"""The review queue: quarantined pictures, one after the other, until a person has decided about each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import DataTable, Static

from medsynth_tui import commands as c
from medsynth_tui import commands_review as r
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LISTED
from medsynth_tui.intake_words import came_back
from medsynth_tui.screens.review_words import ask_boxes, boxes_of, key_of, what_was_read, why_held
from medsynth_tui.screens.writing import WritesList
from medsynth_tui.view import View
from medsynth_tui.widgets.boxed_picture import BoxedPicture
from medsynth_tui.widgets.picture import Pixels
from medsynth_tui.widgets.window_table import WINDOW, Column, WindowTable
from medsynth_tui.words import count, said

if TYPE_CHECKING:
    from medsynth_engine.engine import Engine

NARROW = (Column("picture"), Column("decided", 8))
WIDE = (Column("picture"), Column("dataset", 14), Column("decided", 8))
WORDS = {"accept": ("accept", "bold $success"), "mask": ("mask", "bold $primary"), "reject": ("reject", "bold $error")}
STILL_SECONDS = 0.2
"""Looking at a picture is an event of the audit log: passing it by with the arrows is no look."""
GLANCE_SECONDS = 0.5
"""A key that is held down repeats faster: it takes the picture that was looked at, and none of those behind it."""
LOOK, LOOK_LARGER = 256, 2048
"""Pixels a side that are asked for: to find one's way, and to read what is small."""
DECIDING = (r.ReviewAccept, r.ReviewMask, r.ReviewBoxes, r.ReviewReject, r.ReviewUndo)


class ReviewQueue(WritesList, View):
    """The queue on the left, the picture with what was found in it on the right; every decision by one key."""

    CSS_PATH = "review.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (
        r.ReviewAccept,
        r.ReviewMask,
        r.ReviewReject,
        r.ReviewApply,
        r.ReviewUndo,
        r.ReviewLarger,
        r.ReviewBoxes,
        *LISTED,
    )
    LIST, ROOMY = "review", False
    ALWAYS: ClassVar[tuple[Command, ...]] = (r.ReviewAgain, c.Back, c.CancelJob)

    def __init__(self, dataset: str | None = None) -> None:
        super().__init__()
        self.dataset = dataset
        self.entries: list[dict[str, Any]] = []
        self.looked_at: dict[str, Any] = {}
        self.looked_since = self.pressed_at = 0.0
        self._still: Timer | None = None

    def place(self) -> tuple[str, ...]:
        return ("Datasets", self.dataset, "Review") if self.dataset else ("Review",)

    def compose_body(self) -> ComposeResult:
        yield Static("Asking the store", id="progress", classes="heading")
        with Horizontal(id="desk"):
            yield WindowTable(NARROW, WIDE, id="queue")
            with Vertical(id="picture-side"):
                yield Static("", id="why")
                yield BoxedPicture(id="picture")
                yield Static("", id="read")

    def load(self) -> None:
        dataset = self.dataset
        self.ask(lambda engine: engine.review_list(dataset), self._show)

    # --- the queue --------------------------------------------------------------------------------------------

    def _show(self, entries: list[dict[str, Any]]) -> None:
        self.entries = entries
        self._show_queue()
        table = self.query_one(WindowTable)
        table.display = bool(entries)
        if entries and self.focused is None:
            table.focus()
        if not entries:
            self.nothing_under_cursor()
        elif self.current and self.looked_at.get("key") != key_of(self.current):
            self._wait_until_still()

    def _show_queue(self) -> None:
        """A window of the queue that begins a little before what is undecided."""
        undecided = [index for index, each in enumerate(self.entries) if each["decision"] is None]
        start = max(0, min(undecided[0] - WINDOW // 4 if undecided else 0, len(self.entries) - WINDOW))
        shown = list(self.entries)
        self.query_one(WindowTable).show(lambda: [(key_of(each), self._row(each)) for each in shown], start)
        self._show_progress()
        self.place_changed()

    def _row(self, each: dict[str, Any]) -> list[Any]:
        name, decision = said(each["id"], 40), WORDS.get(each["decision"], ("", ""))
        return [name, *([said(each["dataset"], 40)] if self.query_one(WindowTable).wide else []), decision]

    @on(BoxedPicture.Turned)
    def _show_progress(self) -> None:
        """How far the queue is, and which part of the picture is seen from close by."""
        done = sum(each["decision"] is not None for each in self.entries)
        words = f"{count(done)} of {count(len(self.entries))} decided" if self.entries else "No picture waits."
        picture = self.query_one(BoxedPicture)
        if self.larger and picture.zoom > 1:
            seen = picture.seen(picture.whole)
            words += f"   in view: x {seen.x} to {seen.right}, y {seen.y} to {seen.bottom}"
        self.query_one("#progress", Static).update(Content(words))

    @property
    def current(self) -> dict[str, Any] | None:
        """The entry under the cursor."""
        key = self.query_one(WindowTable).current_key
        return next((each for each in self.entries if key_of(each) == key), None)

    def offered(self, command: Command) -> bool:
        one = self.current if self.is_mounted else None
        if command in DECIDING and (one is None or not one["may_decide"]):
            return False
        if command in (r.ReviewAccept, r.ReviewMask, r.ReviewBoxes) and not self._has_picture():
            return False
        if command is r.ReviewUndo and (one is None or one["decision"] is None):
            return False
        if command is r.ReviewApply and not any(each["decision"] for each in self.entries):
            return False
        return super().offered(command)

    def _has_picture(self) -> bool:
        """Whether the picture under the cursor is on the screen: nobody takes what they have not seen."""
        one = self.current
        return one is not None and self.looked_at.get("key") == key_of(one) and bool(self.looked_at.get("picture"))

    def narrowed(self) -> bool:
        """Of one dataset's queue no other's is written."""
        return super().narrowed() or self.dataset is not None

    # --- the picture ------------------------------------------------------------------------------------------

    @on(DataTable.RowHighlighted)
    def _wait_until_still(self) -> None:
        if self._still is not None:
            self._still.stop()
        self.place_changed()  # what is offered depends on the row
        self._still = self.set_timer(STILL_SECONDS, self._look)

    def _look(self) -> None:
        one = self.current
        if one is None or self.looked_at.get("key") == key_of(one):
            return
        key, size = key_of(one), LOOK_LARGER if self.larger else LOOK
        self.looked_at = {}
        self.place_changed()
        self.ask(lambda engine: engine.review_show(key, size=size), self._show_picture, group="picture")

    def nothing_under_cursor(self) -> None:
        if self._still is not None:
            self._still.stop()
        self.looked_at = {}
        for words in ("#why", "#read"):
            self.query_one(words, Static).update(Content(""))
        self.query_one(BoxedPicture).show_boxed(None, (1, 1), [])
        self.place_changed()

    def _show_picture(self, document: dict[str, Any]) -> None:
        if self.current is None:
            return  # it was filtered away before it came
        self.looked_at, self.looked_since = {**document, "key": key_of(document)}, monotonic()
        self.query_one("#why", Static).update(why_held(document))
        picture = Pixels.from_document(document["picture"]) if document["picture"] else None
        whole = (document["width"], document["height"])
        self.query_one(BoxedPicture).show_boxed(picture, whole, document["boxes"])
        self.query_one("#read", Static).update(what_was_read(document, self.studio.glyphs))
        self.place_changed()

    @property
    def larger(self) -> bool:
        return self.has_class("-larger")

    @on(DataTable.RowSelected)
    def do_review_larger(self) -> None:
        self.toggle_class("-larger")
        if self.larger:
            self.query_one(BoxedPicture).focus()
            self.say("+ comes closer, - goes back, the arrows move over the picture, enter ends it.")
        else:
            self.query_one(WindowTable).focus()
            self.clear()
        self.looked_at = {}
        self.call_after_refresh(self._look)  # when the picture has its new room

    @on(BoxedPicture.Passed)
    def _pass_on(self, event: BoxedPicture.Passed) -> None:
        """With the whole picture in view, the arrows walk through the queue."""
        table = self.query_one(WindowTable)
        table.move_cursor(row=table.cursor_row + event.by)

    def do_back(self) -> None:
        if self.larger:
            self.do_review_larger()
        else:
            super().do_back()

    def do_review_again(self) -> None:
        self.do_refresh()

    # --- decisions --------------------------------------------------------------------------------------------

    def do_review_accept(self) -> None:
        self._decide(lambda engine, key: engine.review_accept(key))

    def do_review_reject(self) -> None:
        self._decide(lambda engine, key: engine.review_reject(key))

    def do_review_undo(self) -> None:
        one = self.current
        if one is not None:
            key = key_of(one)
            self.ask(lambda engine: engine.review_undo(key), self._decided, group="decision")

    def do_review_mask(self) -> None:
        if self.looked_at.get("boxes"):
            self._decide(lambda engine, key: engine.review_mask(key))
        else:
            self.do_review_boxes()

    def do_review_boxes(self) -> None:
        shown, picture = self.looked_at, self.query_one(BoxedPicture)
        boxes = shown.get("boxes") or []
        if self.larger and picture.zoom > 1:
            boxes = [*boxes, picture.seen(picture.whole)]  # what one came close to is what one means
        self.studio.push_screen(ask_boxes(shown, boxes), self._mask_boxes)

    def _mask_boxes(self, text: str | None) -> None:
        if text:
            boxes = boxes_of(text)
            self._decide(lambda engine, key: engine.review_mask(key, boxes))

    def _decide(self, question: Callable[[Engine, str], Awaitable[dict[str, Any]]]) -> None:
        one = self.current
        if one is None or self.awaits("decision"):
            return
        now, before = monotonic(), max(self.looked_since, self.pressed_at)
        self.pressed_at = now
        if now - before < GLANCE_SECONDS:
            self.note("Look at it first.")
            return
        self.clear()
        key = key_of(one)
        self.ask(lambda engine: question(engine, key), self._decided, group="decision")

    def _decided(self, answer: dict[str, Any]) -> None:
        key = key_of(answer)
        for each in self.entries:
            if key_of(each) == key:
                each["decision"] = answer["decision"]
        if answer["decision"] is not None:
            self._to_the_next(key)
        self._show_queue()
        if answer["job"]:
            self.say(f"All of {said(answer['dataset'], 40)} is decided: its next version is being made.")
            self.follow(answer["job"], f"Applying the review of {answer['dataset']}", self._applied)

    def _to_the_next(self, key: str) -> None:
        """The cursor goes to the next undecided picture, from the top again after the last."""
        table = self.query_one(WindowTable)
        keys = [row for row, _ in table.seen]
        at = keys.index(key) if key in keys else 0
        open_ones = {key_of(each) for each in self.entries if each["decision"] is None}
        later = next((row for row in [*keys[at + 1 :], *keys[:at]] if row in open_ones), None)
        if later is not None:
            table.move_cursor(row=keys.index(later))

    def do_review_apply(self) -> None:
        one = self.current
        if one is not None:
            name = one["dataset"]
            self.ask(lambda engine: engine.review_apply(name), self._applying, group="decision")

    def _applying(self, answer: dict[str, Any]) -> None:
        self.follow(answer["job"], f"Applying the review of {answer['dataset']}", self._applied)

    def _applied(self, document: dict[str, Any]) -> None:
        back = came_back(document)
        self.say(f"The next version is made; what was rejected is deleted. {back}".strip())
        self.load()
