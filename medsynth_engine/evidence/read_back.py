"""Read-back: can what an image was asked to show be read from it, as well as from real images? (reference 3.5)

Readers are trained on real training images, and read held-out real ones (the ceiling) and synthetic ones. Words are
read by their AUC (each value against the rest, mean over the values), measures such as age in years by Spearman's rank
correlation. What counts is the share of the ceiling above chance; the same with rows shuffled against images must be 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.linear_model import Ridge

from medsynth_engine.evidence.inputs import FOLDS
from medsynth_engine.evidence.intervals import Z95, Interval, wilson
from medsynth_engine.evidence.learners import TIMES, reader
from medsynth_engine.evidence.pictures import Pictures
from medsynth_engine.evidence.resampling import auc, spread
from medsynth_engine.evidence.tables import group, has, numbers, present
from medsynth_engine.evidence.tasks import FEWEST_TRAIN, Task
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.evidence import Evidence, not_enough

ASKED_ROLES = ("finding", "sex", "age", "ethnicity", "condition")
MEASURED = ("number", "integer")
SHUFFLES = 40
RIDGE = 10.0
"""The penalty of the reader of measures, on features of unit spread."""
METHOD = (
    "Readers trained on real training images; agreement above chance on synthetic images over that on held-out real "
    "ones; Fieller's interval (1954) from the spread over redrawn patients."
)
CLASSIFIED = "Logistic regression on radiomics-lite, AUC of each value against the rest. " + METHOD
REGRESSED = "Ridge regression on radiomics-lite, Spearman's rank correlation. " + METHOD
SHUFFLED = f"As read-back, after the rows changed places with those of other patients; {SHUFFLES} times, 95 % of them."


@dataclass(frozen=True)
class Readings:
    """What readers say of the images of one fold, and what stands in their rows.

    said    float (k, n): the score of each of k readers
    truth   (k, n): bool for words, float for a measure (k is 1)
    owners  int (n,): whose image each is
    """

    said: np.ndarray
    truth: np.ndarray
    owners: np.ndarray

    @classmethod
    def of(cls, said: np.ndarray, truth: np.ndarray, owners: np.ndarray) -> Readings:
        """`owners`: any numbers; kept as 0 to patients - 1."""
        return cls(said, truth, np.unique(owners, return_inverse=True)[1])

    @property
    def chance(self) -> float:
        return 0.5 if self.truth.dtype == bool else 0.0

    def each(self, rows: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """The agreement of each reader on `rows` (positions), float (k,); `labels`: whose truth is compared."""
        of = rows if labels is None else labels
        pairs = [(said[rows], truth[of]) for said, truth in zip(self.said, self.truth, strict=True)]
        if self.truth.dtype == bool:
            return np.array([auc(said[truth], said[~truth]) for said, truth in pairs])
        return np.array([_spearman(said, truth) for said, truth in pairs])

    def above(self, rows: np.ndarray, labels: np.ndarray | None = None) -> float:
        """Mean agreement above chance; NaN where no reader has two kinds of rows."""
        found = self.each(rows, labels)
        return float(found[np.isfinite(found)].mean()) - self.chance if np.isfinite(found).any() else float("nan")

    def measured(self, rng: np.random.Generator) -> tuple[float, float]:
        """Agreement above chance on all images, and its standard deviation over redrawn patients.

        A perfect agreement shows no deviation; each patient then counts as one trial (Wilson).
        """
        deviation = spread(self.above, (self.owners,), rng, TIMES)
        patients = int(self.owners.max()) + 1
        unseen = (1 - wilson(patients, patients).low) / Z95
        return self.above(np.arange(len(self.owners))), deviation or unseen

    def shuffled(self, rng: np.random.Generator) -> np.ndarray:
        """Agreement above chance where rows stand beside images of other patients, SHUFFLES times.

        Patients change places as a whole, so that images that go together stay together.
        """
        in_place = np.argsort(self.owners, kind="stable")
        count = int(self.owners.max()) + 1
        orders = (np.argsort(rng.permutation(count)[self.owners], kind="stable") for _ in range(SHUFFLES))
        return np.array([self.above(in_place, order) for order in orders])


def asked_attributes(schema: Mapping[str, Any]) -> tuple[tuple[str, bool], ...]:
    """What a generator may be asked for, and whether it is a measure: findings first; an age in years and its band."""
    found: list[tuple[str, bool]] = []
    entries = [entry for entry in schema.get("columns", ()) if entry.get("role") in ASKED_ROLES]
    for entry in sorted(entries, key=lambda entry: ASKED_ROLES.index(entry["role"])):
        measured = entry.get("kind") in MEASURED
        found += [("age_band", False)] if entry["role"] == "age" and measured else []
        found.append((str(entry["name"]), measured))
    return tuple(dict.fromkeys(found))


def read_backs(
    seen: Mapping[str, Pictures],
    scaled: Mapping[str, np.ndarray],
    tables: Mapping[str, pd.DataFrame],
    schema: Mapping[str, Any],
    rng: np.random.Generator,
) -> list[Evidence]:
    """`utility.read_back.<attribute>` of every attribute that can be asked for, each before its shuffle test.

    seen, scaled   the images of each fold and their features; `tables` the rows they came from
    """
    found: list[Evidence] = []
    for attribute, measured in asked_attributes(schema):
        if measured and all(attribute in table for table in tables.values()):
            found += _read_back(attribute, True, _measured(seen, scaled, tables, attribute), rng)
        elif not measured and has(attribute, *tables.values()):
            found += _read_back(attribute, False, _classified(seen, scaled, tables, attribute), rng)
    return found


@dataclass(frozen=True)
class _Read:
    """Readings of held-out and of synthetic images; `labels` names the readers."""

    held: Readings
    drawn: Readings
    labels: tuple[str, ...]


def _classified(
    seen: Mapping[str, Pictures], scaled: Mapping[str, np.ndarray], tables: Mapping[str, pd.DataFrame], attribute: str
) -> _Read | None:
    """A reader for each value. Images whose value is not known are not read. None where there is too little."""
    values = [group(tables[fold], attribute)[seen[fold].rows] for fold in FOLDS]
    known = [np.array([value is not None for value in some], dtype=bool) for some in values]
    training, holdout, synthetic = (scaled[fold][keep] for fold, keep in zip(FOLDS, known, strict=True))
    first, second, third = (present(some[keep]) for some, keep in zip(values, known, strict=True))
    owners = [seen[fold].owners[keep] for fold, keep in zip(FOLDS, known, strict=True)]
    nobody = pd.DataFrame(index=range(len(holdout)))
    task = Task("image", training, holdout, synthetic, (first, second, third), owners[1], owners[2], nobody)
    labels = task.usable()
    if not labels:
        return None
    models = [reader().fit(training, first[label]) for label in labels]
    held, drawn = (
        Readings.of(
            np.stack([model.predict_proba(features)[:, 1] for model in models]),
            np.stack([masks[label] for label in labels]),
            whose,
        )
        for features, masks, whose in ((holdout, second, owners[1]), (synthetic, third, owners[2]))
    )
    return _Read(held, drawn, tuple(labels))


def _measured(
    seen: Mapping[str, Pictures], scaled: Mapping[str, np.ndarray], tables: Mapping[str, pd.DataFrame], attribute: str
) -> _Read | None:
    """One reader for a number. None where fewer than eleven images of a fold have one, or all have the same."""
    values = [numbers(tables[fold][attribute])[seen[fold].rows] for fold in FOLDS]
    known = [np.isfinite(some) for some in values]
    if any(keep.sum() < FEWEST_TRAIN or np.ptp(some[keep]) == 0 for some, keep in zip(values, known, strict=True)):
        return None
    model = Ridge(alpha=RIDGE).fit(scaled["training"][known[0]], values[0][known[0]])
    held, drawn = (
        Readings.of(model.predict(scaled[fold][keep])[None], some[keep][None], seen[fold].owners[keep])
        for fold, some, keep in list(zip(FOLDS, values, known, strict=True))[1:]
    )
    return _Read(held, drawn, (attribute,))


def _read_back(attribute: str, measured: bool, read: _Read | None, rng: np.random.Generator) -> list[Evidence]:
    name, shuffled_name = f"utility.read_back.{attribute}", f"utility.read_back_shuffled.{attribute}"
    method = REGRESSED if measured else CLASSIFIED
    if read is None:
        return [not_enough(name, 0, "one", "too few images of two values.", method)]
    shown, n = plain(attribute.replace("_", " "), 60), len(read.drawn.owners)
    (ceiling, ceiling_spread), (found, found_spread) = read.held.measured(rng), read.drawn.measured(rng)
    chance, unit = read.held.chance, "a rank correlation" if measured else "an AUC"
    low, high = (chance + ceiling + side * Z95 * ceiling_spread for side in (-1, 1))
    if not np.isfinite(ceiling_spread) or low <= chance:
        says = (
            f"Not image-borne: real images do not show the {shown} to the reader either ({unit} of "
            f"{chance + ceiling:.2f} on held-out ones, {low:.2f} to {high:.2f}; {chance:.2f} is guessing)."
        )
        return [Evidence(name, None, None, None, 1.0, n, "one", "", says, method)]
    share = fieller(found, found_spread, ceiling, ceiling_spread)
    says = (
        f"The {shown} that was asked for is read from synthetic images with {unit} of {chance + found:.2f}, from "
        f"held-out real ones with {chance + ceiling:.2f} ({low:.2f} to {high:.2f}); 1 means as well as from real ones."
    )
    return [
        Evidence(name, share.value, share.low, share.high, 1.0, n, "one", "", says + _worst(read), method),
        _shuffled(shuffled_name, shown, read.drawn.shuffled(rng) / ceiling, share.value, n),
    ]


def _shuffled(name: str, shown: str, shares: np.ndarray, in_place: float, n: int) -> Evidence:
    """What is left of the read-back where rows stand beside the images of other patients."""
    low, high = (float(np.nanquantile(shares, side)) for side in (0.025, 0.975))
    says = (
        f"With rows shuffled against images {np.nanmean(shares):.2f} of the {shown} is read back, with each row beside "
        f"its image {in_place:.2f}; 0 is chance, and in place must be above what shuffling reaches ({high:.2f})."
    )
    return Evidence(name, float(np.nanmean(shares)), low, high, 0.0, n, "zero", "", says, SHUFFLED)


def _worst(read: _Read) -> str:
    """Of three values and more, the one that images obey least."""
    if len(read.labels) < 3:
        return ""
    real, drawn = (part.each(np.arange(len(part.owners))) for part in (read.held, read.drawn))
    least = int(np.argmin(drawn - real))
    return f" Least well: {plain(read.labels[least], 40)} ({drawn[least]:.2f}, from real ones {real[least]:.2f})."


def fieller(above: float, above_spread: float, below: float, below_spread: float) -> Interval:
    """`above / below` with the 95 % interval of Fieller 1954 for independent, roughly normal measurements.

    Bounded only where `below` is itself told from 0 (below / below_spread over 1.96): call it nowhere else.
    """
    ratio, open_end = above / below, (Z95 * below_spread / below) ** 2
    inner = above_spread**2 + (ratio * below_spread) ** 2 - open_end * above_spread**2
    half = Z95 / abs(below) * float(np.sqrt(max(0.0, inner)))
    return Interval(ratio, (ratio - half) / (1 - open_end), (ratio + half) / (1 - open_end), 0)


def _spearman(said: np.ndarray, truth: np.ndarray) -> float:
    """Rank correlation (Spearman 1904), ties at their mean rank; NaN where one side is constant."""
    if len(said) < 2 or np.ptp(said) == 0 or np.ptp(truth) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(said), rankdata(truth))[0, 1])
