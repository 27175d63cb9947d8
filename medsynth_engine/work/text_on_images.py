"""A sample of a cohort's images, and of unseen real ones, read for burned-in text by the intake's reading processes.

What is read stays in this process; only counts leave it. A picture lies in a file of its own only while it is read:
in the dataset's folder, because half of them are real, so that it goes with the dataset whatever happens.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from medsynth_engine.evidence.burned_in_text import Looked, burned_in_text, exempt
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.evidence.tables import patients
from medsynth_engine.intake.formats.dicom_tags import READABLE_SIDE
from medsynth_engine.intake.text.forms import has_form
from medsynth_engine.intake.text.readers import UNREAD, Task, read_all, seconds_for
from medsynth_engine.kernel.errors import Interrupted, MedSynthError
from medsynth_engine.kernel.evidence import Evidence
from medsynth_engine.work.desk import Desk

MOST = 200
"""Images of a fold that are read: each takes about half a second of one core, and 200 without text rule out 2 %."""
SEED = 96
"""Beside the evaluation's own, so that nothing else draws the same numbers."""
FOLDS = ("synthetic", "holdout")
WHITE = 255.0


def text_on_images(desk: Desk, folder: Path, inputs: Inputs) -> list[Evidence]:
    """The evidence of an evaluation; `folder`: of the dataset. Nothing of images where there are none."""
    place = folder / f".reading-{desk.folder.name}"
    shutil.rmtree(place, ignore_errors=True)  # an earlier process of this job may have been killed
    try:
        return read_images(inputs, place, desk.progress("pictures"), desk.wanted)
    except Interrupted:
        desk.stop_if_unwanted()  # in the words of an evaluation, which keeps nothing
        raise
    finally:
        shutil.rmtree(place, ignore_errors=True)


def read_images(
    inputs: Inputs, place: Path, progress: Callable[[int, int | None, str], None], wanted: Callable[[], bool]
) -> list[Evidence]:
    """Read the samples. `place`: a folder (made, 0700) for pictures while they are read.

    Raises Interrupted when `wanted()` turns False, MedSynthError where no reader starts or most images are not read.
    """
    synthetic = inputs.synthetic_images
    if synthetic is None or not len(synthetic):
        return []
    if min(synthetic.shape[1:3]) < READABLE_SIDE:
        return exempt(READABLE_SIDE)
    place.mkdir(mode=0o700)
    chosen = {fold: _sample(inputs, fold) for fold in FOLDS}
    total = sum(map(len, chosen.values()))
    say = "reading text on images"
    progress(0, total, say)
    answers: dict[str, dict[int, tuple[str, bool]]] = {fold: {} for fold in FOLDS}
    for done, answer in enumerate(read_all(_tasks(inputs, chosen, place), total, wanted), 1):
        fold, number = answer["record"].split(":")
        _file(place, fold, int(number)).unlink()
        text = answer["verdict"] == "text"
        answers[fold][int(number)] = answer["verdict"], text and any(map(has_form, answer["read"]))
        progress(done, total, say)
    made, real = (_looked(inputs, fold, answers[fold]) for fold in FOLDS)
    if made.unread > made.read:
        raise MedSynthError("text_unread", "Most images could not be read for text.", "Run medsynth doctor.")
    return burned_in_text(made, real)


def _sample(inputs: Inputs, fold: str) -> np.ndarray:
    """Positions of at most MOST images of a fold, ascending: one of every patient before a second of any."""
    images = inputs.images(fold)
    if images is None:
        return np.zeros(0, int)
    order = np.random.default_rng([inputs.seed, SEED, FOLDS.index(fold)]).permutation(len(images))
    owners = patients(inputs.table(fold))[inputs.rows(fold)][order]
    turn = pd.Series(owners).groupby(owners).cumcount().to_numpy()
    return np.sort(order[np.argsort(turn, kind="stable")][:MOST])


def _tasks(inputs: Inputs, chosen: dict[str, np.ndarray], place: Path) -> Iterator[Task]:
    """A file is written when a reader is about to take it, so that there are never more than there are readers."""
    for fold, positions in chosen.items():
        images = inputs.images(fold)
        for number in positions:
            assert images is not None
            path = _file(place, fold, int(number))
            Image.fromarray(images[number]).save(path)
            area = images.shape[1] * images.shape[2]
            yield Task(f"{fold}:{number}", path, WHITE, seconds=seconds_for(area))


def _file(place: Path, fold: str, number: int) -> Path:
    return place / f"{fold}-{number}.png"


def _looked(inputs: Inputs, fold: str, answers: dict[int, tuple[str, bool]]) -> Looked:
    images, rows = inputs.images(fold), inputs.rows(fold)
    verdicts = [verdict for verdict, _ in answers.values()]
    unread = verdicts.count(UNREAD)
    return Looked(
        there=0 if images is None else len(images),
        read=len(verdicts) - unread,
        unread=unread,
        text=verdicts.count("text"),
        forms=tuple(int(rows[number]) + 1 for number in sorted(answers) if answers[number][1]),
    )
