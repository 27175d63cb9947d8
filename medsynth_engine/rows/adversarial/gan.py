"""Rows from a conditional tabular GAN: what can be asked for is drawn exactly, a network draws the rest given it.

After Xu et al. 2019 (CTGAN), with one change: the conditioning columns come from their learned joint and are always
told to the network, all of them, so that asking is exact. Offered from about `FEWEST` rows; below, trees do better.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch

from medsynth_engine.rows.adversarial.encoding import Modes, Span, encoded, spans
from medsynth_engine.rows.adversarial.networks import LATENT, Generator
from medsynth_engine.rows.adversarial.training import Plan, Sampler, train
from medsynth_engine.rows.choose import choose
from medsynth_engine.rows.coding import Bins
from medsynth_engine.rows.columns import ages_of_bands
from medsynth_engine.rows.model import RowModel
from medsynth_engine.rows.step import Step
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import Teacher, joint_of, prepared
from medsynth_engine.rows.unusable import UnusableTable

FEWEST = 5_000
"""Rows from which it is offered."""


@dataclass(frozen=True)
class TabularGan(RowModel):
    """`steps` draw the conditioning columns; `modes` (None for words) and `weights` draw the others."""

    steps: tuple[Step, ...]
    modes: tuple[Modes | None, ...]
    weights: dict[str, np.ndarray]

    FORMAT: ClassVar[str] = "medsynth.rows.gan"

    @classmethod
    def fit(
        cls,
        table: pd.DataFrame,
        schema: Schema,
        rng: np.random.Generator,
        first: Sequence[str] = (),
        patients: np.ndarray | pd.Series | None = None,
        steps: int | None = None,
        progress: Callable[[int, int | None, str], None] = lambda done, total, say: None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Self:
        """Learn `table`; see `SequentialTrees.fit`. The same seed gives the same model on the same machine.

        steps     of the game; None for about 300 passes over the table
        progress  told `(done, total, say)` every fifty steps; `wanted` asked as often

        Raises UnusableTable as trees do, and (`cancelled`) where `wanted` turned False.
        """
        lesson = prepared(table, schema, first, patients)
        coded, asked = lesson.coded, lesson.asked
        teacher = Teacher(coded, asked, lesson.patients, rng)
        known = tuple(teacher.step(number) for number in range(asked))
        inner = tuple(column.inner for column in coded)
        codes = teacher.codes
        modes = tuple(
            Modes.of(column.coding, codes[:, number], teacher.seed)
            if isinstance(column.coding, Bins) and column.coding.lows
            else None
            for number, column in enumerate(inner)
        )
        weights: dict[str, np.ndarray] = {}
        if asked < len(inner):
            rows = encoded(codes[:, asked:], inner[asked:], modes[asked:], rng)
            places = spans(inner[asked:], modes[asked:])
            given = encoded(codes[:, :asked], inner[:asked], (None,) * asked, rng)
            sampler = Sampler(rows, given, places, rng)
            network = train(sampler, places, Plan.of(len(rows), teacher.seed, steps), progress, wanted)
            if network is None:
                raise UnusableTable("cancelled", "Learning the rows was cancelled.", "Ask for it again any time.")
            weights = {name: value.numpy().astype(np.float32) for name, value in network.state_dict().items()}
        outer = lesson.outer
        return cls(outer, inner, asked, teacher.records(), known, modes, weights)

    def _shares(self) -> np.ndarray:
        return joint_of(self.steps)

    def _complete(self, codes: np.ndarray, firsts: np.ndarray, patient: np.ndarray, rng: np.random.Generator) -> None:
        asked, inner = self.asked, self.inner
        if asked == len(inner) or not len(codes):
            return
        raw = self._said(codes, rng)
        for number, span in enumerate(self._spans, start=asked):
            once = self._once(inner[number])
            rows = firsts if once else np.arange(len(codes))
            barred = self.masks.forbidden(number, codes, firsts if once else None)
            if inner[number].within:
                outside = self._outside(number, codes[rows, self._places[inner[number].within]])
                barred = outside if barred is None else barred | outside
            drawn = self._drawn(number, span, raw[rows], barred, rng)
            codes[:, number] = drawn[patient] if once else drawn

    def _said(self, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What the network says of each row: places in -1..1 and logits, float64 (n, width)."""
        asked = self.asked
        given = encoded(codes[:, :asked], self.inner[:asked], (None,) * asked, rng)
        told = sum(span.end - span.start for span in self._spans if not span.number)
        condition = np.concatenate([given, np.zeros((len(codes), told), np.float32)], axis=1)
        latent = torch.from_numpy(rng.standard_normal((len(codes), LATENT)).astype(np.float32))
        with torch.inference_mode():
            return self._network(latent, torch.from_numpy(condition)).double().numpy()

    def _drawn(self, number: int, span: Span, raw: np.ndarray, barred: np.ndarray | None, rng: Any) -> np.ndarray:
        coding, modes = self.inner[number].coding, self.modes[number]
        logits = raw[:, span.choice]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        even = rng.random(len(raw))
        if modes is None:
            if len(shares[0]) > 1 and not coding.missing_learned:
                shares[:, -1] = 0.0
            picked = choose(shares, np.zeros_like(shares, dtype=bool) if barred is None else barred, even)
            return np.where(picked < 0, coding.missing, picked)
        assert isinstance(coding, Bins)
        mode = choose(shares, np.zeros_like(shares, dtype=bool), even)
        missing = mode == len(modes.means)
        values = modes.value(np.tanh(raw[:, span.start]), np.minimum(mode, len(modes.means) - 1))
        codes = coding.encode(pd.Series(values)).astype(np.int64)
        if barred is not None:
            codes = _nearest_allowed(codes, values, modes.middles, barred)
        return np.where(missing & coding.missing_learned, coding.missing, codes)

    def _outside(self, number: int, band: np.ndarray) -> np.ndarray:
        """bool (n, size): the codes of a column that were never seen within the code it lies in."""
        return ~self._inside[number][band]

    @cached_property
    def _inside(self) -> dict[int, np.ndarray]:
        """For a column within another (age in its band): which codes belong to which, bool (codes, size)."""
        return {
            number: ages_of_bands(column, self.inner[self._places[column.within]])
            for number, column in enumerate(self.inner)
            if column.within
        }

    @cached_property
    def _spans(self) -> tuple[Span, ...]:
        return spans(self.inner[self.asked :], self.modes[self.asked :])

    @cached_property
    def _network(self) -> Generator:
        conditions = sum(column.coding.size for column in self.inner[: self.asked])
        told = sum(span.end - span.start for span in self._spans if not span.number)
        network = Generator(conditions + told, self._spans[-1].end).requires_grad_(False)
        network.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in self.weights.items()})
        return network

    def _learned(self) -> dict[str, Any]:
        return {
            "steps": [step.document() for step in self.steps],
            "modes": [None if modes is None else modes.document() for modes in self.modes],
            "weights": {
                name: {"shape": list(value.shape), "data": base64.b64encode(value.astype("<f4").tobytes()).decode()}
                for name, value in self.weights.items()
            },
        }

    @classmethod
    def _restored(cls, document: dict[str, Any], **shared: Any) -> Self:
        return cls(
            steps=tuple(Step.from_document(step) for step in document["steps"]),
            modes=tuple(None if modes is None else Modes.from_document(modes) for modes in document["modes"]),
            weights={
                name: np.frombuffer(base64.b64decode(value["data"]), "<f4").reshape(value["shape"]).copy()
                for name, value in document["weights"].items()
            },
            **shared,
        )


def _nearest_allowed(codes: np.ndarray, values: np.ndarray, middles: np.ndarray, barred: np.ndarray) -> np.ndarray:
    """The bin itself, else the allowed one nearest to the value; missing where none is left."""
    rows = np.flatnonzero(barred[np.arange(len(codes)), codes])
    far = np.where(barred[rows, :-1], np.inf, np.abs(values[rows, None] - middles))
    moved = codes.copy()
    moved[rows] = np.where(np.isfinite(far).any(axis=1), far.argmin(axis=1), len(middles))
    return moved
