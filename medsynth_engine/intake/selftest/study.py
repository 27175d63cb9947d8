"""A made-up study for the score: three patients, two studies each, two series each, two slices each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from medsynth_engine.intake.selftest import dicom
from medsynth_engine.intake.selftest.canaries import DICOM, Aviary

DATES = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")
TEXTS = (
    *("ReferringPhysicianName", "OperatorsName", "AccessionNumber", "StudyID", "InstitutionName", "StationName"),
    *("DeviceSerialNumber", "StudyDescription", "SeriesDescription", "ImageComments", "PatientAddress"),
)
KINDS = (("CR", "CHEST", "PA"), ("MR", "PELVIS", ""), ("CT", "ABDOMEN", ""))
"""Modality, body part, view."""
AGES = (40, 67, 94)
"""Years; the last must come out as 90."""
WHITE_12 = 4095


@dataclass
class Slice:
    """One file: what must be gone, what must stay, and what the picture must look like (uint8 or uint16)."""

    shown: np.ndarray
    patient: str
    study: str
    series: str
    age: int
    burned_in: bool = False
    texts: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    uids: list[str] = field(default_factory=list)
    kept: dict[str, str | float] = field(default_factory=dict)


def write_study(folder: Path, aviary: Aviary) -> list[Slice]:
    """24 files that can be stored, and one a patient whose header declares burned-in text."""
    made: list[Slice] = []
    for patient in range(3):
        person = {"PatientName": aviary.text(DICOM, "name"), "PatientID": aviary.text(DICOM, "id")}
        born = aviary.date(DICOM, "birth")
        for study in range(2):
            study_uid = aviary.uid(DICOM, "study")
            for series in range(2):
                series_uid = aviary.uid(DICOM, "series")
                for number in range(2 + (study + series == 0)):
                    one = _slice(len(made), patient, person, born, (study_uid, series_uid), number == 2)
                    _write(folder / f"{len(made):03d}.dcm", one, person, born, aviary)
                    made.append(one)
    return made


def _slice(seed: int, patient: int, person: dict[str, str], born: str, uids: tuple[str, str], burned_in: bool) -> Slice:
    """Values of 8 or of 12 bits that fill their window, so that what is shown follows from PS3.3 C.11.2.1.2 by hand."""
    rng = np.random.default_rng(1000 + seed)
    deep = patient == 1
    values = rng.integers(0, WHITE_12 + 1 if deep else 256, (64, 64))
    shown = np.rint(values / WHITE_12 * 65535).astype(np.uint16) if deep else values.astype(np.uint8)
    modality, part, view = KINDS[patient]
    kept: dict[str, str | float] = {"modality": modality, "body_part": part, "sex": "FM"[patient % 2]}
    kept |= {"age": float(min(AGES[patient], 90))} | ({"view": view} if view else {})
    made = Slice(shown, person["PatientID"], *uids, age=AGES[patient], burned_in=burned_in, kept=kept)
    made.texts += person.values()
    made.dates.append(born)
    made.uids += uids
    return made


def _write(path: Path, one: Slice, person: dict[str, str], born: str, aviary: Aviary) -> None:
    before = len(aviary.made)
    dataset = dicom.new(path, dicom.MR, aviary)
    fresh = aviary.made[before:]
    replaced = {str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID), str(dataset.PatientBirthDate)}
    one.uids += [canary.text for canary in fresh if "." in canary.text and canary.text not in replaced]
    one.dates += [canary.text for canary in fresh if "." not in canary.text and canary.text not in replaced]
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.PatientBirthDate = one.study, one.series, born
    for keyword, value in person.items():
        setattr(dataset, keyword, value)
    for keyword in TEXTS:
        one.texts.append(aviary.text(DICOM, keyword))
        setattr(dataset, keyword, one.texts[-1])
    dataset.Modality, dataset.BodyPartExamined = one.kept["modality"], one.kept["body_part"]
    dataset.ViewPosition, dataset.PatientSex = one.kept.get("view", ""), one.kept["sex"]
    dataset.PatientAge = f"{one.age:03d}Y"
    if one.burned_in:
        dataset.BurnedInAnnotation = "YES"
    deep = one.shown.dtype == np.uint16
    dicom.picture(dataset, np.rint(one.shown / 65535 * WHITE_12).astype(np.uint16) if deep else one.shown)
    dataset.WindowCenter, dataset.WindowWidth = (2048, 4096) if deep else (128, 256)
    dataset.save_as(path, enforce_file_format=True)
