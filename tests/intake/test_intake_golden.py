"""Golden pixels: intensities and colours are those of pydicom's own pipeline, written out here step by step."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import (
    apply_color_lut,
    apply_modality_lut,
    apply_rescale,
    apply_voi_lut,
    apply_windowing,
    pixel_array,
)

from medsynth_engine.intake.formats import decode
from medsynth_engine.intake.formats.intensity import percentiles
from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.reasons import Rejected

GOLDEN = (
    "pydicom_data/693_UNCI.dcm",  # CT, window, padding, signed
    "pydicom/test_files/CT_small.dcm",  # CT without a window, padding
    "pydicom/test_files/693_J2KI.dcm",  # CT, JPEG 2000, window
    "kcr/anon_apct.dcm",  # CT, several windows, big endian
    "pydicom/test_files/MR_small.dcm",  # MR, signed, window
    "pydicom/test_files/MR_small_bigendian.dcm",
    "pydicom/test_files/MR_small_RLE.dcm",
    "pydicom/test_files/MR_small_jp2klossless.dcm",
    "pydicom/test_files/MR_small_jpeg_ls_lossless.dcm",
    "pydicom/test_files/examples_overlay.dcm",  # MR, 12 bits, overlays that are no part of the picture
    "dcm_qa_nih/20180918GE/mr_0004/axial_epi_fmri_interleaved_i_to_s-00001.dcm",
    "suyashkumar/1.dcm",  # PET, rescaled by a fraction
    "suyashkumar/3.dcm",  # MR, VOI LUT function named
    "pydicom_data/RG1_J2KI.dcm",  # CR, MONOCHROME1, 15 bits
    "pydicom_data/RG3_J2KI.dcm",  # CR, MONOCHROME1, 10 bits
    "pydicom_data/JPGLosslessP14SV1_1s_1f_8b.dcm",  # 8 bits, JPEG lossless
    "pydicom_data/JPEG2000_UNC.dcm",  # NM without a window: percentiles
    "pydicom_data/JLSL_16_15_1_1F.dcm",
    "pydicom_data/vlut_04.dcm",  # VOI LUT
    "pydicom_data/mlut_18.dcm",  # modality LUT
)
COLOUR = (
    "pydicom/test_files/examples_palette.dcm",
    "pydicom_data/OBXXXX1A_rle.dcm",  # palette, RLE
    "pydicom/test_files/examples_rgb_color.dcm",
    "pydicom/test_files/ExplVR_BigEnd.dcm",
    "pydicom/test_files/examples_ybr_color.dcm",  # YBR_FULL_422, JPEG, 30 frames
    "pydicom/test_files/SC_ybr_full_422_uncompressed.dcm",
    "pydicom/test_files/examples_jpeg2k.dcm",  # YBR_RCT
    "pydicom_data/US1_J2KI.dcm",  # YBR_ICT
    "pydicom_data/JLSN_RGB_ILV0.dcm",
    "pydicom_data/HTJ2K_08_RGB.dcm",
    "pydicom_data/SC_rgb_expb_16bit_2frame.dcm",
    "pydicom/test_files/SC_rgb_rle_32bit_2frame.dcm",
)


def light_of(dataset: pydicom.Dataset, stored: np.ndarray) -> np.ndarray:
    """Light between 0 and 1 by PS3.3 C.11, with pydicom's functions; CT's and percentiles' rules are our own."""
    if "ModalityLUTSequence" in dataset:
        values = apply_modality_lut(stored, dataset)
    else:
        values = apply_rescale(stored, dataset)
    if "VOILUTSequence" in dataset:
        bits = dataset.VOILUTSequence[0].LUTDescriptor[2]
        light = apply_voi_lut(np.asarray(values, np.int64), dataset) / (2**bits - 1)
    elif "WindowCenter" in dataset:
        shown = apply_windowing(values, dataset, index=0)
        lowest = -(2 ** (dataset.BitsStored - 1)) if dataset.PixelRepresentation else 0
        ends = np.array([lowest, lowest + 2**dataset.BitsStored - 1], float)
        low, high = ends * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
        light = (shown - low) / (high - low)
    elif dataset.get("Modality") == "CT":
        light = np.clip((values - 40 + 0.5) / 399 + 0.5, 0, 1)  # soft tissue: centre 40, width 400
    else:
        low, high = np.percentile(values, (0.5, 99.5))
        light = np.clip((values - low) / (high - low), 0, 1)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        light = 1 - light
    if "PixelPaddingValue" in dataset:
        light = np.where(stored == dataset.PixelPaddingValue, 0, light)
    return light


@pytest.mark.parametrize("name", GOLDEN)
def test_intensities_are_those_of_the_standard_pipeline(zoo: Path, name: str) -> None:
    data = (zoo / name).read_bytes()
    dataset = pydicom.dcmread(io.BytesIO(data), force=True)
    stored = pixel_array(dataset)
    ours = decode.opened(data, Reading()).frame(0).pixels
    assert ours.dtype == (np.uint16 if dataset.BitsStored > 8 else np.uint8)
    white = 65535 if ours.dtype == np.uint16 else 255
    assert ours.shape == stored.shape
    assert np.abs(ours - light_of(dataset, stored) * white).max() <= 1
    assert len(np.unique(ours)) > 20


@pytest.mark.parametrize("name", COLOUR)
def test_colours_are_those_of_the_standard_pipeline_in_every_frame(zoo: Path, name: str) -> None:
    data = (zoo / name).read_bytes()
    dataset = pydicom.dcmread(io.BytesIO(data), force=True)
    frames = pixel_array(dataset)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        frames = apply_color_lut(frames, dataset)
        white = 2.0 ** (8 * frames.itemsize) - 1
    else:
        white = 2.0**dataset.BitsStored - 1
    frames = frames.reshape(-1, dataset.Rows, dataset.Columns, 3)
    file = decode.opened(data, Reading())
    assert file.total == len(frames)
    for number in (0, file.total - 1):
        ours = file.frame(number).pixels
        if ours.ndim == 2:
            ours = np.stack([ours] * 3, axis=-1)
        assert np.abs(ours - frames[number] / white * 255).max() <= 1


def test_frames_one_by_one_are_the_frames_all_at_once(zoo: Path) -> None:
    seen = 0
    for path in sorted([*zoo.rglob("*.dcm")]):
        data = path.read_bytes()
        try:
            file = decode.opened(data, Reading())
            pictures = [file.frame(number).pixels for number in reversed(file.chosen)][::-1]
        except Rejected:
            continue
        if file.total == 1:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frames = pixel_array(pydicom.dcmread(path, force=True))
        assert len(frames) == file.total == len(pictures)
        for picture, frame in zip(pictures, frames, strict=True):
            a, b = picture.astype(float).ravel(), frame.astype(float).ravel()
            if a.size == b.size and a.std() and frame.ndim == 2:
                assert np.corrcoef(a, b)[0, 1] > 0.9, path.name
        seen += 1
    assert seen >= 15


def test_percentiles_from_counts_are_those_of_the_array() -> None:
    rng = np.random.default_rng(3)
    for size in (1, 2, 7, 1000):
        values = rng.integers(-50, 50, size)
        levels, counts = np.unique(values, return_counts=True)
        assert np.allclose(percentiles(levels, counts), np.percentile(values, (0.5, 99.5)))
