"""Synthetic people: the conditioning columns of every record, drawn exactly as asked, and whose record each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from medsynth_engine.rows.coding import Bins
from medsynth_engine.rows.joint import Joint, Request
from medsynth_engine.rows.request import Wanted
from medsynth_engine.rows.step import Step


@dataclass(frozen=True)
class People:
    """`own` of the joint's axes, the first ones, belong to the patient; `records` as in `RowModel`."""

    joint: Joint
    own: int
    records: tuple[Bins, Step] | None

    @property
    def usual_records(self) -> int:
        """How many records a patient had on average, at least 1."""
        if self.records is None or not self.records[0].lows:
            return 1
        return max(1, round(float(np.mean([*self.records[0].lows, *self.records[0].highs]))))

    def draw(self, wanted: Wanted, n: int, width: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Codes (n, width) with the conditioning columns drawn, and the patient (n,) of each record.

        Records are in the order of `wanted.groups`, so that those of one patient lie together.
        """
        codes = np.zeros((n, width), dtype=np.int64)
        patient = np.zeros(n, dtype=np.int64)
        start = patients = 0
        for request, count in wanted.groups:
            rows = slice(start, start + count)
            if self.records is None:
                codes[rows, : self.joint.shares.ndim] = self.joint.draw(request, count, rng)
                patient[rows] = np.arange(start, start + count)
            else:
                block, sizes = self._patients(request, count, rng)
                owner = np.repeat(np.arange(len(sizes)), sizes)
                codes[rows, : self.joint.shares.ndim] = self._of_their_patients(block, owner, request, rng)
                patient[rows] = patients + owner
                patients += len(sizes)
            start += count
        return codes, patient

    def _patients(self, request: Request, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Patients whose records number `count` together: their conditioning codes, and how many records each has."""
        assert self.records is not None
        coding, step = self.records
        own = self.own
        blocks, sizes, filled = [], [], 0
        while filled < count:
            guess = max(1, round((count - filled) / self.usual_records))
            block = self.joint.draw(request, guess, rng)
            size = np.maximum(1, np.nan_to_num(coding.decode(step.draw(block[:, :own], None, rng), rng), nan=1))
            blocks.append(block)
            sizes.append(size.astype(np.int64))
            filled += int(sizes[-1].sum())
        ends = np.minimum(np.cumsum(np.concatenate(sizes)), count)
        kept = np.diff(np.r_[0, ends])
        return np.concatenate(blocks)[kept > 0], kept[kept > 0]

    def _of_their_patients(self, block: np.ndarray, owner: np.ndarray, request: Request, rng: Any) -> np.ndarray:
        """Give each record its patient's codes, and draw the record's own conditioning columns anew."""
        codes = block[owner]
        if self.own == self.joint.shares.ndim:
            return codes
        distinct, which = np.unique(codes[:, : self.own], axis=0, return_inverse=True)
        for number, own in enumerate(distinct):
            rows = np.flatnonzero(which.ravel() == number)
            fixed = (*((int(code),) for code in own), *request[self.own :])
            codes[rows] = self.joint.draw(fixed, len(rows), rng)
        codes[:, : self.own] = block[owner][:, : self.own]
        return codes
