"""How fast intake is, and in how much memory: `python benchmarks/intake.py`. Writes results/intake.json.

The bound is what nobody can beat on this machine: a bare loop that decodes, and encodes with Pillow at level 1, on one
core, over the same files in the same run; it is given per second of processor time, which other people's work on the
machine disturbs less. Memory is the sum over the whole process tree, sampled every 50 ms.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MEDSYNTH_TEST_DATA", ROOT / "../shared/data")).resolve()
RESULTS = ROOT / "benchmarks" / "results" / "intake.json"
PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.take_in import take_in
source, target, metadata = sys.argv[1:4]
began = time.perf_counter()
options = Options.of("benchmark", Path(metadata) if metadata else None)
document = take_in(Path(source), options, Path(target), bytes(32), lambda *_: None, lambda: True)
keys = ("submitted", "accepted", "quarantined", "rejected")
spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu = sum(use.ru_utime + use.ru_stime for use in spent)
told = {"seconds": time.perf_counter() - began, "cpu_seconds": round(cpu, 2)}
print(json.dumps({**told, **{key: document[key] for key in keys}}))
"""


def take_in_apart(source: Path, metadata: Path | None, folder: Path) -> dict[str, Any]:
    """Take a source in in a process of its own; seconds, files a second, and the peak of the tree's memory in MB."""
    command = [sys.executable, "-c", PROGRAM, str(source), str(folder / "set"), str(metadata or "")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(process.pid, peak))
    watcher.start()
    told = json.loads(process.communicate()[0])
    watcher.join()
    shutil.rmtree(folder / "set")
    return {
        **told,
        "seconds": round(told["seconds"], 2),
        "files_per_second": round(told["submitted"] / told["seconds"], 1),
        "peak_mb": round(peak[0] / 1e6),
    }


def _watch(pid: int, peak: list[int]) -> None:
    try:
        parent = psutil.Process(pid)
        while parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE:
            total = 0
            for process in (parent, *parent.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            peak[0] = max(peak[0], total)
            time.sleep(0.05)
    except psutil.NoSuchProcess:
        return


def bound(files: list[Path], decode: Callable[[bytes], np.ndarray]) -> float:
    """Files a second of processor time of a bare decode-and-encode loop."""
    taken = 0
    began = time.process_time()
    for file in files:
        try:
            pixels = decode(file.read_bytes())
        except Exception:  # noqa: BLE001 - whatever a decoder raises on the odd files of the zoo, they do not count
            continue
        Image.fromarray(pixels).save(io.BytesIO(), "PNG", compress_level=1)
        taken += 1
    return round(taken / (time.process_time() - began), 1)


def picture(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def dicom(data: bytes) -> np.ndarray:
    import pydicom
    from pydicom.pixels import pixel_array

    pixels = pixel_array(pydicom.dcmread(io.BytesIO(data)), index=0)
    if pixels.dtype.kind not in "ui":
        raise ValueError("no picture")
    if pixels.dtype == np.uint8 or pixels.ndim == 3:
        return pixels.astype(np.uint8)
    return pixels.astype(np.int32).clip(0).astype(np.uint16)


def resized(source: Path, folder: Path, count: int, ending: str) -> Path:
    """`count` colour photographs at 256 x 256 as PNG or JPEG."""
    made = folder / f"at256{ending}"
    made.mkdir()
    for file in sorted(source.iterdir())[:count]:
        with Image.open(file) as image:
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


def measure(quick: bool) -> dict[str, Any]:
    count = 300 if quick else 1500
    skin = DATA / "skin_ham10000"
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for ending in (".png", ".jpg"):
            source = resized(skin / "images", folder, count, ending)
            files = sorted(source.iterdir())
            found[f"{ending[1:]} 256 px"] = {**take_in_apart(source, None, folder), "bound": bound(files, picture)}
        zoo = DATA / "dicom_a"
        files = sorted(path for path in zoo.rglob("*") if path.suffix == ".dcm")
        found["dicom_a"] = {**take_in_apart(zoo, None, folder), "bound": bound(files, dicom)}
        stays = long_table(
            DATA / "tab_diabetes130" / "diabetes130_14k_patients.csv", folder, 20_000 if quick else 100_000
        )
        found["table x 50 columns"] = take_in_apart(stays, None, folder)
        found["pneumonia npz 28 px"] = take_in_apart(DATA / "medmnist_pneumonia" / "pneumoniamnist.npz", None, folder)
        if not quick:
            found["skin_ham10000"] = take_in_apart(skin / "images", skin / "metadata.csv", folder)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the files, without the whole skin set")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    load = os.getloadavg()[0]
    found = measure(quick)
    print(f"{'source':22}{'records':>9}{'seconds':>9}{'files/s':>9}{'per cpu s':>11}{'bound':>8}{'peak MB':>9}")
    for name, row in found.items():
        limit = f"{row['bound']:.0f}" if "bound" in row else ""
        print(
            f"{name:22}{row['submitted']:>9,}{row['seconds']:>9.1f}{row['files_per_second']:>9.0f}"
            f"{row['submitted'] / row['cpu_seconds']:>11.0f}{limit:>8}{row['peak_mb']:>9,}"
        )
    print(f"{os.cpu_count()} cores; {load:.1f} processes wanted one when it began.")
    document = {"machine": platform.machine(), "cores": os.cpu_count(), "load": load, "quick": quick, "measured": found}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
