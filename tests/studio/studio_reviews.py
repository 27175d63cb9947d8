"""A review queue made up for the tests, the way to it, and when its picture counts as seen."""

from __future__ import annotations

from time import monotonic
from typing import Any

from fake_engine import LONG, FakeEngine, picture
from studio_people import log_in, shows
from textual.pilot import Pilot

from medsynth_tui.app import MedSynth
from medsynth_tui.screens.review import GLANCE_SECONDS, ReviewQueue

LAST = 3


class Reviewed(FakeEngine):
    """A queue of four that remembers what was decided, and when somebody looked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.decided: dict[str, str | None] = {}
        self.masked: list[Any] = []
        self.looks: list[str] = []
        self.may_decide, self.pictured, self.boxes = True, True, [[10, 20, 300, 60]]

    def _held(self, index: int, dataset: str) -> dict[str, Any]:
        entry = super()._held(index, dataset)
        decision = self.decided.get(f"{dataset}/{entry['id']}")
        return {**entry, "decision": decision, "may_decide": self.may_decide, "boxes": self.boxes}

    async def review_list(self, dataset: str | None = None) -> list[dict[str, Any]]:
        return [self._held(index, dataset or LONG) for index in range(LAST + 1)]

    async def review_show(self, id: str, size: int = 512) -> dict[str, Any]:
        self.looks.append(id)
        shown = {**await super().review_show(id, size), "picture": picture(256)}
        return shown if self.pictured else {**shown, "picture": None, "read": []}

    async def review_accept(self, id: str) -> dict[str, Any]:
        return self._answer(id, "accept")

    async def review_reject(self, id: str) -> dict[str, Any]:
        return self._answer(id, "reject")

    async def review_undo(self, id: str) -> dict[str, Any]:
        return self._answer(id, None)

    async def review_mask(self, id: str, boxes: list[list[int]] | None = None) -> dict[str, Any]:
        self.masked.append(boxes)
        return self._answer(id, "mask")

    def _answer(self, id: str, decision: str | None) -> dict[str, Any]:
        self.decided[id] = decision
        dataset, _, record = id.rpartition("/")
        return {"id": record, "dataset": dataset, "decision": decision, "undecided": 1, "job": None}

    @property
    def words(self) -> list[str | None]:
        return [self.decided.get(f"{LONG}/rabcdef{index:010d}") for index in range(LAST + 1)]


async def open_queue(pilot: Pilot[Any]) -> None:
    app = pilot.app
    assert isinstance(app, MedSynth)
    await log_in(pilot, "somebody", "some words")
    app.go("review")
    await shows(pilot, "Read:")


def has_seen(app: MedSynth) -> bool:
    screen = app.screen
    if not isinstance(screen, ReviewQueue) or not screen._has_picture():
        return False
    return monotonic() - screen.looked_since > GLANCE_SECONDS
