"""DICOM pixels: colours, frames, padding, windows and fractions come out as meant; nothing hides beside them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from intake_decoding import middle
from intake_dicom_zoo import outcomes, written
from pydicom.pixels import pixel_array

from medsynth_engine.intake.formats import decode
from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.selftest.canaries import Aviary
from medsynth_engine.intake.selftest.dicom import slice_with_everything


def test_colour_is_rgb_whatever_it_was_coded_as(zoo: Path) -> None:
    reference = middle((zoo / "pydicom_data/SC_rgb.dcm").read_bytes()).pixels
    assert reference.shape == (100, 100, 3)
    same = ("SC_rgb_16bit", "SC_rgb_32bit", "SC_rgb_expb_16bit", "SC_rgb_expb", "SC_ybr_full_uncompressed")
    for name in same:
        pixels = middle((zoo / f"pydicom_data/{name}.dcm").read_bytes()).pixels
        assert np.abs(pixels.astype(int) - reference).max() <= 8, name


def test_every_frame_is_a_picture_of_its_own_and_some_can_be_chosen(zoo: Path, tmp_path: Path, take: Callable) -> None:
    (tmp_path / "in").mkdir()
    data = (zoo / "pydicom_data/emri_small.dcm").read_bytes()
    (tmp_path / "in" / "a.dcm").write_bytes(data)
    frames = pixel_array(pydicom.dcmread(io.BytesIO(data)))
    file = decode.opened(data, Reading(slices="every:3"))
    assert (file.total, file.chosen) == (10, (0, 3, 6, 9))
    for number in file.chosen:
        assert np.corrcoef(file.frame(number).pixels.ravel(), frames[number].ravel())[0, 1] > 0.95
    document, _ = take(tmp_path / "in", slices="every:3")
    assert document["accepted"] + document["quarantined"] == 4


def test_padding_written_as_an_unsigned_number_is_padding(zoo: Path) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom/test_files/CT_small.dcm")
    stored = dataset.pixel_array.astype(np.int16)
    stored[:20] = -2000
    dataset.PixelData = stored.tobytes()
    dataset[0x00280120] = pydicom.DataElement(0x00280120, "SS", -2000)
    signed = middle(written(dataset)).pixels
    dataset[0x00280120] = pydicom.DataElement(0x00280120, "US", 65536 - 2000)
    assert np.array_equal(middle(written(dataset)).pixels, signed)
    assert not signed[:20].any()
    assert signed[20:].max() > 30000


def test_a_window_of_a_frame_is_used_for_that_frame(zoo: Path) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom_data/emri_small.dcm")
    frames = dataset.pixel_array.astype(float)
    dataset.PerFrameFunctionalGroupsSequence = []
    for number in range(10):
        voi, groups = pydicom.Dataset(), pydicom.Dataset()
        voi.WindowCenter, voi.WindowWidth = 100 + 10 * number, 201
        groups.FrameVOILUTSequence = [voi]
        dataset.PerFrameFunctionalGroupsSequence.append(groups)
    file = decode.opened(written(dataset), Reading())
    for number in file.chosen:
        light = np.clip((frames[number] - (100 + 10 * number - 0.5)) / 200 + 0.5, 0, 1)
        assert np.abs(file.frame(number).pixels - light * 65535).max() <= 1


def test_pixels_as_fractions_are_scaled_and_what_is_no_number_is_refused(zoo: Path) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom_data/parametric_map_float.dcm")
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    stored = np.linspace(-3, 5, dataset.Rows * dataset.Columns, dtype=np.float32).reshape(dataset.Rows, -1)
    del dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence
    dataset.FloatPixelData = stored.tobytes()
    pixels = middle(written(dataset)).pixels
    assert pixels.dtype == np.uint16
    assert np.corrcoef(pixels.ravel(), stored.ravel())[0, 1] > 0.999
    stored[3, 3] = np.nan
    dataset.FloatPixelData = stored.tobytes()
    assert outcomes(written(dataset)) == {"no_intensity"}


def test_bytes_behind_the_last_frame_are_counted_and_gone(zoo: Path) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom/test_files/MR_small.dcm")
    plain = middle(written(dataset))
    dataset.PixelData += b"DOE^JANE MRN 12345"
    decoded = middle(written(dataset))
    assert decoded.found["trailing_bytes"] == 1
    assert not plain.found["trailing_bytes"]
    assert np.array_equal(decoded.pixels, plain.pixels)


def test_bits_above_the_stored_ones_carry_nothing_over(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    slice_with_everything(path, Aviary())
    dataset = pydicom.dcmread(path)
    clean = middle(path.read_bytes()).pixels
    stored = np.frombuffer(dataset.PixelData[:8192], np.uint16) | (np.random.default_rng(0).integers(0, 16, 4096) << 12)
    dataset.PixelData = stored.astype(np.uint16).tobytes()
    stream = io.BytesIO()
    dataset.save_as(stream)
    assert np.array_equal(middle(stream.getvalue()).pixels, clean)
