"""From a dataset to a run folder: the training and validation folds at training resolution, never the holdout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from db.canonical import digest
from medsynth_engine.gan.presets import Preset
from medsynth_engine.gan.private.limits import AGE
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.kernel.atomic import TEMPORARY, write_text, write_with
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.kernel.small_cells import LEAST_IMAGES, LEAST_PATIENTS
from medsynth_engine.rows.learners import Choice
from medsynth_engine.rows.rule import Rule
from medsynth_engine.work.learned_rows import learned

MOST_VALUES = 64
LEAST_TO_TRAIN = 32
CONDITION_ROLES = ("sex", "ethnicity", "finding", "condition")
MEASURED = ("number", "integer")
FOLDS = {"training": 0, "validation": 1}


def trainable(dataset: Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Records with an image in the training and validation folds, and those of the training fold alone.

    Raises BadInput where there are too few to learn from.
    """
    records = dataset.records()
    used = records[records["fold"].isin(FOLDS) & records["file"].notna()].reset_index(drop=True)
    training = used[used["fold"] == "training"]
    if len(training) < LEAST_TO_TRAIN:
        raise BadInput(
            "too_few_images",
            f"The training fold has {len(training)} images; a GAN needs at least {LEAST_TO_TRAIN}.",
            "Bring in more records, or draw rows alone: medsynth generate COHORT --dataset NAME.",
        )
    return used, training


def write_run_folder(
    dataset: Dataset,
    folder: RunFolder,
    *,
    name: str,
    preset: Preset,
    facts: dict[str, Any],
    rules: Sequence[Rule] = (),
    progress: Callable[[int, int | None, str], None] = lambda done, total, say: None,
) -> dict[str, Any]:
    """Write `train.npz`, `rows.json` and `config.json` (last: a folder without it is not ready).

    facts  what else the configuration holds: `budget`, `seed`, `device`, `low_resource`, `dataset`; with `privacy` no
           `rows.json` is written, because rows are learned without it, and all values are kept (`_all_conditions`)
    rules  what rows obey wherever the generator goes: they travel in `rows.json`
    """
    used, training = trainable(dataset)
    schema = dataset.schema()
    channels = int(schema["image"]["channels"])
    folder.create()
    progress(0, len(used), f"resizing to {preset.resolution} px")
    on_disk = folder.path / f"{TEMPORARY}pixels.npy"
    pixels = dataset.images(
        used,
        preset.resolution,
        channels,
        lambda shape: np.lib.format.open_memmap(on_disk, "w+", np.uint8, shape),
    )
    conditions_of = _all_conditions if facts.get("privacy") else _conditions
    categorical, continuous, conditions = conditions_of(used, training, schema)
    # Pseudonyms stay in the store: the folder may travel, so patients are numbered at random.
    rng = np.random.default_rng(facts["seed"])
    numbers = {patient: i for i, patient in enumerate(rng.permutation(used["patient"].unique()))}
    _write_folds(folder.data, pixels, used, numbers, categorical, continuous)
    del pixels
    on_disk.unlink()
    if facts.get("privacy"):
        # what the mechanism may know of the schema: how many columns, whatever is in them
        columns = sum(column["role"] in (*CONDITION_ROLES, "age") for column in schema["columns"])
        facts = {**facts, "privacy": {**facts["privacy"], "columns": columns}}
    else:
        progress(len(used), len(used), "learning the rows")
        write_text(folder.rows, learned(Choice(), training, schema, rng).under(rules).to_json())
    folder.set_config(
        {
            "format": 1,
            "run": name,
            "preset": preset.name,
            "resolution": preset.resolution,
            "channels": channels,
            "conditions": conditions,
            "augmentation": _augmentation(schema["image"].get("modality"), channels),
            "training_digest": digest({"dataset": dataset.digest(), "records": sorted(training["record"])}),
            "trained_on": len(training),
            **facts,
        }
    )
    return {"run": name, "training": len(training), "validation": len(used) - len(training)}


def _conditions(
    used: pd.DataFrame, training: pd.DataFrame, schema: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Codes (n, A) with -1 for unknown, numbers (n, B) with NaN, and the vocabulary with its training counts."""
    codes, numbers = [], []
    categorical: list[dict[str, Any]] = []
    continuous: list[dict[str, Any]] = []
    for column in schema["columns"]:
        name = column["name"]
        if column["role"] == "age" and column["kind"] in MEASURED:
            values = pd.to_numeric(training[name], errors="coerce").dropna()
            if len(values) >= LEAST_IMAGES and values.std() > 0:
                low, high = np.percentile(values, [1, 99])
                facts = {"mean": float(values.mean()), "std": float(values.std())}
                continuous.append({"name": name, **facts, "low": float(low), "high": float(high)})
                numbers.append(pd.to_numeric(used[name], errors="coerce").to_numpy(np.float32))
        elif name in conditioning_columns(schema):
            values = learned_values(training, name)
            if len(values) >= 2:
                vocabulary = {value: i for i, value in enumerate(values)}
                counts = training[name].astype(str).value_counts()
                categorical.append({"name": name, "values": values, "counts": [int(counts[v]) for v in values]})
                codes.append(used[name].astype(str).map(vocabulary).fillna(-1).to_numpy(np.int16))
    return (
        np.stack(codes, 1) if codes else np.zeros((len(used), 0), np.int16),
        np.stack(numbers, 1) if numbers else np.zeros((len(used), 0), np.float32),
        {"categorical": categorical, "continuous": continuous},
    )


def _all_conditions(
    used: pd.DataFrame, training: pd.DataFrame, schema: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """As `_conditions`, but with every value of every column, counts of nought, and a scale that was fixed beforehand.

    For differential privacy: a limit on exact counts would let one patient turn the values of many others into unknown
    ones, or a whole column on or off. What is too rare is left out behind the noise, by `gan/private/histogram.py`.
    """
    categorical: list[dict[str, Any]] = []
    codes = []
    for name in conditioning_columns(schema):
        values = sorted(training[name].dropna().astype(str).unique())
        code = {value: i for i, value in enumerate(values)}
        categorical.append({"name": name, "values": values, "counts": [0] * len(values)})
        codes.append(used[name].astype(str).where(used[name].notna()).map(code).fillna(-1).to_numpy(np.int32))
    measured = [c["name"] for c in schema["columns"] if c["role"] == "age" and c["kind"] in MEASURED]
    numbers = [pd.to_numeric(used[name], errors="coerce").to_numpy(np.float32) for name in measured]
    most = max((len(item["values"]) for item in categorical), default=0)
    return (
        np.stack(codes, 1).astype(np.int16 if most < 2**15 else np.int32)
        if codes
        else np.zeros((len(used), 0), np.int16),
        np.stack(numbers, 1) if numbers else np.zeros((len(used), 0), np.float32),
        {"categorical": categorical, "continuous": [{"name": name, **AGE} for name in measured]},
    )


def conditioning_columns(schema: dict[str, Any]) -> list[str]:
    """Columns whose values a generator may be asked for, where enough images carry them."""
    return [
        column["name"]
        for column in schema["columns"]
        if column["role"] in CONDITION_ROLES or (column["role"] == "age" and column["kind"] not in MEASURED)
    ]


def learned_values(training: pd.DataFrame, name: str) -> list[str]:
    known = training[training[name].notna()]
    groups = known.groupby(known[name].astype(str))["patient"].agg(["size", "nunique"])
    enough = groups[(groups["size"] >= LEAST_IMAGES) & (groups["nunique"] >= LEAST_PATIENTS)]
    return [str(value) for value in enough.sort_values("size", ascending=False).index[:MOST_VALUES]]


def _write_folds(
    path: Path,
    pixels: np.ndarray,
    used: pd.DataFrame,
    numbers: dict[str, int],
    categorical: np.ndarray,
    continuous: np.ndarray,
) -> None:
    arrays = {
        "images": pixels[..., 0] if pixels.ndim == 4 and pixels.shape[-1] == 1 else pixels,
        "fold": used["fold"].map(FOLDS).to_numpy(np.uint8),
        "patient": used["patient"].map(numbers).to_numpy(np.int32),
        "categorical": categorical,
        "continuous": continuous,
    }
    write_with(path, lambda stream: np.savez(stream, **arrays))


def _augmentation(modality: str | None, channels: int) -> str:
    word = (modality or "").lower()
    if word.startswith(("mr", "mri")):
        return "mri"
    if channels == 3:
        return "dermoscopy"
    return "radiograph"
