"""How long a whole evaluation takes: `python benchmarks/evidence.py`. Writes results/evidence.json.

Real MRI slices and their table (shared data, `mri_lgg_a`) against themselves with noise as synthetic records; where a
size asks for more records than there are, they are drawn with replacement under new patient names. Each size is
measured in a process of its own: seconds are wall clock and processor time of one thread, memory is its largest
resident set. `exponent` says how the processor time grows with the records (1: in proportion), between the smallest and
the largest size; `again` how long the command line takes for a cohort that was evaluated before.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

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


def measure(records: int, side: int, pictures: bool) -> dict[str, Any]:
    """One evaluation of `records` synthetic against as many real records, two thirds of them training data."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    images, table = source(side)
    folds = [
        drawn(images, table, count, rng, name)
        for count, name in ((2 * records // 3, "T"), (records - 2 * records // 3, "H"), (records, "S"))
    ]
    stacks = [fold[0] if pictures else None for fold in folds]
    inputs = Inputs(folds[0][1], folds[1][1], folds[2][1], SCHEMA, stacks[0], stacks[1], stacks[2])
    steps: Counter[str] = Counter()
    last = [time.process_time(), ""]

    def progress(_done: int, _total: int | None, say: str) -> None:
        now = time.process_time()
        steps[str(last[1])] += now - float(last[0])
        last[:] = [now, say]

    began, busy = time.perf_counter(), time.process_time()
    found = document(inputs, progress, lambda: True)
    return {
        "records": records,
        "side": side if pictures else None,
        "seconds": round(time.perf_counter() - began, 1),
        "processor_seconds": round(time.process_time() - busy, 1),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "measures": len(found["evidence"]),
        "processor_seconds_of_steps": {say: round(spent, 2) for say, spent in steps.items() if say},
    }


def alone(records: int, side: int, pictures: bool) -> dict[str, Any]:
    """`measure` in a process of its own, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, records, side, pictures).result()


def again(rows: int) -> dict[str, float]:
    """Seconds of a first and a second evaluation of one cohort, as the command line makes them.

    A store of its own with a table of `rows` MRI slices; the whole of the command counts, its process and the job's.
    """
    with tempfile.TemporaryDirectory() as folder:
        table = pd.read_csv(DATA / "mri_lgg_a" / "metadata.csv", nrows=rows)
        table = table.drop(columns=["filename", "scan_date", "institution"])
        table.to_csv(Path(folder) / "table.csv", index=False)
        places = {"MEDSYNTH_HOME": f"{folder}/home", "XDG_STATE_HOME": f"{folder}/state"}

        def command(*words: str, said: str | None = None) -> tuple[float, float]:
            before, began = os.times(), time.perf_counter()
            line = [sys.executable, "-m", "medsynth_tui", *words]
            subprocess.run(
                line, env={**os.environ, **places}, input=said, text=True, check=True, capture_output=True, cwd=ROOT
            )
            after = os.times()
            busy = after.children_user + after.children_system - before.children_user - before.children_system
            return round(time.perf_counter() - began, 2), round(busy, 2)

        command("init", "--dev")
        command("login", "alice", "--password-stdin", said="password123\n")
        command("datasets", "add", "slices", str(Path(folder) / "table.csv"))
        command("generate", "again", "--dataset", "slices", "-n", "200")
        first, second = command("evaluate", "again"), command("evaluate", "again")
        nothing = command("whoami")
    return {
        "first_seconds": first[0],
        "again_seconds": second[0],
        "again_processor_seconds": second[1],
        "any_command_seconds": nothing[0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, nargs="*", default=[1_250, 5_000])
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--rows-only", action="store_true")
    arguments = parser.parse_args()
    if not (DATA / "mri_lgg_a").is_dir():
        sys.exit("The real data is missing: set MEDSYNTH_TEST_DATA.")
    results = []
    for records in arguments.records:
        results.append(alone(records, arguments.side, not arguments.rows_only))
        print(json.dumps(results[-1]), flush=True)
    few, many = results[0], results[-1]
    growth = np.log(many["processor_seconds"] / few["processor_seconds"]) if len(results) > 1 else np.nan
    found = {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "at": time.strftime("%Y-%m-%d"),
        "results": results,
        "exponent": round(float(growth / np.log(many["records"] / few["records"])), 2) if len(results) > 1 else None,
        "again": again(1_000),
    }
    print(json.dumps({"exponent": found["exponent"], **found["again"]}))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
