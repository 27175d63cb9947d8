"""The protocol of long work: a job and a run are folders, readable while they are written, whole after kill -9.

Both hold `state.json` (the fact), `control.json` (the wish: run, pause, stop), `log.txt` and one append-only stream of
JSON lines: `progress.jsonl` for a job, `metrics.jsonl` for a run. Who reads a stream ignores an unfinished last line.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from medsynth_engine.kernel.atomic import read_json, write_json
from medsynth_engine.kernel.disk import trouble
from medsynth_engine.kernel.escape import plain

Wish = Literal["run", "pause", "stop"]
STATES = ("queued", "running", "paused", "interrupted", "stopped", "finished", "failed")
ENDED = ("stopped", "finished", "failed")


@dataclass(frozen=True)
class WorkFolder:
    """What a job's folder and a run's folder have in common."""

    path: Path
    stream_name = "progress.jsonl"

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def stream(self) -> Path:
        return self.path / self.stream_name

    @property
    def log_file(self) -> Path:
        return self.path / "log.txt"

    def create(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def state(self) -> dict[str, Any]:
        """The last fact written, at least `state`. A folder without one is queued."""
        return read_json(self.path / "state.json") or {"state": "queued"}

    def set_state(self, state: str, **facts: Any) -> None:
        """Replace the fact, keeping what was known before and is not named now."""
        assert state in STATES, state
        write_json(self.path / "state.json", {**self.state(), **facts, "state": state, "at": time.time()})

    def wish(self) -> Wish:
        return (read_json(self.path / "control.json") or {}).get("wish", "run")

    def set_wish(self, wish: Wish) -> None:
        write_json(self.path / "control.json", {"wish": wish, "at": time.time()})

    def append(self, **record: Any) -> None:
        """Add one line to the stream; a single write, so that lines of several processes never mix.

        Of a write that the system cut short (it may) the rest follows.
        """
        line = json.dumps(record, allow_nan=False, default=str) + "\n"
        with self.stream.open("ab", buffering=0) as stream:
            rest = line.encode()
            while rest:
                rest = rest[stream.write(rest) or len(rest) :]

    def lines(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Whole lines from byte `offset` on, and the offset to go on from. What is no JSON object is skipped."""
        try:
            with self.stream.open("rb") as stream:
                stream.seek(offset)
                data = stream.read()
        except FileNotFoundError:
            return [], offset
        end = data.rfind(b"\n") + 1
        records = []
        for line in data[:end].splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                records.append(record)
        return records, offset + end

    def log(self, sentence: str) -> None:
        """One line for people. Never an identifier, a secret or the path of a source file."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with self.log_file.open("a") as stream:
            stream.write(f"{stamp} {plain(sentence, 500)}\n")

    def log_tail(self, count: int = 100) -> list[str]:
        try:
            with self.log_file.open("rb") as stream:
                stream.seek(0, 2)
                stream.seek(max(0, stream.tell() - 400 * count))
                return [plain(line, 500) for line in stream.read().decode(errors="replace").splitlines()[-count:]]
        except FileNotFoundError:
            return []


@dataclass(frozen=True)
class JobFolder(WorkFolder):
    """`job.json` (what to do), the protocol above, and at the end `result.json` or `error.json`.

    A progress line is `{"done": int, "total": int | null, "unit": "files", "say": "decoding"}`.
    """

    def order(self) -> dict[str, Any]:
        return read_json(self.path / "job.json") or {}

    def usable(self) -> bool:
        """Whether `job.json` says what to do: not where it is gone, or was cut off by a failing disk."""
        try:
            order = self.order()
        except ValueError:
            return False
        return isinstance(order, dict) and isinstance(order.get("steps"), list)

    def progress(self, done: int, total: int | None, unit: str, say: str = "") -> None:
        self.append(done=done, total=total, unit=unit, say=plain(say), at=time.time())

    def result(self) -> dict[str, Any] | None:
        return read_json(self.path / "result.json")

    def set_result(self, document: dict[str, Any]) -> None:
        write_json(self.path / "result.json", document)

    def error(self) -> dict[str, Any] | None:
        return read_json(self.path / "error.json")


@dataclass(frozen=True)
class RunFolder(WorkFolder):
    """One training: see DESIGN, "A run is a folder"."""

    stream_name = "metrics.jsonl"

    def config(self) -> dict[str, Any]:
        return read_json(self.path / "config.json") or {}

    def set_config(self, document: dict[str, Any]) -> None:
        write_json(self.path / "config.json", document)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """For who reads a wish and makes it a fact, or a fact and changes the wish: one of them at a time. So a pause
        that is taken back was taken back in time, or whoever takes it back sees that it was not. Raises NoRoom."""
        try:
            lock = (self.path / ".wishing").open("w")
        except OSError as error:
            short = trouble(error)
            if short is not None:
                raise short from error
            raise
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def plan(self) -> dict[str, Any]:
        """What the training settled for itself (`gan.schedule.Plan`); empty before it did."""
        return read_json(self.path / "plan.json") or {}

    @property
    def data(self) -> Path:
        return self.path / "train.npz"

    @property
    def rows(self) -> Path:
        """The row model that belongs to the training fold, as JSON."""
        return self.path / "rows.json"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def generator(self) -> Path:
        return self.path / "generator.pth"

    def metrics(self) -> Iterator[dict[str, Any]]:
        yield from self.lines()[0]
