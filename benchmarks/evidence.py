"""How long a whole evaluation takes: `python benchmarks/evidence.py`. Writes results/evidence.json.

Real MRI slices and their table (shared data, `mri_lgg_a`) against themselves with noise as synthetic records; where a
size asks for more records than there are, they are drawn with replacement under new patient names. Seconds are wall
clock and processor time of one process with one thread; memory is the largest resident set.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from medsynth_engine.evidence.document import document  # noqa: E402
from medsynth_engine.evidence.inputs import Inputs  # noqa: E402

DATA = Path(os.environ.get("MEDSYNTH_TEST_DATA", ROOT / "../shared/data")).resolve()
RESULTS = ROOT / "benchmarks" / "results" / "evidence.json"
COLUMNS = (
    ("age", "age", "number"),
    ("sex", "sex", "category"),
    ("ethnicity", "ethnicity", "category"),
    ("finding", "finding", "category"),
    ("brain_fraction", "column", "number"),
    ("tumour_pixels", "column", "number"),
    ("slice", "column", "number"),
    ("histology", "column", "category"),
    ("grade", "column", "category"),
    ("location_code", "column", "category"),
    ("laterality_code", "column", "category"),
    ("died", "column", "category"),
)
SCHEMA = {"columns": [{"name": name, "role": role, "kind": kind} for name, role, kind in COLUMNS]}


def source(side: int) -> tuple[np.ndarray, pd.DataFrame]:
    """All slices, uint8 (n, side, side), and their table."""
    folder = DATA / "mri_lgg_a"
    table = pd.read_csv(folder / "metadata.csv").rename(columns={"patient_id": "patient"})
    images = []
    for name in table["filename"]:
        with Image.open(folder / "images" / name) as image:
            images.append(np.asarray(image.convert("L").resize((side, side), Image.Resampling.BILINEAR)))
    return np.stack(images), table.drop(columns=["filename"])


def drawn(
    images: np.ndarray, table: pd.DataFrame, n: int, rng: np.random.Generator, name: str
) -> tuple[np.ndarray, pd.DataFrame]:
    """`n` records with noise on pixels and numbers, three to a patient."""
    rows = rng.choice(len(table), n, replace=n > len(table))
    out = table.iloc[rows].reset_index(drop=True)
    out["patient"] = [f"{name}{i // 3}" for i in range(n)]
    out["age"] = (out["age"] + rng.normal(0, 3, n)).round()
    noisy = images[rows] + rng.normal(0, 6, (n, *images.shape[1:]))
    return noisy.clip(0, 255).astype(np.uint8), out


def measure(real: int, synthetic: int, side: int, pictures: bool) -> dict[str, object]:
    rng = np.random.default_rng(0)
    images, table = source(side)
    folds = [
        drawn(images, table, count, rng, name)
        for count, name in ((2 * real // 3, "T"), (real - 2 * real // 3, "H"), (synthetic, "S"))
    ]
    stacks = [fold[0] if pictures else None for fold in folds]
    inputs = Inputs(folds[0][1], folds[1][1], folds[2][1], SCHEMA, stacks[0], stacks[1], stacks[2])
    steps: dict[str, float] = {}
    last = [time.perf_counter(), ""]

    def progress(_done: int, _total: int | None, say: str) -> None:
        now = time.perf_counter()
        if last[1]:
            steps[str(last[1])] = round(now - float(last[0]), 2)
        last[:] = [now, say]

    began, busy = time.perf_counter(), time.process_time()
    found = document(inputs, progress, lambda: True)
    return {
        "real": real,
        "synthetic": synthetic,
        "side": side if pictures else None,
        "seconds": round(time.perf_counter() - began, 1),
        "processor_seconds": round(time.process_time() - busy, 1),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "measures": len(found["evidence"]),
        "steps": steps,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", type=int, default=2_000)
    parser.add_argument("--synthetic", type=int, nargs="*", default=[500, 2_000])
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--rows-only", action="store_true")
    arguments = parser.parse_args()
    if not (DATA / "mri_lgg_a").is_dir():
        sys.exit("The real data is missing: set MEDSYNTH_TEST_DATA.")
    torch.set_num_threads(1)
    results = []
    for count in arguments.synthetic:
        result = measure(arguments.real, count, arguments.side, not arguments.rows_only)
        results.append(result)
        print(json.dumps(result))
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**machine, "at": time.strftime("%Y-%m-%d"), "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
