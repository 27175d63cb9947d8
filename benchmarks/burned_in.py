"""How well burned-in text is found and masked, and how long that takes: `python benchmarks/burned_in.py [--quick]`.

Made-up pictures (burned_in_pictures.py) in the cells of section 2.8 of the de-identification reference, whose figures
are the floor: 38 of 40 flagged, 16 of 16 at 22 px and more, none of 10 blank, 3 of the others, 16 of 16 large ones.
Real sets give the share that goes to a person without need. Writes results/burned_in.json. Intervals: Wilson, 95 %.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from burned_in_pictures import Sample, large, samples
from PIL import Image

from medsynth_engine.intake.text.readers import QUIET, Task, read_all, reader_count

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MEDSYNTH_TEST_DATA", ROOT / "../shared/data")).resolve()
RESULTS = ROOT / "benchmarks" / "results" / "burned_in.json"
REAL = ("skin_ham10000", "mri_lgg_a", "cxr_covid")
MADE = {"small": samples, "large": large}
COVERED = 0.5


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def measured(pictures: list[Sample], folder: Path) -> dict[str, Any]:
    """Everything about one set: read with as many processes as there are cores, masked on trial and read again."""
    tasks = []
    for number, sample in enumerate(pictures):
        path = folder / f"{number}.png"
        Image.fromarray(sample.pixels).save(path)
        tasks.append(Task(str(number), path, 255, (), mask=True))
    began, spent = time.perf_counter(), _cpu()
    answers = {int(answer["record"]): answer for answer in read_all(tasks, len(tasks), lambda: True)}
    seconds, cpu = time.perf_counter() - began, _cpu() - spent
    text = [(sample, answers[number]) for number, sample in enumerate(pictures) if sample.kind == "text"]
    flagged = [_flagged(sample, answer) for sample, answer in text]
    clear = [hit for (sample, _), hit in zip(text, flagged, strict=True) if sample.size >= 22 and sample.contrast >= 45]
    lines = [any(_share(box, found) >= COVERED for found in a["boxes"]) for s, a in text for box in s.boxes]
    told = {
        "flagged": _counted(sum(flagged), len(flagged)),
        "flagged_22px_45": _counted(sum(clear), len(clear)),
        "lines_covered": _counted(sum(lines), len(lines)),
        "left_after_mask": _counted(sum(answer["left"] for _, answer in text), sum(flagged)),
        "missed": [[s.size, s.contrast, a["verdict"]] for (s, a), hit in zip(text, flagged, strict=True) if not hit],
        "seconds_a_picture": round(seconds / len(tasks), 2),
        "cpu_seconds_a_picture": round(cpu / len(tasks), 2),
        "processes": reader_count(len(tasks)),
    }
    for kind in ("blank", "markers"):
        verdicts = [answers[number]["verdict"] for number, sample in enumerate(pictures) if sample.kind == kind]
        if verdicts:
            told[f"false_{kind}"] = _counted(verdicts.count("text"), len(verdicts))
    return told


def real(name: str, most: int) -> dict[str, Any] | None:
    """Verdicts on a sample of a real set."""
    files = sorted(
        path for path in (DATA / name).rglob("*") if path.suffix.lower() in (".png", ".jpg", ".jpeg", ".tif")
    )
    if not files:
        return None
    chosen = files[:: max(1, len(files) // most)][:most]
    with tempfile.TemporaryDirectory() as folder:
        tasks = []
        for number, path in enumerate(chosen):
            Image.open(path).convert("RGB").save(Path(folder) / f"{number}.png")
            tasks.append(Task(str(number), Path(folder) / f"{number}.png", 255))
        began = time.perf_counter()
        verdicts = [answer["verdict"] for answer in read_all(tasks, len(tasks), lambda: True)]
        seconds = time.perf_counter() - began
    found = {verdict: verdicts.count(verdict) for verdict in ("clean", "markers", "text", "unread")}
    return {**found, "text_share": _counted(found["text"], len(chosen)), "seconds_a_picture": seconds / len(chosen)}


def _counted(hits: int, of: int) -> dict[str, Any]:
    low, high = wilson(hits, of)
    return {"hits": int(hits), "of": of, "low": round(low, 3), "high": round(high, 3)}


def _flagged(sample: Sample, answer: dict[str, Any]) -> bool:
    """Text was reported, at the place where it was written."""
    return answer["verdict"] == "text" and any(
        _share(box, found) > 0 for box in sample.boxes for found in answer["boxes"]
    )


def _share(box: tuple[int, ...], found: list[int]) -> float:
    """How much of `box` lies in `found`."""
    across = min(box[0] + box[2], found[0] + found[2]) - max(box[0], found[0])
    down = min(box[1] + box[3], found[1] + found[3]) - max(box[1], found[1])
    return max(0, across) * max(0, down) / (box[2] * box[3])


def _cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def rows(name: str, told: dict[str, Any]) -> Iterator[str]:
    for key, value in told.items():
        said = (
            f"{value['hits']}/{value['of']}  ({value['low']:.0%} to {value['high']:.0%})"
            if "hits" in str(value)
            else value
        )
        yield f"{name:14} {key:24} {said}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a quarter of the pictures; writes nothing")
    every = 4 if parser.parse_args().quick else 1
    document: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "memory_settings": sorted(QUIET),
    }
    for name in ("small", "large", *REAL):
        if name in REAL:
            told = real(name, 60 // every)
        else:
            with tempfile.TemporaryDirectory() as folder:
                told = measured(list(MADE[name](every)), Path(folder))
        if told is not None:
            document[name] = told
            print("\n".join(rows(name, told)), flush=True)
        if every == 1:  # after each set, for the whole takes minutes
            RESULTS.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
