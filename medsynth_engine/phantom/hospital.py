"""Write the phantom cohort as a hospital would hand it over: identifying names everywhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from medsynth_engine.kernel.errors import BadInput, Busy
from medsynth_engine.phantom import anatomy, people


def write(
    folder: Path,
    n: int = 2000,
    seed: int = 0,
    size: int = 64,
    progress: Callable[[int, int | None, str], None] | None = None,
) -> Path:
    """Make `folder` with `images/*.png` and `metadata.csv`, whole or not at all; returns it.

    One grey image of `size` pixels a patient, named after the patient, with a text chunk that names the patient too.
    The table has `filename`, name, MRN, birth date, age, sex, ethnicity, finding, systolic blood pressure, smoker and a
    note. The same `n`, `seed` and `size` give the same bytes. Raises BadInput for fewer than one patient or under 16
    pixels, Busy where the folder is not empty.
    """
    if n < 1 or size < 16:
        raise BadInput("bad_phantom", "The phantom needs at least 1 patient and 16 pixels.", "By default: 2000, 64.")
    if folder.exists() and any(folder.iterdir()):
        raise Busy("folder_not_empty", "There is something in that folder already.", "Name an empty folder.")
    say = progress or (lambda done, total, words: None)
    rng = np.random.default_rng([seed, 0])
    patients = people.invent(n, rng)
    names = _file_names(patients)
    staging = folder.with_name(f".staging-{folder.name}")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        (staging / "images").mkdir(parents=True)
        with ThreadPoolExecutor(4) as encoders:
            for start in range(0, n, anatomy.BATCH):
                part = patients.iloc[start : start + anatomy.BATCH]
                pictures = anatomy.draw(part, size, np.random.default_rng([seed, 1, start]))
                files = [staging / "images" / name for name in names[start : start + len(part)]]
                list(encoders.map(_save, pictures, files, part["patient_name"], part["mrn"]))
                say(start + len(part), n, "drawing the phantom")
        table = people.forget(patients, rng)
        table.insert(0, "filename", names)
        table.to_csv(staging / "metadata.csv", index=False)
        if folder.exists():
            folder.rmdir()
        staging.rename(folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return folder


def _file_names(patients: pd.DataFrame) -> list[str]:
    """As a radiology department exports them: Okafor_Grace_19580412_40231177.png."""
    return [
        f"{name.replace(', ', '_')}_{born.replace('-', '')}_{mrn}.png"
        for name, born, mrn in zip(patients["patient_name"], patients["birth_date"], patients["mrn"], strict=True)
    ]


def _save(picture: np.ndarray, file: Path, name: str, mrn: int) -> None:
    text = PngInfo()
    text.add_text("PatientName", name)
    text.add_text("Comment", f"MRN {mrn}")
    Image.fromarray(picture).save(file, pnginfo=text, compress_level=4)
