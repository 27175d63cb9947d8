"""How fast intake is, and in how much memory: `python benchmarks/intake.py`. Writes results/intake.json.

The bound is what nobody can beat on this machine: a bare loop that decodes, and encodes with Pillow at level 1, on one
core, over the same files in the same run. `share` is what intake reaches of it, per second of processor time, which
other people's work on the machine disturbs less; start-up of all processes is counted. Every case is the median of
several runs. Memory is sampled every 50 ms: of the parent, and the sum over the whole process tree.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MEDSYNTH_TEST_DATA", ROOT / "../shared/data")).resolve()
RESULTS = ROOT / "benchmarks" / "results" / "intake.json"
BOUND_FILES = 300
PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.take_in import take_in
from medsynth_engine.kernel.errors import BadInput
source, target, metadata, earlier = (Path(word) if word else None for word in sys.argv[1:5])
began = time.perf_counter()
options = Options.of("benchmark", metadata)
try:
    document = take_in(source, options, target, bytes(32), lambda *_: None, lambda: True, earlier)
except BadInput:
    if earlier is None:
        raise
    document = json.loads((earlier / "report.json").read_text())  # nothing new in it: that is the answer
keys = ("submitted", "accepted", "quarantined", "rejected")
spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu = sum(use.ru_utime + use.ru_stime for use in spent)
told = {"seconds": time.perf_counter() - began, "cpu_seconds": cpu}
print(json.dumps({**told, **{key: document[key] for key in keys}}))
"""


def take_in_apart(source: Path, table: Path | None, folder: Path, earlier: Path | None = None) -> dict[str, Any]:
    """Take a source in in a process of its own; seconds, records a second, and peaks of memory in MB."""
    words = [str(word or "") for word in (source, folder / "set", table, earlier)]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, *words], stdout=subprocess.PIPE, text=True)
    peak = [0, 0]
    watcher = threading.Thread(target=_watch, args=(process.pid, peak))
    watcher.start()
    told = json.loads(process.communicate()[0])
    watcher.join()
    return {
        **told,
        "seconds": round(told["seconds"], 2),
        "cpu_seconds": round(told["cpu_seconds"], 2),
        "a_second": round(told["submitted"] / told["seconds"], 1),
        "a_cpu_second": round(told["submitted"] / told["cpu_seconds"], 1),
        "parent_peak_mb": round(peak[0] / 1e6),
        "tree_peak_mb": round(peak[1] / 1e6),
    }


def median_of(runs: int, source: Path, table: Path | None, folder: Path) -> dict[str, Any]:
    """The run with the median of processor time."""
    done = []
    for _ in range(runs):
        done.append(take_in_apart(source, table, folder))
        shutil.rmtree(folder / "set")
    return sorted(done, key=lambda run: run["cpu_seconds"])[runs // 2]


def with_bound(found: dict[str, Any], limit: float) -> dict[str, Any]:
    return {**found, "bound": round(limit, 1), "share": round(found["a_cpu_second"] / limit, 2)}


def _watch(pid: int, peak: list[int]) -> None:
    try:
        parent = psutil.Process(pid)
        while parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE:
            own = total = parent.memory_info().rss
            for process in parent.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    total += process.memory_info().rss
            peak[:] = max(peak[0], own), max(peak[1], total)
            time.sleep(0.05)
    except psutil.NoSuchProcess:
        return


def bound(files: list[Path], decode: Callable[[bytes], list[np.ndarray]], runs: int) -> float:
    """Pictures a second of processor time of a bare decode-and-encode loop."""
    rates = []
    for _ in range(runs):
        began, taken = time.process_time(), 0
        for file in files:
            for pixels in decode(file.read_bytes()):
                Image.fromarray(pixels).save(io.BytesIO(), "PNG", compress_level=1)
                taken += 1
        rates.append(taken / (time.process_time() - began))
    return statistics.median(rates)


def picture(data: bytes) -> list[np.ndarray]:
    with Image.open(io.BytesIO(data)) as image:
        return [np.asarray(image)]


def dicom(data: bytes) -> list[np.ndarray]:
    """Every frame as a general program writes it: 8 bits as they are, more as 16."""
    import pydicom
    from pydicom.pixels import pixel_array

    dataset = pydicom.dcmread(io.BytesIO(data), force=True)
    if dataset.get("Modality") in ("RTDOSE", "SEG"):  # intake rejects them unopened, so they would flatter it
        raise ValueError("no picture")
    pixels = pixel_array(dataset)
    if pixels.dtype.kind not in "ui" or min(pixels.shape[:2]) < 8:
        raise ValueError("no picture")
    if pixels.dtype != np.uint8:
        pixels = pixels.astype(np.int32).clip(0, 65535).astype(np.uint16)
    frames = int(dataset.get("NumberOfFrames") or 1)
    return list(pixels) if frames > 1 else [pixels]


def decodable(source: Path, folder: Path, copies: int) -> Path:
    """The DICOM files that pydicom decodes and Pillow writes, several times each: start-up shall not count most."""
    made = folder / "decodable"
    made.mkdir()
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        data = file.read_bytes()
        try:
            for pixels in dicom(data):
                Image.fromarray(pixels).save(io.BytesIO(), "PNG", compress_level=1)
        except Exception:  # noqa: BLE001 - whatever a decoder raises on the odd files of the zoo, they do not count
            continue
        for copy in range(copies):
            (made / f"{copy}{len(list(made.iterdir())):05d}.dcm").write_bytes(data)
    return made


def resized(source: Path, folder: Path, count: int, ending: str) -> Path:
    """`count` colour photographs at 256 x 256 as PNG or JPEG."""
    made = folder / f"at256{ending}"
    made.mkdir()
    for file in sorted(source.iterdir())[:count]:
        with Image.open(file) as image:
            image.draft(image.mode, (256, 256))
            image.resize((256, 256)).save(made / f"{file.stem}{ending}")
    return made


def long_table(source: Path, folder: Path, rows: int) -> Path:
    """`rows` hospital stays of 50 columns, the set repeated under other patient numbers."""
    import pandas as pd

    table = pd.read_csv(source, dtype=str, keep_default_na=False)
    parts = []
    for turn in range(-(-rows // len(table))):
        part = table.copy()
        part["patient_nbr"] = part["patient_nbr"] + str(turn)
        part["encounter_id"] = part["encounter_id"] + str(turn)
        parts.append(part)
    path = folder / "stays.csv"
    pd.concat(parts).head(rows).to_csv(path, index=False)
    return path


def tiny(folder: Path, count: int) -> Path:
    """`count` pictures of 32 x 32: what a set costs beside its pixels."""
    made = folder / "tiny"
    made.mkdir()
    rng = np.random.default_rng(3)
    for number in range(count):
        Image.fromarray(rng.integers(0, 256, (32, 32), dtype=np.uint8)).save(made / f"{number:06d}.png")
    return made


def pictures(folder: Path, quick: bool, runs: int) -> Iterator[tuple[str, dict[str, Any]]]:
    count = 300 if quick else 1500
    for ending in (".png", ".jpg"):
        source = resized(DATA / "skin_ham10000" / "images", folder, count, ending)
        found = median_of(runs, source, None, folder)
        yield f"{ending[1:]} 256 px", with_bound(found, bound(sorted(source.iterdir())[:BOUND_FILES], picture, runs))
    take_in_apart(source, None, folder)
    first = folder / "first"
    (folder / "set").rename(first)
    yield "jpg 256 px, again", take_in_apart(source, None, folder, first)
    shutil.rmtree(first)


def measure(quick: bool, runs: int) -> Iterator[tuple[str, dict[str, Any]]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield from pictures(folder, quick, runs)
        source = decodable(DATA / "dicom_a" / "pydicom", folder, 2 if quick else 12)
        limit = bound(sorted(source.iterdir()), dicom, runs)
        yield "dicom, decodable", with_bound(median_of(runs, source, None, folder), limit)
        yield "dicom_a", median_of(runs, DATA / "dicom_a", None, folder)
        stays = DATA / "tab_diabetes130" / "diabetes130_14k_patients.csv"
        yield (
            "table x 50 columns",
            median_of(runs, long_table(stays, folder, 20_000 if quick else 100_000), None, folder),
        )
        yield "pneumonia npz 28 px", median_of(runs, DATA / "medmnist_pneumonia" / "pneumoniamnist.npz", None, folder)
        if quick:
            return
        skin = DATA / "skin_ham10000"
        yield "skin_ham10000", take_in_apart(skin / "images", skin / "metadata.csv", folder)
        (folder / "set").rename(folder / "skin")
        yield "skin_ham10000, again", take_in_apart(skin / "images", skin / "metadata.csv", folder, folder / "skin")
        yield "100,000 of 32 px", take_in_apart(tiny(folder, 100_000), None, folder)


def versions() -> dict[str, str]:
    names = ("numpy", "pandas", "pillow", "pydicom", "isal")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in names}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the files, once, without the large sets")
    parser.add_argument("--runs", type=int, default=3, help="of each case but the largest; the median counts")
    asked = parser.parse_args()
    quick, runs = asked.quick, 1 if asked.quick else asked.runs
    warnings.simplefilter("ignore")
    load = os.getloadavg()[0]
    found: dict[str, Any] = {}
    columns = "records", "seconds", "a second", "per cpu s", "bound", "share", "parent MB", "tree MB"
    print(f"{'source':22}" + "".join(f"{column:>11}" for column in columns))
    for name, row in measure(quick, runs):
        found[name] = row
        figures = (
            "submitted",
            "seconds",
            "a_second",
            "a_cpu_second",
            "bound",
            "share",
            "parent_peak_mb",
            "tree_peak_mb",
        )
        print(f"{name:22}" + "".join(f"{row.get(figure, ''):>11}" for figure in figures), flush=True)
        if not quick:
            write(found, load, runs)
    print(
        f"{os.cpu_count()} cores; {load:.1f} processes wanted one when it began, {os.getloadavg()[0]:.1f} at the end."
    )


def write(found: dict[str, Any], load: float, runs: int) -> None:
    """After every case, since the large ones take minutes."""
    document = {
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "versions": versions(),
        "runs": runs,
        "measured": found,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
