"""What an intake has done so far, so that the same command again continues after kill -9.

`journal.jsonl` gets one line a picture after it is written; `thumbnails.u8` holds 1,024 bytes a line. Nothing in
either identifies anybody: items are told apart by keyed digests. An item counts as done when the line of its last
picture is there and every picture is the one that was written.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from medsynth_engine.intake.duplicates import THUMBNAIL
from medsynth_engine.intake.items import Item
from medsynth_engine.intake.pseudonym import keyed
from medsynth_engine.intake.reasons import outcome
from medsynth_engine.intake.told import Keeper, Told
from medsynth_engine.intake.worker import IMAGES, QUARANTINE
from medsynth_engine.kernel.disk import write_all

CELL = THUMBNAIL * THUMBNAIL
VOLATILE = {"crashed", "timeout", "out_of_memory"}
"""Reasons that may lie in the moment, not in the file: such items are tried again."""


def item_key(key: bytes, item: Item) -> str:
    """Tells an item from all others and from itself after a change, without its name."""
    return keyed(key, "item", f"{item.name}\0{item.size}\0{item.stamp}")


def picture(store: Path, answer: dict[str, Any]) -> Path | None:
    """Where the picture of an answer lies, or None where it has none."""
    if "check" not in answer:
        return None
    folder = QUARANTINE if outcome(answer["code"]) == "quarantined" else IMAGES
    return store / folder / f"{answer['record']}.png"


class Journal:
    """Answers in the order in which they came, on disk or (`folder` None) in memory only.

    answers  item -> what is known of each of its pictures
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.answers: dict[str, list[Told]] = {}
        self._keeper = Keeper()
        self._loose: list[bytes] = []
        self._lines: Any = None
        self._cells: Any = None
        if folder is not None:
            self._lines = self._open(folder / "journal.jsonl")
            self._cells = self._open(folder / "thumbnails.u8")
            size = self._cells.seek(0, os.SEEK_END)
            self._count = -(-size // CELL)  # a torn cell is skipped
        else:
            self._count = 0

    @staticmethod
    def _open(path: Path) -> Any:
        return os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "r+b", buffering=0)

    def resume(self, key: bytes) -> int:
        """Read what an earlier process wrote; keep what is whole and whose picture is the one that was written."""
        if self.folder is None:
            return 0
        done: dict[str, bool] = {}
        sound: dict[str, bool] = {}
        whole = 0
        self._lines.seek(0)
        for line in io.BufferedReader(io.FileIO(self._lines.fileno(), closefd=False)):
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            answer = json.loads(line)
            item = answer["item"]
            self._note(answer)
            sound[item] = (answer["place"] <= 0 or sound.get(item, False)) and self._is_sound(key, answer)
            done[item] = answer["last"] and sound[item]
        self.answers = {item: answers for item, answers in self.answers.items() if done[item]}
        self._lines.truncate(whole)
        self._lines.seek(whole)
        return len(self.answers)

    def _note(self, answer: dict[str, Any]) -> None:
        """Keep an answer with those of its item; a first picture begins anew what was broken off."""
        if answer["place"] <= 0:
            self.answers[answer["item"]] = []
        self.answers.setdefault(answer["item"], []).append(self._keeper.kept(answer))

    def _is_sound(self, key: bytes, answer: dict[str, Any]) -> bool:
        assert self.folder is not None
        path = picture(self.folder, answer)
        return answer["code"] not in VOLATILE and (path is None or _intact(key, path, answer))

    def add(self, item: str, answer: dict[str, Any], small: bytes) -> None:
        """Thumbnail first, then the line that speaks of it."""
        if small:
            answer["cell"] = self._count
            self._count += 1
            if self._cells is not None:
                self._cells.seek(answer["cell"] * CELL)
                write_all(self._cells, small)
            else:
                self._loose.append(small)
        answer["item"] = item
        self._note(answer)
        if self._lines is not None:
            write_all(self._lines, json.dumps(answer).encode() + b"\n")

    def thumbnails(self, cells: np.ndarray) -> np.ndarray:
        """uint8 (k, 1024) of the cells asked for; read from disk where there is one."""
        if not len(cells):
            return np.empty((0, CELL), np.uint8)
        if self.folder is None:
            return np.frombuffer(b"".join(self._loose[cell] for cell in cells), np.uint8).reshape(-1, CELL)
        return np.memmap(self.folder / "thumbnails.u8", np.uint8, "r", shape=(self._count, CELL))[cells]

    def close(self) -> None:
        for stream in (self._lines, self._cells):
            if stream is not None:
                stream.close()


def _intact(key: bytes, path: Path, answer: dict[str, Any]) -> bool:
    try:
        return path.stat().st_size == answer["size"] and keyed(key, "stored", path.read_bytes()) == answer["check"]
    except OSError:
        return False
