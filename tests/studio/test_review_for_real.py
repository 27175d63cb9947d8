"""A real quarantine, worked through by keyboard up to the next version of the dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid
from studio_people import fill, log_in, shows, studio, until
from studio_reviews import has_seen

from medsynth_engine.engine import Engine


def capture(path: Path, seed: int) -> None:
    """A secondary capture without text: of a kind that a person must look at."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = SecondaryCaptureImageStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    file.PatientID, file.Modality = f"P-{seed}", "OT"
    file.Rows, file.Columns, file.SamplesPerPixel = 112, 144, 1
    file.PhotometricInterpretation, file.PixelRepresentation = "MONOCHROME2", 0
    file.BitsAllocated, file.BitsStored, file.HighBit = 8, 8, 7
    smooth = np.add.outer(np.linspace(0, 120, 112), np.linspace(0, 100 + seed, 144))
    file.PixelData = smooth.astype(np.uint8).tobytes()
    file.save_as(path, enforce_file_format=True)


@pytest.mark.slow
async def test_a_real_quarantine_is_worked_through_and_the_next_version_made(store: Path, tmp_path: Path) -> None:
    source = tmp_path / "captures"
    source.mkdir()
    for seed in range(3):
        capture(source / f"c{seed}.dcm", seed)
    engine = Engine(store)
    await engine.login("alice", "password123")
    await engine.finish((await engine.datasets_add("captures", str(source)))["job"])
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        await shows(pilot, "3 pictures wait for your review")
        await until_idle(engine)
        await pilot.press("5")
        for number, key in enumerate("ar", 1):
            await until(pilot, lambda: has_seen(app), why="the picture")
            await pilot.press(key)
            await shows(pilot, f"{number} of 3 decided")
        await until(pilot, lambda: has_seen(app), why="the picture")
        await pilot.press("m")
        await fill(pilot, text="0,0,20,20")
        await pilot.press("enter")
        await shows(pilot, "No picture waits.", 90)
        assert not app.failures
    shown, counts = await engine.datasets_show("captures"), await engine.review_counts("captures")
    assert (shown["accepted"], shown["quarantined"], shown["rejected"]) == (2, 0, 1)
    assert counts == {
        "dataset": "captures", "held": 0, "decided": 0, "accepted": 1, "masked": 1, "rejected": 1,
        "self_reviewed": 3, "came_back": 0,
    }  # fmt: skip
    engine.close()


async def until_idle(engine: Engine) -> None:
    """Wait for the text check: the review is applied after it."""
    for job in await engine.jobs_list():
        if job["kind"] == "check_text":
            await engine.finish(job["job"])
