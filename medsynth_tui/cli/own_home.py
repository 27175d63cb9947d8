"""A folder of its own in the store's home, for what is only tried out: the demo, the tour. Real stores are apart."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from medsynth_engine.kernel.atomic import write_bytes, write_text
from medsynth_engine.kernel.errors import Busy, MedSynthError, WrongUsage
from medsynth_engine.kernel.home import Home
from medsynth_tui.cli.face import Face

if TYPE_CHECKING:
    from medsynth_engine.engine import Engine

PEOPLE = {"alice": "password123", "auditor": "auditor123", "admin": "admin123"}
"""The development accounts of DESIGN section 4."""


@contextmanager
def held(face: Face, name: str) -> Iterator[Path]:
    """`data/NAME` of this home, there or not, ours alone while the block lasts. Raises Busy, WrongUsage."""
    parent = Home(face.home).data
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = parent / name
    with os.fdopen(os.open(parent / f"{name}.lock", os.O_CREAT | os.O_RDWR, 0o600)) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Busy(
                f"{name}_runs", f"A {name} is running in this home already.", "Wait for it, or use --home."
            ) from error
        if folder.exists() and not (folder / name.upper()).exists():
            raise WrongUsage(f"not_a_{name}", f"data/{name} was not made by a {name}.", "Move it away, or use --home.")
        yield folder


def make(folder: Path) -> None:
    """The folder, empty, with the mark without which it is never removed."""
    folder.mkdir(mode=0o700)
    mark = folder / folder.name.upper()
    write_text(mark, f"Made by medsynth {folder.name}, which may remove it.\n")


def clear(face: Face, folder: Path, store: Path) -> None:
    """Remove it with all that is in it, and end what the store in it was still working at."""
    if folder.exists():
        with suppress(MedSynthError):  # a store that cannot be opened has nothing running
            _end_jobs(face, Face(replace(face.manner, home=store)).engine_with(None))
        shutil.rmtree(folder)


def _end_jobs(face: Face, alice: Engine) -> None:
    """What an earlier one left running would go on using the machine."""
    try:
        face.runner.run(alice.login("alice", PEOPLE["alice"]))
        for job in face.runner.run(alice.jobs_list()):
            if job["state"] in ("queued", "running"):
                face.runner.run(alice.jobs_cancel(job["job"]))
                with suppress(MedSynthError):
                    face.runner.run(alice.finish(job["job"]))
    finally:
        alice.close()


def open_store(face: Face, home: Path) -> None:
    """A development store whose key is known: the same phantoms are held out in every one."""
    engine = Face(replace(face.manner, home=home)).engine_with(None)
    try:
        face.runner.run(engine.init(development=True))
    finally:
        engine.close()
    write_bytes(Home(home).key, hashlib.sha256(b"the phantom's key").digest())


def draw_phantom(folder: Path, patients: int) -> None:
    """Let a process of its own draw the phantom cohort: it needs numpy, this one stays small."""
    order = [sys.executable, "-m", "medsynth_engine.phantom", str(folder), "--patients", str(patients)]
    if subprocess.run(order, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False).returncode:
        raise MedSynthError("phantom_failed", "The phantom cohort could not be drawn.", "Look at: medsynth doctor")
