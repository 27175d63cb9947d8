"""What each feature space sees of real images that were changed: `python benchmarks/encoder.py`. Writes encoder.json.

Half of the patients are training data: a half of them teaches the encoder, the other half gives the floor. The other
patients are split ten times into held-out and "synthetic". The Fréchet ratio of the changed synthetic half is told
beside that of the unchanged one, and how many of the unchanged one's standard deviations lie between them (on the log
scale): above 2 the space sees the change at this size.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from medsynth_engine.features import encoder, radiomics  # noqa: E402
from medsynth_engine.features.frechet import Scale, frechet  # noqa: E402

DATA = Path(os.environ.get("MEDSYNTH_TEST_DATA", ROOT / "../shared/data")).resolve()
RESULTS = ROOT / "benchmarks" / "results" / "encoder.json"
SETS = ("mri_lgg_a", "skin_ham10000", "cxr_covid")
SIDE, MOST, SPLITS = 64, 1_500, 10


def read(name: str) -> tuple[np.ndarray, pd.DataFrame]:
    """At most MOST images uint8 (n, SIDE, SIDE) or (n, SIDE, SIDE, 3), and their table with `patient` and `finding`."""
    table = pd.read_csv(DATA / name / "metadata.csv").drop_duplicates("filename")
    table = table.rename(columns={"patient_id": "patient", "lesion_id": "patient"})
    if "modality" in table:
        table = table[table["modality"] == "X-ray"]
    table = table[[(DATA / name / "images" / file).exists() for file in table["filename"]]]
    table = table.sample(min(MOST, len(table)), random_state=0).reset_index(drop=True)
    mode = "RGB" if name.startswith("skin") else "L"
    images = []
    for file in table["filename"]:
        with Image.open(DATA / name / "images" / file) as image:
            images.append(np.asarray(image.convert(mode).resize((SIDE, SIDE), Image.Resampling.BILINEAR)))
    return np.stack(images), table


def changes(images: np.ndarray) -> dict[str, np.ndarray]:
    """Faults that generators have: of texture (blur, noise, grid), of shape and place, of variety."""
    rng = np.random.default_rng(2)
    real = images.astype(float)
    ghost, grid = 0.8 * real + 0.2 * real[rng.permutation(len(real))], real.copy()
    grid[:, ::2, ::2] += 4
    swapped, waved, few = images.copy(), images.copy(), images.copy()
    swapped[:, 8:24, 8:24], swapped[:, 40:56, 40:56] = images[:, 40:56, 40:56], images[:, 8:24, 8:24]
    for row in range(SIDE):
        waved[:, row] = np.roll(images[:, row], round(3 * np.sin(row / 6)), axis=1)
    half = len(images) // 2
    few[half:] = images[rng.integers(0, max(2, half // 10), len(images) - half)]
    left = images[:, :, : SIDE // 2]
    as_images: Callable[[np.ndarray], np.ndarray] = lambda pixels: pixels.clip(0, 255).astype(np.uint8)  # noqa: E731
    return {
        "blur": as_images(gaussian_filter(real, (0, 0.5, 0.5, 0)[: real.ndim])),
        "noise": as_images(real + rng.normal(0, 4, real.shape)),
        "grid": as_images(grid),
        "ghosts of others": as_images(ghost),
        "upside down": images[:, ::-1],
        "halves mirrored": np.concatenate([left, left[:, :, ::-1]], axis=2),
        "parts swapped": swapped,
        "waves": waved,
        "half are few": few,
    }


def measure(name: str) -> list[dict[str, object]]:
    images, table = read(name)
    rng = np.random.default_rng(1)
    patients = pd.factorize(table["patient"])[0]
    place = rng.permutation(patients.max() + 1)[patients] / (patients.max() + 1)
    teaching, control, others = place < 0.25, (place >= 0.25) & (place < 0.5), place >= 0.5
    common = table["finding"][teaching].value_counts()
    labels = np.column_stack([table["finding"] == finding for finding in common.index[:8]])[teaching]
    rest, owners = images[others], patients[others]
    rare = (table["finding"] == common.index[1]).to_numpy()[others]
    results = []
    for space in ("radiomics-lite", "turns", "turns and findings"):
        began = time.process_time()
        features: Callable[[np.ndarray], np.ndarray] = radiomics.extract
        if space != "radiomics-lite":
            learned = encoder.learn(images[teaching], labels if "findings" in space else None)
            assert learned is not None
            features = learned
        learning = time.process_time() - began
        began = time.process_time()
        real = features(images[control])
        scale = Scale.of(real)
        seen = {"nothing": scale(features(rest))}
        embedding = (time.process_time() - began) / int(control.sum() + others.sum())
        seen |= {kind: scale(features(np.ascontiguousarray(changed))) for kind, changed in changes(rest).items()}
        found = _ratios(seen, scale(real), owners, rare)
        results.append(
            {
                "data": name,
                "space": space,
                "images": len(images),
                "learning_seconds": round(learning, 1),
                "milliseconds_an_image": round(1000 * embedding, 2),
                "ratios": found,
            }
        )
        print(json.dumps(results[-1]), flush=True)
    return results


def _ratios(
    seen: dict[str, np.ndarray], real: np.ndarray, owners: np.ndarray, rare: np.ndarray
) -> dict[str, dict[str, float]]:
    """Geometric mean of the Fréchet ratio of each change over the splits, and its distance from "nothing"."""
    rng = np.random.default_rng(3)
    logs: dict[str, list[float]] = {kind: [] for kind in (*seen, "a finding is missing")}
    people = np.unique(owners)
    for _ in range(SPLITS):
        held = np.isin(owners, rng.permutation(people)[: len(people) // 2])
        count = int(min(held.sum(), (~held).sum()))
        unseen = seen["nothing"][held][:count]
        floor = np.mean([frechet(real[rng.permutation(len(real))[:count]], unseen) for _ in range(3)])
        for kind, features in seen.items():
            logs[kind].append(np.log(frechet(features[~held][:count], unseen) / floor))
        logs["a finding is missing"].append(np.log(frechet(seen["nothing"][~held & ~rare], unseen) / floor))
    middle, spread = np.mean(logs["nothing"]), np.std(logs["nothing"])
    return {
        kind: {
            "ratio": round(float(np.exp(np.mean(values))), 2),
            "deviations": round(float((np.mean(values) - middle) / spread), 1),
        }
        for kind, values in logs.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="*", default=list(SETS))
    arguments = parser.parse_args()
    if not DATA.is_dir():
        sys.exit("The real data is missing: set MEDSYNTH_TEST_DATA.")
    torch.set_num_threads(1)
    results = [result for name in arguments.data for result in measure(name)]
    RESULTS.write_text(json.dumps({"at": time.strftime("%Y-%m-%d"), "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
