"""What the tests of the intake share: a key, quiet callables, and small sources cut from the real sets."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from intake_pieces import KEY, always, photograph, quiet
from PIL import Image

from medsynth_engine.intake.options import Options
from medsynth_engine.intake.take_in import scan, take_in


@pytest.fixture(scope="module")
def readers_that_wait_for_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Reading for burned-in text steps back behind all other work, which here are other tests: it would wait for all of
    them, and its own test with it. For the files that read text, and no longer than each of them."""
    folder = tmp_path_factory.mktemp("eager")
    (folder / "sitecustomize.py").write_text("import os\nos.nice = lambda by: 0\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        yield


@pytest.fixture
def take(tmp_path: Path) -> Callable[..., tuple[dict[str, Any], Path]]:
    """Take a source in; returns the document and the dataset's folder."""

    def taken(source: Path, name: str = "set", **options: Any) -> tuple[dict[str, Any], Path]:
        target = tmp_path / "datasets" / name
        return take_in(source, Options.of(name, **options), target, KEY, quiet, always), target

    return taken


@pytest.fixture
def look() -> Callable[..., dict[str, Any]]:
    """Scan a source."""

    def looked(source: Path, name: str = "set", **options: Any) -> dict[str, Any]:
        return scan(source, Options.of(name, **options), quiet, always, KEY)

    return looked


@pytest.fixture(scope="module")
def zoo(data_folder: Path) -> Path:
    """The public DICOM files, with their inventory.csv."""
    return data_folder / "dicom_a"


@pytest.fixture(scope="session")
def skin(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 120 dermoscopies of 60 lesions that have two photographs each, and their metadata.csv."""
    source = data_folder / "skin_ham10000"
    table = pd.read_csv(source / "metadata.csv", dtype=str, keep_default_na=False)
    twice = table.groupby("lesion_id").filter(lambda rows: len(rows) == 2)
    return _cut(twice.sort_values("lesion_id").head(120), source, tmp_path_factory.mktemp("skin"))


@pytest.fixture(scope="session")
def brains(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every ninth brain slice of all 55 patients, and their metadata.csv."""
    source = data_folder / "mri_lgg_a"
    table = pd.read_csv(source / "metadata.csv", dtype=str, keep_default_na=False)
    return _cut(table.iloc[::9], source, tmp_path_factory.mktemp("brains"))


def _cut(table: pd.DataFrame, source: Path, folder: Path) -> Path:
    (folder / "images").mkdir()
    for name in table["filename"]:
        shutil.copy(source / "images" / name, folder / "images" / name)
    table.to_csv(folder / "metadata.csv", index=False)
    return folder


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder of 12 PNG and JPEG pictures without a table."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number in range(12):
        name = f"DOE_JANE_{number:03d}.{'png' if number % 2 else 'jpg'}"
        Image.fromarray(photograph(number)).save(folder / name)
    return folder
