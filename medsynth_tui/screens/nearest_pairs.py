"""Synthetic pictures beside the training picture that each lies nearest to, the most alike first."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import commands_evidence as c
from medsynth_tui.command import Command
from medsynth_tui.commands_pictures import PicturesDraw
from medsynth_tui.screens.costly import SaysWhatPicturesCost
from medsynth_tui.view import View
from medsynth_tui.widgets.picture import Pictures, Pixels
from medsynth_tui.words import number, said, share

MOST = 64
SAID = "Left of each pair what was drawn, right of it the training picture that lies nearest. Your looking is logged."


class NearestPairs(SaysWhatPicturesCost, View):
    """As many pairs as fit; right and left show the next and the previous ones."""

    CSS_PATH = "nearest_pairs.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (c.PairsMore, c.PairsLess, PicturesDraw)

    def __init__(self, cohort: str) -> None:
        super().__init__()
        self.cohort = cohort
        self.pairs: list[dict[str, Any]] = []
        self.first = 0

    def place(self) -> tuple[str, ...]:
        return ("Cohorts", self.cohort, "Nearest pairs")

    def compose_body(self) -> ComposeResult:
        yield Static(SAID, classes="muted", id="said")
        with VerticalScroll():
            yield Pictures(id="pairs", side=self._side())
        yield Static("Asking the store", classes="muted", id="which")

    def _side(self) -> int:
        """Pixels of a picture's side: two beside each other fit the narrow screen, and two rows the tall one."""
        return 46 if self.app.size.height >= 34 else 28

    def _pairs_at_once(self) -> int:
        across = max(1, (self.app.size.width - 2) // (2 * (self._side() + 2)))
        return across * (1 if self.app.size.height < 60 else 2)

    def load(self) -> None:
        name, size = self.cohort, self._side()
        self.ask(lambda engine: engine.cohorts_nearest(name, count=MOST, size=size), self._show, refused=self._none)

    def _none(self, error: MedSynthError) -> bool:
        if error.code not in ("no_pairs", "dataset_removed", "not_yours"):
            return False
        self.query_one("#which", Static).update(Content(f"{error.message} {error.hint}"))
        return True

    def _show(self, document: dict[str, Any]) -> None:
        self.pairs = document["pairs"]
        self.first = min(self.first, max(0, len(self.pairs) - 1))
        self._draw()

    def _draw(self) -> None:
        shown = self.pairs[self.first : self.first + self._pairs_at_once()]
        pictures = [picture for pair in shown for picture in _pictures(pair)]
        self.offer_pictures(pictures)
        lines = [_reading(self.first + place, pair) for place, pair in enumerate(shown)]
        if not self.pairs:
            lines = ["There are no pairs: this cohort, or its dataset, has no pictures."]
        else:
            last = self.first + len(shown)
            lines.append(f"Pairs {self.first + 1} to {last} of the {len(self.pairs)} nearest.")
        self.query_one("#which", Static).update(Content(self.studio.glyphs.text("\n".join(lines))))
        self.place_changed()

    def on_resize(self, event: events.Resize) -> None:
        if self.pairs:
            self._draw()

    def offered(self, command: Command) -> bool:
        if command is c.PairsMore:
            return self.first + self._pairs_at_once() < len(self.pairs)
        if command is c.PairsLess:
            return self.first > 0
        return super().offered(command)

    def do_pairs_more(self) -> None:
        self.first += self._pairs_at_once()
        self._draw()

    def do_pairs_less(self) -> None:
        self.first = max(0, self.first - self._pairs_at_once())
        self._draw()


def _pictures(pair: dict[str, Any]) -> list[Pixels]:
    """Both pictures with their captions; one that is gone leaves its place empty."""
    captions = {"synthetic": f"synthetic {said(pair['record'], 20)}", "training": "nearest in training"}
    empty = Pixels(1, 1, 1, b"\0")
    return [
        Pixels.from_document(pair[side], caption) if pair[side] else Pixels(*_shape(empty), f"{caption}: gone")
        for side, caption in captions.items()
    ]


def _shape(pixels: Pixels) -> tuple[int, int, int, bytes]:
    return pixels.width, pixels.height, pixels.channels, pixels.data


def _reading(place: int, pair: dict[str, Any]) -> str:
    """How alike the two are, and how many unseen real pictures come as near to a training picture."""
    alike = f"{place + 1}. correlation {number(pair['alike'])}"
    if pair.get("as_near") is None:
        return alike
    if pair["as_near"] == 0:
        return f"{alike}; nearer than any unseen real picture comes to the training pictures"
    return f"{alike}; {share(pair['as_near'])} of unseen real pictures come as near"
