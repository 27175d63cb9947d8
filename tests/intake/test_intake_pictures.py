"""PNG, JPEG and arrays: orientation first, alpha and palettes undone, 16 bits kept, and the read side's one rule."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_decoding import middle, saved
from intake_pieces import photograph
from PIL import Image, ImageOps

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.formats.decode import decode_entry, opened
from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.reasons import Code, Rejected
from medsynth_engine.kernel.errors import BadInput, NotFound
from medsynth_engine.kernel.png import png


def pixels_of(data: bytes) -> np.ndarray:
    return middle(data).pixels


@given(st.integers(0, 10_000), st.integers(8, 40), st.integers(8, 40), st.sampled_from(["L", "RGB", "I;16"]))
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_what_was_decoded(seed: int, height: int, width: int, mode: str) -> None:
    rng = np.random.default_rng(seed)
    shape = (height, width, 3) if mode == "RGB" else (height, width)
    pixels = rng.integers(0, 65536 if mode == "I;16" else 256, shape).astype(np.uint16 if mode == "I;16" else np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png(pixels)))), pixels)
    assert np.array_equal(pixels_of(png(pixels)), pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_orientation_is_applied_before_it_is_dropped(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(photograph(3)), kind, exif=exif)
    assert np.array_equal(pixels_of(data), np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))))


def test_damaged_exif_costs_nothing() -> None:
    data = saved(Image.fromarray(photograph(3)), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(20))
    assert pixels_of(data).shape == (48, 64, 3)


def test_sixteen_bits_stay_sixteen_bits() -> None:
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    assert np.array_equal(pixels_of(saved(Image.fromarray(ramp))), ramp)


def test_palettes_bits_and_alpha_are_undone() -> None:
    picture = photograph(4)
    palette = Image.fromarray(picture).quantize(64)
    assert np.array_equal(pixels_of(saved(palette)), np.asarray(palette.convert("RGB")))
    bits = Image.fromarray(picture).convert("1")
    assert set(np.unique(pixels_of(saved(bits)))) == {0, 255}
    alpha = np.full((48, 64), 255, np.uint8)
    assert np.array_equal(pixels_of(saved(Image.fromarray(np.dstack([picture, alpha])))), picture)
    alpha[:, :32] = 0  # what hides under full transparency must not come out
    shown = pixels_of(saved(Image.fromarray(np.dstack([picture, alpha]))))
    assert shown[:, :32].max() == 0
    assert np.array_equal(shown[:, 32:], picture[:, 32:])
    grey = Image.fromarray(np.dstack([picture[..., 0], alpha]), "LA")
    assert pixels_of(saved(grey)).shape == (48, 64)


def test_grey_in_colours_clothes_is_grey() -> None:
    grey = photograph(5, colour=False)
    assert np.array_equal(pixels_of(saved(Image.fromarray(np.dstack([grey] * 3)))), grey)
    assert pixels_of(saved(Image.fromarray(photograph(5)).convert("CMYK"), "JPEG")).shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.EMPTY),
        (b"hello, this is a text", Code.UNKNOWN_FORMAT),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), Code.UNREADABLE),
        (saved(Image.new("L", (4, 40))), Code.TOO_SMALL),
        (saved(Image.fromarray(photograph(1)), "JPEG")[:-150], Code.TRUNCATED),
        (b"PK\x03\x04" + bytes(50), Code.NESTED_ARCHIVE),
        (saved(Image.fromarray(photograph(1)), "GIF"), Code.UNKNOWN_FORMAT),
    ],
)
def test_each_bad_file_has_its_reason(data: bytes, code: Code) -> None:
    with pytest.raises(Rejected) as refusal:
        middle(data)
    assert refusal.value.code is code


@given(st.integers(0, 2**32 - 1), st.sampled_from(["PNG", "JPEG"]))
@settings(max_examples=120, deadline=None)
def test_mutated_files_end_in_pixels_or_a_reason(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    data = bytearray(saved(Image.fromarray(photograph(seed % 5, (24, 24))), kind))
    for _ in range(int(rng.integers(1, 8))):
        data[int(rng.integers(0, len(data)))] = int(rng.integers(0, 256))
    if rng.random() < 0.3:
        del data[int(rng.integers(10, len(data))) :]
    try:
        pixels = middle(bytes(data)).pixels
    except Rejected:
        return
    assert pixels.dtype in (np.uint8, np.uint16)
    assert pixels.ndim == 2 or pixels.shape[2] == 3


def test_arrays_of_any_number_become_pictures() -> None:
    ramp = np.linspace(0, 1, 256).reshape(16, 16)
    expected = np.rint(ramp * 255).astype(np.uint8)

    def entry(array: np.ndarray) -> np.ndarray:
        return decode_entry(array.tobytes(), array.shape, array.dtype.str).pixels

    assert np.array_equal(entry(ramp), expected)
    assert np.array_equal(entry(ramp.astype(">f4")), expected)
    assert np.array_equal(entry((ramp * 255).round()), expected)
    assert entry((ramp * 4000).astype(np.int32)).max() == 4000
    assert entry(ramp * 2 - 1).dtype == np.uint16
    assert entry(ramp > 0.5).max() == 255
    assert entry(np.dstack([expected] * 3)).ndim == 2
    with pytest.raises(Rejected):
        entry(np.full((16, 16), np.nan))


def test_a_plain_npz_with_other_columns_is_taken(tmp_path: Path, take: Callable) -> None:
    path = tmp_path / "set.npz"
    images = np.stack([photograph(n, (32, 32)) for n in range(40)])
    sexes = np.array(["F", "M"] * 20)
    np.savez(
        path,
        images=images,
        labels=np.arange(40) % 3,
        sex=sexes,
        age=np.arange(40) + 20.5,
        patient_id=np.arange(40) // 2,
    )
    document, folder = take(path)
    records = Dataset(folder).records()
    assert document["patients"] == 20
    assert (records.groupby("patient")["fold"].nunique() == 1).all()
    assert set(records["finding"]) == {"0", "1", "2"}
    assert records["sex"].value_counts().to_dict() == {"F": 20, "M": 20}
    assert records["age"].min() == 20.5
    assert Dataset(folder).images(records, 32).shape == (40, 32, 32, 3)


def test_colour_is_cropped_and_grey_is_padded(tmp_path: Path, take: Callable) -> None:
    source = tmp_path / "in"
    source.mkdir()
    wide = np.zeros((40, 80, 3), np.uint8)
    wide[:, 20:60] = (200, 100, 50)
    Image.fromarray(wide).save(source / "colour.png")
    Image.fromarray(np.full((40, 80), 200, np.uint8)).save(source / "grey.png")
    _, folder = take(source)
    dataset = Dataset(folder)
    records = dataset.records()
    colour = dataset.images(records[records["channels"] == 3], 20)
    assert colour.shape == (1, 20, 20, 3)
    assert (colour == np.array([200, 100, 50])).all()
    grey = dataset.images(records[records["channels"] == 1], 20, channels=1)
    assert grey.shape == (1, 20, 20, 1)
    assert (grey[0, 6:14, :, 0] == 200).all()
    assert (grey[0, :4] == 0).all() and (grey[0, 16:] == 0).all()
    assert dataset.images(records[records["channels"] == 1], 20, channels=3).shape == (1, 20, 20, 3)


def test_the_read_side_says_what_is_not_there(tmp_path: Path, photographs: Path, take: Callable) -> None:
    with pytest.raises(NotFound):
        Dataset(tmp_path)
    _, folder = take(photographs)
    with pytest.raises(BadInput):
        Dataset(folder).images(["r" + "0" * 16], 16)
    with pytest.raises(NotFound):
        Dataset(folder).path("../../etc/passwd")
    table = tmp_path / "t.csv"
    table.write_text("age,sex\n" + "40,F\n50,M\n" * 20)
    _, rows = take(table, "rows")
    with pytest.raises(BadInput):
        Dataset(rows).images(Dataset(rows).records(), 16)


def test_twelve_bits_in_sixteen_are_shown_in_full_brightness(tmp_path: Path, take: Callable) -> None:
    source = tmp_path / "in"
    source.mkdir()
    ramp = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(ramp).save(source / "a.png")
    Image.fromarray(ramp // 3).save(source / "b.png")
    _, folder = take(source)
    dataset = Dataset(folder)
    assert dataset.schema()["image"]["white"] == 4095
    shown = sorted(int(image.max()) for image in dataset.images(dataset.records(), 64))
    assert shown == [85, 255]  # one white for the whole set, so pictures stay comparable


@pytest.mark.parametrize("kind", ["float32", "int32"])
@pytest.mark.parametrize("slices", ["all", "first", "1-2"])
def test_all_pages_of_a_stack_of_numbers_are_read_alike(kind: str, slices: str) -> None:
    """A dark page among bright ones, and one that is not finite: the same number is the same light in all of them."""
    ramp = np.arange(64 * 64).reshape(64, 64) % 200
    bright, dark = (ramp * 4000).astype(kind), ramp.astype(kind)
    pages = [dark, bright, dark]
    if kind == "float32":
        pages.append(np.full((64, 64), np.nan, "float32"))
    stream = io.BytesIO()
    images = [Image.fromarray(page) for page in pages]
    images[0].save(stream, "TIFF", save_all=True, append_images=images[1:])
    found = opened(stream.getvalue(), Reading(slices=slices))
    assert found.total == len(pages)
    light = {number: found.frame(number).pixels for number in (2, 0, 1)}
    assert light[0].dtype == light[1].dtype == np.uint16
    assert (light[0] == light[2]).all()
    assert light[1].max() == 65535
    assert light[0].max() == round(65535 * 199 / (199 * 4000))
    if kind == "float32":
        with pytest.raises(Rejected):
            found.frame(3)
