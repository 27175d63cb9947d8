"""The samples of a training: the newest unasked where the line carries pictures, else by key, its cost told before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widgets import Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui.commands import RunLater
from medsynth_tui.widgets.picture import Pictures, Pixels
from medsynth_tui.widgets.sheet import chosen, tiles
from medsynth_tui.words import number

if TYPE_CHECKING:
    from medsynth_tui.view import View

    Base = View
else:
    Base = object

THUMBNAIL = 16
"""Pixels of a side on a slow line: a character for two of them, sixteen columns of eight lines."""


class ShowsSamples(Base):
    """For the screen of a run, with widgets `#sample` and `#caption`. Steps through the samples by kimg."""

    run_name: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.samples: list[float] = []
        self.shown_sample: float | None = None
        self.newest_wanted = True

    def samples_are(self, samples: list[float]) -> None:
        """These have been drawn so far, by their kimg."""
        newer = samples != self.samples
        self.samples = samples
        if samples and newer and self.newest_wanted:
            self._offer_sample(samples[-1])

    def _offer_sample(self, kimg: float) -> None:
        """The newest sample: drawn where the line carries pictures, else named with what it would cost."""
        if self.studio.profile.pictures:
            self._fetch_sample(kimg)
        elif self.shown_sample is None:
            self._caption(
                f"press {self.key(RunLater)} for a sample",
                f"{number(kimg)} kimg, {self.studio.cost(THUMBNAIL**2 // 2)}",
            )

    def offer_again(self) -> None:
        """The line carries more or less than was thought: what is not yet sent of a picture need not be."""
        if self.shown_sample is not None and self.newest_wanted:
            self.shown_sample = None
            self.query_one("#sample", Pictures).show(())
            self._offer_sample(self.samples[-1])

    def _side(self) -> int:
        """Of a sample, in pixels: a column of the terminal each, two to a line."""
        if not self.studio.profile.pictures:
            return THUMBNAIL
        return 22 if self.size.width >= 110 else 26

    def _caption(self, *lines: str) -> None:
        self.query_one("#caption", Static).update(Content("\n".join(filter(None, lines))))

    def _fetch_sample(self, kimg: float) -> None:
        name = self.run_name
        self.ask(
            lambda engine: engine.runs_sample(name, kimg), self._show_sample, group="sample", refused=self._no_sample
        )

    def _no_sample(self, error: MedSynthError) -> bool:
        return error.code == "no_samples"

    def _show_sample(self, document: dict[str, Any]) -> None:
        self.shown_sample = document["kimg"]
        rows = tiles(Pixels.from_document(document))
        pictures = self.query_one("#sample", Pictures)
        pictures.side = side = self._side()
        several = self.size.width >= 110 and self.studio.profile.pictures
        few = chosen(rows, 4 if several else 1)
        pictures.show(few if several else [each.fitted(side, side) for each in few])
        at = self.samples.index(self.shown_sample) + 1 if self.shown_sample in self.samples else 0
        place = f", {at} of {len(self.samples)}" if at else ""
        self._caption(f"drawn at {number(document['kimg'])} kimg{place}")

    def _step_sample(self, by: int) -> None:
        if not self.samples:
            return
        if self.shown_sample is None:
            self._fetch_sample(self.samples[-1])
            return
        now = self.samples.index(self.shown_sample) if self.shown_sample in self.samples else len(self.samples) - 1
        wanted = min(len(self.samples) - 1, max(0, now + by))
        self.newest_wanted = wanted == len(self.samples) - 1
        self._fetch_sample(self.samples[wanted])

    def do_run_earlier(self) -> None:
        self._step_sample(-1)

    def do_run_later(self) -> None:
        self._step_sample(1)
