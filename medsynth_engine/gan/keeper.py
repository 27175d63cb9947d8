"""Which generator is kept, and when there is nothing more to gain: decided from the evaluations alone.

Same evaluations, same decisions: the history is part of the checkpoint, so that a resumed run ends where it would have.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from medsynth_engine.gan.evaluate import Measured

CLEARLY = 0.1
"""A ratio that is worse by less than a tenth is no matter of overfitting, however well it is measured."""
LEAST_EVALUATIONS, MOST_EVALUATIONS = 3, 8
LEAST_SHARE, MOST_SHARE = 0.25, 0.5


@dataclass(frozen=True)
class Judged:
    """One evaluation after `seen` images: Fréchet ratio with its noise, nearest-neighbour risk, copies suspected."""

    seen: int
    ratio: float | None
    noise: float
    risk: float
    copying: bool

    @classmethod
    def of(cls, seen: int, measured: Measured) -> Judged:
        return cls(seen, measured.fd_ratio, measured.fd_noise or 0.0, measured.neighbour_risk or 0.0, measured.copying)

    @property
    def place(self) -> tuple[bool, float, float]:
        """Smaller is better: no copies before any, then the ratio; among copies, those that copy least."""
        assert self.ratio is not None
        return (True, self.risk, self.ratio) if self.copying else (False, self.ratio, self.risk)

    def clearly_worse(self, best: Judged) -> bool:
        """Worse by a tenth, and by more than two standard errors of the difference."""
        assert self.ratio is not None and best.ratio is not None
        apart = self.ratio - best.ratio
        return apart > CLEARLY * best.ratio and apart > 2 * math.hypot(self.noise, best.noise)


class Keeper:
    """Remembers all evaluations of a run. Those that measured nothing are remembered too, and never the best."""

    def __init__(self) -> None:
        self.history: list[Judged] = []
        self.best: Judged | None = None

    def knows(self, seen: int) -> bool:
        """Whether there was an evaluation after so many images."""
        return any(judged.seen == seen for judged in self.history)

    def take(self, judged: Judged, usable: bool = True) -> bool:
        """Remember; True where this generator is the one to keep from now on (`usable`: it holds numbers)."""
        self.history.append(judged)
        if not usable or judged.ratio is None or (self.best is not None and self.best.place <= judged.place):
            return False
        self.best = judged
        return True

    def over(self, images: int) -> str | None:
        """Why training should end before its `images` are seen, as a sentence; None where it should go on."""
        return self._copying() or self._overfitting(images)

    def _copying(self) -> str | None:
        if len(self.history) < 2 or not all(judged.copying for judged in self.history[-2:]):
            return None
        return (
            f"Copying grows: in two evaluations running, {self.history[-1].risk:.0%} of the nearest images lay nearer "
            "to training than to held-out images, clearly more than held-out images themselves do."
        )

    def _overfitting(self, images: int) -> str | None:
        """The noisier the measure, the longer the patience: in evaluations and in share of the budget."""
        best = self.best
        if best is None or best.ratio is None or best.copying:
            return None
        doubt = best.noise / max(best.ratio, 1e-12)
        patience = min(MOST_EVALUATIONS, LEAST_EVALUATIONS + math.ceil(10 * doubt))
        share = min(MOST_SHARE, LEAST_SHARE + doubt)
        later = [judged for judged in self.history if judged.seen > best.seen and judged.ratio is not None]
        if len(later) < patience or later[-1].seen - best.seen < share * images:
            return None
        if not all(judged.clearly_worse(best) for judged in later[-patience:]):
            return None
        return (
            f"Overfitting: in the last {patience} evaluations the Fréchet ratio on the validation fold was clearly "
            f"worse ({later[-1].ratio:.2f}) than its best ({best.ratio:.2f} after {best.seen / 1000:g} kimg)."
        )

    def kept(self) -> dict[str, Any]:
        """Which generator is kept and why: `generator` (best or last), `kimg`, `fd_ratio_validation`, `why`."""
        if self.best is None or self.best.ratio is None:
            return {"generator": "last", "why": "Nothing could be measured on the validation fold: the last is kept."}
        measured = [judged for judged in self.history if judged.ratio is not None]
        copies = sum(judged.copying for judged in measured)
        if self.best.copying:
            why = "All generators that were measured drew images like copies of training images; this one the fewest."
        else:
            why = f"The best Fréchet ratio on the validation fold, of {len(measured)} evaluations"
            why += f"; {copies} more drew images like copies and could not be chosen." if copies else "."
        return {"generator": "best", **best_document(self.best), "why": why}

    def state(self) -> dict[str, Any]:
        return {"history": [asdict(judged) for judged in self.history], "best": self.best and asdict(self.best)}

    def restore(self, state: dict[str, Any]) -> None:
        self.history = [Judged(**judged) for judged in state["history"]]
        self.best = Judged(**state["best"]) if state["best"] else None


def best_document(best: Judged) -> dict[str, Any]:
    """`best` as the run's state and the command line tell it."""
    assert best.ratio is not None
    return {"kimg": best.seen / 1000, "fd_ratio_validation": round(best.ratio, 4)}
