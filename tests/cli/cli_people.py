"""The command line as its users have it: real processes, a real store, a session of their own for every person."""

from __future__ import annotations

import csv
import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from warm import Warm

BASE = {
    **{key: value for key, value in os.environ.items() if not key.startswith(("MEDSYNTH_", "COLUMNS"))},
    "OMP_NUM_THREADS": "1",
}
THEIRS = {"HOME", "XDG_STATE_HOME"}
"""What is another for everybody at the command line; whoever changes more gets a process from the start."""
PASSWORDS = {"alice": "password123", "admin": "admin123", "auditor": "auditor123"}


@functools.cache
def warm() -> Warm:
    return Warm(BASE)


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Person:
    """Somebody at a terminal of their own, with a state folder of their own."""

    def __init__(self, home: Path, state: Path) -> None:
        self.home = home
        self.environment = {
            **BASE,
            "HOME": str(state),
            "XDG_STATE_HOME": str(state / "state"),
        }

    def types(self, *words: str | Path, stdin: str = "", timeout: float = 300) -> Answer:
        """Run `medsynth` with exactly these words."""
        changed = {key: value for key, value in self.environment.items() if BASE.get(key) != value}
        if set(changed) <= THEIRS and set(BASE) <= set(self.environment):
            return Answer(*warm().types([*map(str, words)], changed, stdin, timeout))
        command = [sys.executable, "-m", "medsynth_tui", *map(str, words)]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, env=self.environment, timeout=timeout, check=False
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def asks(self, *words: str | Path, stdin: str = "") -> Answer:
        """Run it on this person's store, as a program would: with --json."""
        return self.types(*words, "--json", "--home", self.home, stdin=stdin)

    def gets(self, *words: str | Path) -> Any:
        """The document of a command that must succeed."""
        answer = self.asks(*words)
        assert answer.code == 0, answer.out + answer.err
        return answer.document


@dataclass(frozen=True)
class Hospital:
    """A development store and the three people of DESIGN section 4, logged in."""

    home: Path
    alice: Person
    admin: Person
    auditor: Person
    nobody: Person


def found_hospital(folder: Path) -> Hospital:
    home = folder / "store"
    people = {name: Person(home, folder / "users" / name) for name in (*PASSWORDS, "nobody")}
    made = people["nobody"].asks("init", "--dev")
    assert made.code == 0, made.out + made.err
    (home / "data" / "pseudonym.key").write_bytes(bytes(range(32)))  # known: the same patients are held out every time
    for name, password in PASSWORDS.items():
        answer = people[name].asks("login", name, "--password-stdin", stdin=password + "\n")
        assert answer.code == 0, answer.out + answer.err
    people["admin"].gets("settings", "set", "confirm_minutes", "60")  # the module's tests may take a busy machine long
    return Hospital(home, **people)


def draw_images(folder: Path, patients: int, rng: np.random.Generator) -> None:
    """`images/` with two pictures a patient, and `metadata.csv`: a disc whose place and size follow sex and finding.

    Few patients are of group C: a small cell.
    """
    (folder / "images").mkdir(parents=True)
    rows = []
    up, across = np.mgrid[0:40, 0:40]
    for patient in range(patients):
        sex, finding = "FM"[patient % 2], ("normal", "mass")[patient // 2 % 2]
        group = "C" if patient < 3 else "AB"[patient // 4 % 2]
        for view in range(2):
            picture = rng.normal(90, 18, (40, 40)) + rng.normal(0, 12)
            place = 14 if sex == "F" else 26
            centre = (up - place - rng.normal(0, 2)) ** 2 + (across - 20 - rng.normal(0, 2)) ** 2
            picture[centre < (90 if finding == "mass" else 30)] += 90
            name = f"p{patient:04d}_{view}.png"
            Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(folder / "images" / name)
            age = int(rng.integers(20, 90))
            rows.append([name, f"P{patient:04d}", age, sex, group, finding])
    with (folder / "metadata.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["filename", "patient_id", "age", "sex", "ethnicity", "finding"])
        writer.writerows(rows)
