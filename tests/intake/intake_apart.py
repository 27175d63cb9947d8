"""Runs intakes in a process of their own, as an operation's job does, and tells how they ended and what they took.

Run as a program it reads a list of intakes from a file and prints one JSON line for each.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from intake_pieces import APART, KEY, always, quiet

from medsynth_engine.intake.options import Options
from medsynth_engine.intake.reasons import Code, outcome
from medsynth_engine.intake.take_in import scan, take_in
from medsynth_engine.kernel.errors import MedSynthError

GIGABYTE = 10**9
OUTCOMES = ("accepted", "quarantined", "rejected")


@dataclass
class Ended:
    """How one intake ended. code: of the error that refused the source as a whole, empty where it was taken.

    uncaught names an exception that is no error of ours: there must never be one.
    """

    document: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    uncaught: str = ""
    seconds: float = 0.0
    """Of processor time, its workers' among it: what others do on the machine is not its fault."""
    peak: int = 0
    """Bytes that the process itself held at most, up to now."""
    workers_peak: int = 0
    """The same of the largest of its workers."""


def command(jobs: Path) -> list[str]:
    return [sys.executable, __file__, str(jobs)]


def take_apart(sources: list[Path], folder: Path, seconds: float, scans: bool = False, **options: Any) -> list[Ended]:
    """Take each source in, or only scan it, one after the other, within `seconds` for all of them.

    folder  gets a dataset a source; its `tmp` is the process's folder for temporary files
    """
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    (folder / "here").mkdir(exist_ok=True)
    jobs = folder / "jobs.json"
    targets = [str(folder / f"set{number}") if not scans else "" for number in range(len(sources))]
    jobs.write_text(
        json.dumps([[os.fsdecode(source), target, options] for source, target in zip(sources, targets, strict=True)])
    )
    process = subprocess.run(
        [*APART, *command(jobs)],
        capture_output=True,
        timeout=seconds,
        cwd=folder / "here",
        env={**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(Path(__file__).parent)},
    )
    assert process.returncode == 0, process.stderr.decode()[-2000:]
    ended = [Ended(**json.loads(line)) for line in process.stdout.splitlines()]
    assert len(ended) == len(sources)
    assert not list((folder / "tmp").iterdir()), "a temporary file was left"
    assert not list((folder / "here").iterdir()), "something was written where the process stood"
    assert all(entry.name.startswith(("set", "tmp", "here", "jobs")) for entry in folder.iterdir())
    return ended


def check_balance(document: dict[str, Any]) -> None:
    """Every submitted record ended in one of three ways, each for a reason that is known."""
    assert document["submitted"] == sum(document[name] for name in OUTCOMES)
    counts = dict.fromkeys(OUTCOMES, 0)
    for code, count in document["reasons"].items():
        counts[outcome(Code(code))] += count
    assert counts["accepted"] == 0
    assert (counts["quarantined"], counts["rejected"]) == (document["quarantined"], document["rejected"])


def _peak(who: int) -> int:
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _processor_seconds() -> float:
    return sum(os.times()[:4])


def main(jobs: Path) -> None:
    for source, target, options in json.loads(jobs.read_text()):
        began = _processor_seconds()
        ended = Ended()
        asked = Options.of("set", **options)
        try:
            if target:
                ended.document = take_in(Path(source), asked, Path(target), KEY, quiet, always)
            else:
                ended.document = scan(Path(source), asked, quiet, always, KEY)
        except MedSynthError as error:
            ended.code = error.code
        except Exception as error:  # noqa: BLE001 - that there is none is what is tested
            ended.uncaught = f"{type(error).__name__}: {error}"[:200]
        ended.seconds = _processor_seconds() - began
        ended.peak, ended.workers_peak = _peak(resource.RUSAGE_SELF), _peak(resource.RUSAGE_CHILDREN)
        print(json.dumps(ended.__dict__), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
