"""The wheel alone: what the program opens is in it, and it starts and makes a store away from the checkout."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("db", "medsynth_engine", "medsynth_tui")
FOLDERS = (*PACKAGES, "deploy", "docs")
FILES = ("pyproject.toml", "constraints.txt", "LICENSE", "CITATION.cff", *(page.name for page in ROOT.glob("*.md")))
BUILD = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation")


@dataclass(frozen=True)
class Wheel:
    """A copy of the sources (people may be editing them), and what an installer puts into place of its wheel."""

    sources: Path
    site: Path

    @property
    def share(self) -> Path:
        (found,) = self.site.glob("medsynth-*.data/data/share")
        return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    if importlib.util.find_spec("setuptools") is None:
        pytest.skip("no setuptools here to build a wheel with")
    folder = tmp_path_factory.mktemp("wheel")
    made = Wheel(folder / "sources", folder / "site")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, made.sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, made.sources)
    done = subprocess.run(
        [sys.executable, *BUILD, "--wheel-dir", folder, made.sources], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (file,) = folder.glob("medsynth-*-py3-none-any.whl")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(made.site)
    return made


def run(wheel: Wheel, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Python in an empty folder, for somebody who has nothing but that wheel and what it depends on."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MEDSYNTH_", "XDG_"))}
    own = {"HOME": str(folder), "PYTHONPATH": str(wheel.site), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-P", *command], env=kept | own, cwd=folder, capture_output=True, text=True, check=False
    )


def files(root: Path, folders: Iterable[str]) -> set[str]:
    found = (path for folder in folders for path in (root / folder).rglob("*"))
    return {path.relative_to(root).as_posix() for path in found if path.is_file()}


def test_every_file_of_the_packages_is_in_the_wheel_and_no_other_package(wheel: Wheel) -> None:
    assert files(wheel.site, PACKAGES) == files(wheel.sources, PACKAGES)
    assert {path.name for path in wheel.site.iterdir() if not path.name.startswith("medsynth-")} == set(PACKAGES)


def test_the_pages_that_sentences_point_to_and_the_files_of_a_server_come_along(wheel: Wheel) -> None:
    pages = wheel.share / "doc/medsynth"
    assert files(wheel.sources, ["docs"]) == files(pages, ["docs"])
    linked = re.findall(r"\]\(([^)\s#]+)", (pages / "README.md").read_text())
    assert linked and [target for target in linked if "://" not in target and not (pages / target).exists()] == []
    assert files(wheel.sources, ["deploy"]) == files(wheel.share / "medsynth", ["deploy"])


def test_it_starts_explains_itself_and_makes_a_store_in_an_empty_folder(wheel: Wheel, tmp_path: Path) -> None:
    where = run(wheel, tmp_path, "-c", "import db, medsynth_engine, medsynth_tui as face; print(face.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(wheel.site), where.stderr
    version = run(wheel, tmp_path, "-m", "medsynth_tui", "--version").stdout.split()
    assert version[0] == "medsynth" and (wheel.site / f"medsynth-{version[1]}.dist-info").is_dir()
    assert run(wheel, tmp_path, "-m", "medsynth_tui", "demo", "--help").stdout.startswith("Usage: medsynth demo")
    made = run(wheel, tmp_path, "-m", "medsynth_tui", "init", "--dev", "--json")
    assert made.returncode == 0, made.stdout + made.stderr
    (ledger,) = tmp_path.rglob("medsynth.sqlite3")
    assert not ledger.is_relative_to(wheel.site)
