"""The site's encoder for one evaluation: learned from half of the training patients and their findings, or given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from medsynth_engine.evidence.fidelity import Features, Space
from medsynth_engine.evidence.inputs import FOLDS, Inputs
from medsynth_engine.evidence.pictures import Pictures
from medsynth_engine.evidence.tables import group, patients, present
from medsynth_engine.features import encoder
from medsynth_engine.features.encoder import Encoder

FEWEST_OF_A_LABEL = 11
Progress = Callable[[int, int | None, str], None]


def labels(inputs: Inputs) -> np.ndarray:
    """bool (training images, findings): the commonest findings that enough images show and enough do not."""
    found = present(group(inputs.training, "finding"))
    rows = inputs.rows("training")
    masks = [mask[rows] for mask in found.values()]
    kept = [mask for mask in masks if FEWEST_OF_A_LABEL <= mask.sum() <= len(mask) - FEWEST_OF_A_LABEL]
    return np.column_stack([np.zeros((len(rows), 0), bool), *kept[: encoder.MOST_LABELS]])


def learners(inputs: Inputs) -> np.ndarray:
    """bool, of each row of the training table: whether its patient teaches the encoder, which about half of them do.

    The others are the control in its space. An encoder that has seen an image places it elsewhere than one it has
    not: with a control it has learned from, real images would look more alike than they are. The side of a patient is
    decided by the patient's first image, so it is the same in every evaluation.
    """
    images, rows = inputs.training_images, inputs.rows("training")
    teaches = np.zeros(len(inputs.training), bool)
    if images is None or not len(rows):
        return teaches
    owners = patients(inputs.training)
    people, first = np.unique(owners[rows], return_index=True)
    sides = [hashlib.sha256(np.ascontiguousarray(images[place]).tobytes()).digest()[0] % 2 == 0 for place in first]
    return np.isin(owners, people[np.array(sides, dtype=bool)])


def taught(inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    """The images that an encoder learns from, and their labels."""
    assert inputs.training_images is not None
    chosen = learners(inputs)[inputs.rows("training")]
    return inputs.training_images[chosen], labels(inputs)[chosen]


def can_learn(inputs: Inputs) -> bool:
    return inputs.has_images and int(learners(inputs)[inputs.rows("training")].sum()) >= encoder.FEWEST


def key(inputs: Inputs) -> str:
    """Names what an encoder of these inputs learns from: the same images and findings have the same one."""
    images, known = taught(inputs)
    found = hashlib.sha256(f"{encoder.EDITION} {images.shape} {known.shape}".encode())
    found.update(np.ascontiguousarray(images).tobytes())
    found.update(np.ascontiguousarray(known).tobytes())
    return found.hexdigest()


def seeing(inputs: Inputs, progress: Progress, wanted: Callable[[], bool]) -> Inputs:
    """The inputs with an encoder: the one that is there, else a new one; without images, or stopped, none."""
    if inputs.encoder is not None or not can_learn(inputs):
        return inputs
    return replace(inputs, encoder=encoder.learn(*taught(inputs), progress, wanted))


def seen_by(site: Encoder, inputs: Inputs, found: dict[str, Pictures]) -> tuple[Features, Space]:
    """The images in the encoder's space, scaled, and what it is called: by its digest. Training: who did not teach."""
    shown = {**found, "training": found["training"].only(~learners(inputs)[found["training"].rows])}
    features, owners = [site(shown[fold].images) for fold in FOLDS], [shown[fold].owners for fold in FOLDS]
    called = f"the site's encoder {site.digest()[:16]} (learned from {site.trained_on} other training images)"
    return Features(*features, *owners).scaled(), Space("fidelity.encoder.", called)
