"""Reads every picture of a dataset folder that no earlier check has read. Resumable; changes nothing but its journal.

`journal.jsonl` (0600) gets one line a picture. What was read stands in it only where it is burned-in text, because a
reviewer must see that; the journal is deleted when the result is committed.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.formats.dicom_tags import READABLE_SIDE
from medsynth_engine.intake.text.readers import UNREAD, Task, read_all, seconds_for
from medsynth_engine.intake.text.verdicts import Box, Finding, read_verdicts

Progress = Callable[[int, int | None, str], None]
Wanted = Callable[[], bool]
EXEMPT = "exempt"
VERDICTS = ("clean", "markers", "text", UNREAD, EXEMPT)
JOURNAL = "journal.jsonl"
LEARNING = 4
"""So many pictures must be read before anything is said about the time that is left."""


@dataclass(frozen=True)
class Checked:
    """findings: one a picture that was read now, or was exempt; sorted by record. seconds: what this call took."""

    findings: tuple[Finding, ...]
    seconds: float

    def counts(self) -> dict[str, int]:
        """How many pictures have each verdict, and how many were `read`."""
        found = Counter(finding.verdict for finding in self.findings)
        return {"read": len(self.findings) - found[EXEMPT], **{verdict: found[verdict] for verdict in VERDICTS}}


def check(
    folder: Path, choice: Literal["mask", "quarantine"], journal: Path, progress: Progress, wanted: Wanted
) -> Checked:
    """Read the pictures in `images/` and `quarantine/` of a dataset folder that `text.parquet` does not know.

    choice    with `mask`, a picture with text is masked on trial and read again, so that `Finding.left` is known
    journal   a folder (0700) of this check; the same call continues what it holds
    progress  called with (done, total, how long it will take); never with what was read

    Raises Interrupted when `wanted()` turns False (what was read stays in the journal), MedSynthError where no
    reading process starts.
    """
    began = time.monotonic()
    pictures = _pictures(folder)
    known = read_verdicts(folder).set_index("record")["pixels"].to_dict()
    rows = pictures.to_dict("records")
    by_record: dict[str, Any] = {r["record"]: r for r in rows if known.get(r["record"]) != r["pixels"]}
    answers = {
        record: {"record": record, "verdict": EXEMPT}
        for record, row in by_record.items()
        if min(row["height"], row["width"]) < READABLE_SIDE
    }
    with _Journal(journal, choice) as lines:
        answers |= {record: line for record, line in lines.known.items() if _same(by_record.get(record), line)}
        tasks = [
            Task(record, folder / row["file"], _white(folder), (), choice == "mask", seconds_for(_area(row)))
            for record, row in by_record.items()
            if record not in answers
        ]
        done = len(answers)
        say = _time_left(done, len(by_record), progress)
        for answer in read_all(tasks, len(tasks), wanted):
            record = answer["record"]
            answers[record] = answer
            lines.add({**answer, "pixels": by_record[record]["pixels"]})
            done += 1
            say(done)
    findings = tuple(_finding(by_record[record], answers[record]) for record in sorted(by_record))
    return Checked(findings, time.monotonic() - began)


def remains(
    folder: Path, boxes: Mapping[str, tuple[Box, ...]], progress: Progress, wanted: Wanted
) -> dict[str, Finding]:
    """Of pictures masked by a person: what can still be read in them. Only those where anything remains, by record."""
    rows = {row["record"]: row for row in _pictures(folder).to_dict("records") if row["record"] in boxes}
    tasks = [
        Task(record, folder / row["file"], _white(folder), boxes[record], False, seconds_for(_area(row)))
        for record, row in rows.items()
        if min(row["height"], row["width"]) >= READABLE_SIDE
    ]
    found = {}
    say = _time_left(0, len(tasks), progress)
    for done, answer in enumerate(read_all(tasks, len(tasks), wanted), 1):
        if answer["verdict"] in ("text", UNREAD):
            found[answer["record"]] = _finding(rows[answer["record"]], answer)
        say(done)
    return found


def _pictures(folder: Path) -> pd.DataFrame:
    """record, file, height, width, pixels and held of every picture of the folder, sorted by record."""
    tables = [Dataset(folder).records().assign(held=False)]
    if (folder / "quarantine.parquet").exists():
        tables.append(pd.read_parquet(folder / "quarantine.parquet").assign(held=True))
    whole = pd.concat([table[["record", "file", "height", "width", "pixels", "held"]] for table in tables])
    return whole[whole["file"].notna()].sort_values("record", kind="stable")


def _white(folder: Path) -> float:
    return float((Dataset(folder).schema()["image"] or {}).get("white", 65535))


def _area(row: Mapping[str, Any]) -> int:
    return int(row["height"]) * int(row["width"])


def _same(row: Mapping[str, Any] | None, line: Mapping[str, Any]) -> bool:
    return row is not None and row["pixels"] == line["pixels"]


def _finding(row: Mapping[str, Any], answer: Mapping[str, Any]) -> Finding:
    boxes: Any = tuple(tuple(int(edge) for edge in box) for box in answer.get("boxes", ()))
    read, left = tuple(answer.get("read", ())), bool(answer.get("left", False))
    return Finding(row["record"], row["pixels"], answer["verdict"], bool(row["held"]), boxes, read, left)


def _time_left(start: int, total: int, progress: Progress) -> Callable[[int], None]:
    """Says how far the reading is, and from the speed so far about how long it will take."""
    began = time.monotonic()
    progress(start, total, "reading text in pictures")

    def say(done: int) -> None:
        seconds = (time.monotonic() - began) / max(1, done - start) * (total - done)
        told = "reading text in pictures"
        if done - start >= LEARNING and done < total:
            told += f", about {spoken(seconds)} left"
        progress(done, total, told)

    return say


def spoken(seconds: float) -> str:
    """A time as one says it: 40 seconds, 12 minutes, 3 hours."""
    if seconds < 90:
        return f"{max(10, round(seconds, -1)):.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.0f} hours"


class _Journal:
    """One line a picture, in the order in which they were read; a torn last line is dropped.

    What was read with another choice counts again, except that a trial of masking says more than is asked for.
    """

    def __init__(self, folder: Path, choice: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.choice = choice
        self.known: dict[str, dict[str, Any]] = {}
        descriptor = os.open(folder / JOURNAL, os.O_CREAT | os.O_RDWR, 0o600)
        self.stream = os.fdopen(descriptor, "r+b", buffering=0)
        data = self.stream.read() or b""
        whole = data[: data.rfind(b"\n") + 1]
        self.stream.truncate(len(whole))
        self.stream.seek(len(whole))
        for line in _lines(whole):
            if line["verdict"] != "text" or line["choice"] in ("mask", choice):
                self.known[line["record"]] = line

    def __enter__(self) -> _Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    def add(self, answer: dict[str, Any]) -> None:
        """`unread` pictures are not written: the next call tries them again."""
        if answer["verdict"] != UNREAD:
            self.stream.write(json.dumps({**answer, "choice": self.choice}).encode() + b"\n")


def _lines(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.splitlines():
        yield json.loads(line)
