"""Plants canaries, takes the files in with the real intake, and searches all that it left and said."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medsynth_engine.intake.options import Options
from medsynth_engine.intake.rules import profile
from medsynth_engine.intake.selftest import dicom, midi, names, pictures, tables, volumes
from medsynth_engine.intake.selftest.canaries import FAMILIES, NEEDED, Aviary
from medsynth_engine.intake.selftest.search import Search
from medsynth_engine.intake.take_in import take_in
from medsynth_engine.kernel.errors import Interrupted
from medsynth_engine.kernel.store_key import KEY_BYTES

TARGET_SCORE = 0.999
EXPECTED = {
    "headers": {"accepted": 2, "quarantined": 1, "rejected": 2},
    "pictures": {"accepted": 5, "quarantined": 0, "rejected": 0},
    "people": {"accepted": tables.ROWS, "quarantined": 0, "rejected": 0},
    "folder": {"accepted": 4, "quarantined": 0, "rejected": 3},
    "archive": {"accepted": 2, "quarantined": 0, "rejected": 2},
    "volumes": {"accepted": 2 * volumes.SLICES, "quarantined": 0, "rejected": 0},
    "tar": {"accepted": 2, "quarantined": 0, "rejected": 1},
    "arrays": {"accepted": volumes.ENTRIES, "quarantined": 0, "rejected": 0},
}
"""What must become of each source; a canary that was never taken in proves nothing."""
NOTE = "Text burned into pixels is not planted here: finding it is the text check's work, and a person's."


@dataclass
class Intake:
    """The real intake, watched: what it said, what it left behind when it was stopped, and what it made."""

    root: Path
    search: Search
    key: bytes = field(default_factory=lambda: secrets.token_bytes(KEY_BYTES))
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    stopped: int = 0

    def run(self, name: str, source: Path, **options: Any) -> dict[str, Any]:
        """Take a source in twice: stopped when all files are read, searched, and then to its end."""
        stopped = False
        asked = Options.of(name, **options)
        target = self.root / "out" / name

        def progress(done: int, total: int | None, say: str) -> None:
            nonlocal stopped
            self.search.data(f"{done} {total} {say}".encode())
            stopped = stopped or (total is not None and done >= total)

        try:
            take_in(source, asked, target, self.key, progress, lambda: not stopped)
        except Interrupted as interruption:
            self.stopped += 1
            self.search.document(interruption.document())
        self.search.folder(self.root / "out")
        if not target.exists():
            take_in(source, asked, target, self.key, progress, lambda: True)
        document: dict[str, Any] = self.documents.setdefault(name, _document_of(target))
        self.search.document(document)
        return document


def _document_of(target: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((target / "report.json").read_text())
    return document


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Whatever anybody writes to a temporary folder meanwhile is searched as well."""
    folder.mkdir()
    before, tempfile.tempdir = (os.environ.get("TMPDIR"), tempfile.tempdir), str(folder)
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before[1]
        if before[0] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[0]


def run(root: Path) -> dict[str, Any]:
    """The whole self-test in an empty folder. Returns its document; `ok` says whether all of it holds."""
    began = time.monotonic()
    aviary = Aviary()
    sources = _plant(root / "in", aviary)
    search = Search(aviary.made)
    planted = Search(aviary.made)
    planted.folder(root / "in")
    intake = Intake(root, search)
    (root / "out").mkdir()
    with _temporary_files_in(root / "temporary"):
        intake.run("headers", sources["headers"], characteristics=("age", "sex", "ethnicity"))
        for name in (name for name in EXPECTED if name != "headers"):
            intake.run(name, sources[name])
        score = midi.score(root / "midi")
        search.folder(root / "temporary")
    search.folder(root / "out")
    return _document(aviary, search, planted, intake, score, time.monotonic() - began)


def _plant(folder: Path, aviary: Aviary) -> dict[str, Path]:
    sources = {name: folder / name for name in ("headers", "pictures", "people", "names")}
    for source in sources.values():
        source.mkdir(parents=True)
    dicom.plant(sources["headers"], aviary)
    pictures.plant(sources["pictures"], aviary)
    tables.plant(sources["people"], aviary)
    sources["folder"], sources["archive"] = names.plant(sources["names"], aviary)
    sources |= volumes.plant(folder / "packed", aviary)
    sources["people"] /= "people.csv"
    return sources


def _document(
    aviary: Aviary, search: Search, planted: Search, intake: Intake, score: dict[str, Any], seconds: float
) -> dict[str, Any]:
    leaked = Counter((one.family, one.place) for one in search.seen)
    families: list[dict[str, Any]] = []
    for family, words in FAMILIES.items():
        places = aviary.places(family)
        families.append(
            {
                "family": family,
                "what": words,
                "places": len(places),
                "needed": NEEDED[family],
                "canaries": sum(one.family == family for one in aviary.made),
                "seen_in_the_source": len({one.place for one in planted.seen if one.family == family}),
                "leaked": [place for place in places if leaked[family, place]],
            }
        )
    outcomes = {
        name: {outcome: document[outcome] for outcome in ("accepted", "quarantined", "rejected")}
        for name, document in intake.documents.items()
    }
    astray = [name for name, expected in EXPECTED.items() if outcomes.get(name) != expected]
    whole = all(one["places"] >= one["needed"] <= one["seen_in_the_source"] for one in families)
    tight = not any(one["leaked"] for one in families)
    return {
        "ok": bool(tight and whole and not astray and score["score"] >= TARGET_SCORE),
        "families": families,
        "outcomes": outcomes,
        "astray": astray,
        "searched": {"files": search.files, "bytes": search.size, "stopped_midway": intake.stopped},
        "score": score,
        "rules": profile.edition().document(),
        "seconds": round(seconds, 1),
        "note": NOTE,
    }
