"""What an image can be asked for: attributes with their values, and how a table of rows becomes numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from medsynth_engine.kernel.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Categorical:
    """One attribute with named values; `counts` says how many training images had each."""

    name: str
    values: tuple[str, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Continuous:
    """One measured attribute in its own unit; `low` and `high` are the (rounded) range seen in training."""

    name: str
    mean: float
    std: float
    low: float
    high: float


@dataclass(frozen=True)
class Conditions:
    """A batch of conditions on a device.

    categorical  int64 (n, A), value index; the number of values of the attribute means unknown
    continuous   float32 (n, B), z-scored; 0 where unknown
    known        float32 (n, B), 1 where `continuous` is known
    """

    categorical: Tensor
    continuous: Tensor
    known: Tensor

    def __len__(self) -> int:
        return len(self.categorical)

    def __getitem__(self, index: Any) -> Conditions:
        return Conditions(self.categorical[index], self.continuous[index], self.known[index])

    def to(self, device: torch.device | str) -> Conditions:
        return Conditions(self.categorical.to(device), self.continuous.to(device), self.known.to(device))

    def twice(self) -> Conditions:
        """The same conditions two times over: for a batch of real images followed by their partners."""
        return concatenate([self, self])


def concatenate(parts: Sequence[Conditions]) -> Conditions:
    return Conditions(
        torch.cat([part.categorical for part in parts]),
        torch.cat([part.continuous for part in parts]),
        torch.cat([part.known for part in parts]),
    )


@dataclass(frozen=True)
class Vocabulary:
    """All attributes a generator obeys, in a fixed order."""

    categorical: tuple[Categorical, ...] = ()
    continuous: tuple[Continuous, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (*(item.name for item in self.categorical), *(item.name for item in self.continuous))

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Vocabulary:
        """From `conditions` of `config.json` or of a weights file. Raises BadInput where it is not one."""
        try:
            categorical = tuple(
                Categorical(
                    str(item["name"]),
                    tuple(str(value) for value in item["values"]),
                    tuple(int(count) for count in item.get("counts") or [0] * len(item["values"])),
                )
                for item in document.get("categorical", ())
            )
            continuous = tuple(
                Continuous(str(item["name"]), *(float(item[key]) for key in ("mean", "std", "low", "high")))
                for item in document.get("continuous", ())
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput("conditions_unreadable", "The list of conditions is not readable.") from error
        vocabulary = cls(categorical, continuous)
        if len(set(vocabulary.names)) != len(vocabulary.names) or any(
            len(item.values) != len(item.counts) or len(set(item.values)) != len(item.values) for item in categorical
        ):
            raise BadInput("conditions_unreadable", "The list of conditions names an attribute or a value twice.")
        if not all(math.isfinite(number) for item in continuous for number in (item.mean, item.std)):
            raise BadInput("conditions_unreadable", "A condition has a mean or a spread that is not a number.")
        return vocabulary

    def document(self) -> dict[str, list[dict[str, Any]]]:
        return {
            "categorical": [
                {"name": item.name, "values": list(item.values), "counts": list(item.counts)}
                for item in self.categorical
            ],
            "continuous": [
                {"name": c.name, "mean": c.mean, "std": c.std, "low": c.low, "high": c.high} for c in self.continuous
            ],
        }

    def encode(self, categorical: np.ndarray, continuous: np.ndarray) -> Conditions:
        """From codes: int (n, A) with -1 for missing, and float (n, B) in own units with NaN for missing.

        Raises BadInput where the arrays do not fit the vocabulary.
        """
        if categorical.shape[1:] != (len(self.categorical),) or continuous.shape[1:] != (len(self.continuous),):
            raise BadInput("conditions_do_not_fit", "The table of conditions does not fit the list of conditions.")
        sizes = np.array([len(item.values) for item in self.categorical], np.int64).reshape(1, -1)
        codes = categorical.astype(np.int64)
        if (codes >= sizes).any():
            raise BadInput("conditions_do_not_fit", "The table of conditions holds a value that the list does not.")
        known = np.isfinite(continuous)
        mean = np.array([item.mean for item in self.continuous], np.float64)
        spread = np.array([item.std if item.std > 0 else 1.0 for item in self.continuous], np.float64)
        score = np.where(known, (np.where(known, continuous, 0.0) - mean) / spread, 0.0)
        return Conditions(
            torch.from_numpy(np.where(codes < 0, sizes, codes)),
            torch.from_numpy(np.clip(score, -6, 6).astype(np.float32)),
            torch.from_numpy(known.astype(np.float32)),
        )

    def encode_table(self, table: pd.DataFrame) -> Conditions:
        """From rows whose columns carry the attributes' names. A missing column, an empty cell or a value that
        was never seen in training means unknown. Columns that are no conditions are ignored."""
        import pandas as pd  # which a training never needs: it has codes and numbers

        from medsynth_engine.gan.cell import as_value

        categorical = np.full((len(table), len(self.categorical)), -1, np.int64)
        for position, attribute in enumerate(self.categorical):
            if attribute.name in table:
                code = {as_value(value): index for index, value in enumerate(attribute.values)}
                categorical[:, position] = [code.get(as_value(cell), -1) for cell in table[attribute.name]]
        continuous = np.full((len(table), len(self.continuous)), np.nan)
        for position, measure in enumerate(self.continuous):
            if measure.name in table:
                continuous[:, position] = pd.to_numeric(table[measure.name], errors="coerce").to_numpy(
                    float, na_value=np.nan
                )
        return self.encode(categorical, continuous)

    def unknown(self, count: int) -> Conditions:
        """`count` times nothing asked for."""
        return self.encode(np.full((count, len(self.categorical)), -1), np.full((count, len(self.continuous)), np.nan))

    def dropped(self, conditions: Conditions, probability: float, generator: torch.Generator) -> Conditions:
        """Each attribute of each image becomes unknown with `probability`: one model then answers any partial query."""
        device = conditions.categorical.device
        sizes = _on_device(tuple(len(item.values) for item in self.categorical), device)
        drop = torch.rand(conditions.categorical.shape, generator=generator, device=device) < probability
        keep = torch.rand(conditions.continuous.shape, generator=generator, device=device) >= probability
        return Conditions(
            torch.where(drop, sizes, conditions.categorical),
            conditions.continuous * keep,
            conditions.known * keep,
        )


@cache
def _on_device(numbers: tuple[int, ...], device: torch.device) -> Tensor:
    """Brought there once: a copy to a GPU waits for all that it has to do."""
    return torch.tensor(numbers, device=device)
