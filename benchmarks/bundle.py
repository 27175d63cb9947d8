"""What a bundle costs: seconds, processor seconds, peak memory and size, against the number of images.

    python benchmarks/bundle.py [--counts 2000 6000 20000] [--side 96] [--to 64]

Pictures are drawn by the phantom and lie in a dataset folder as the intake writes it; what is measured is all that the
job does: read, resize, write the run folder, learn the rows, encrypt, pack. Each count in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
RESULTS = ROOT / "benchmarks" / "results" / "bundle.json"


def dataset(folder: Path, count: int, side: int) -> None:
    """A dataset folder of so many grey pictures: smooth noise, which packs about as well as a radiograph."""
    from PIL import Image

    rng = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    patients = count // 2
    records = pd.DataFrame(
        {
            "record": [f"r{number:08d}" for number in range(count)],
            "patient": [f"p{number // 2:07d}" for number in range(count)],
            "fold": np.repeat(rng.choice(["training", "validation"], patients, p=[0.86, 0.14]), 2),
            "height": side,
            "width": side,
            "sex": np.repeat(rng.choice(["F", "M"], patients), 2),
            "age": np.repeat(rng.integers(18, 90, patients), 2),
            "finding": rng.choice(["none", "opacity", "nodule"], count),
        }
    )
    records["file"] = records["record"] + ".png"
    small = rng.integers(0, 255, (64, 12, 12), dtype=np.uint8)
    for number, record in enumerate(records["record"]):
        picture = Image.fromarray(small[number % 64]).resize((side, side), Image.Resampling.BICUBIC)
        picture.save(folder / "images" / f"{record}.png", compress_level=1)
    records.to_parquet(folder / "records.parquet")
    columns = [
        {"name": name, "kind": kind, "role": role}
        for name, kind, role in (
            ("sex", "category", "sex"),
            ("age", "integer", "age"),
            ("finding", "category", "finding"),
        )
    ]
    (folder / "schema.json").write_text(json.dumps({"image": {"channels": 1, "modality": "X-ray"}, "columns": columns}))


def measure(folder: Path, side: int) -> dict[str, float]:
    """Bundle the dataset in `folder`; what it took."""
    from medsynth_engine.exchange.cloud.bundle import write_bundle
    from medsynth_engine.exchange.cloud.cover import Cover
    from medsynth_engine.gan.presets import PRESETS
    from medsynth_engine.intake.dataset import Dataset
    from medsynth_engine.kernel import age
    from medsynth_engine.kernel.folders import RunFolder
    from medsynth_engine.work.folds import write_run_folder

    preset = next(preset for preset in PRESETS.values() if preset.resolution == side)
    _, public = age.new_identity()
    begin, used = time.perf_counter(), time.process_time()
    run = RunFolder(folder / "run")
    facts = {"budget": {"minutes": 60}, "seed": 1, "device": "auto", "low_resource": False, "dataset": "d"}
    told = write_run_folder(Dataset(folder), run, name="b", preset=preset, facts=facts)
    cover = Cover("0" * 12, "d", "r", "p", "2026-01-01", "2999-01-01", told["training"], "many", preset.name, side)
    (folder / "made").mkdir()
    write_bundle(folder / "dataset.zip", run.path, cover, public, folder / "made")
    return {
        "seconds": round(time.perf_counter() - begin, 2),
        "processor_seconds": round(time.process_time() - used, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "zip_mb": round((folder / "dataset.zip").stat().st_size / 1e6, 1),
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--counts", type=int, nargs="+", default=[2_000, 6_000, 20_000])
    asked.add_argument("--side", type=int, default=96, help="of the pictures in the store")
    asked.add_argument("--to", type=int, default=64, choices=[32, 64, 128, 256], help="training resolution")
    asked.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.to)))
        return
    rows = []
    for count in options.counts:
        with tempfile.TemporaryDirectory() as place:
            dataset(Path(place) / "d", count, options.side)
            command = [sys.executable, __file__, "--one", str(Path(place) / "d"), "--to", str(options.to)]
            told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        rows.append({"images": count, **told})
        print("  ".join(f"{name} {value:>10,}" for name, value in rows[-1].items()), flush=True)
    first, last = rows[0], rows[-1]
    growth = math.log(last["processor_seconds"] / first["processor_seconds"]) / math.log(
        last["images"] / first["images"]
    )
    print(f"processor time grows with images to the power of {growth:.2f}")
    machine = {"system": f"{platform.system()} {platform.machine()}", "python": platform.python_version()}
    document = {"machine": machine, "side": options.side, "to": options.to, "rows": rows, "exponent": round(growth, 3)}
    RESULTS.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
