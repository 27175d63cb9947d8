"""NIfTI: however a volume is stored, its slices look the same; the header's texts are gone; faces go to a person."""

from __future__ import annotations

import gzip
import io
import itertools
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_decoding import middle

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.formats import decode
from medsynth_engine.intake.options import Limits, Reading
from medsynth_engine.intake.reasons import Code, Rejected

CODES = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "i1": 256, "u2": 512, "u4": 768, "i8": 1024, "u8": 1280}
FIELDS = ("sizeof", "dim", "kind", "pixdim", "offset", "slope", "q", "s", "rows", "intent")
PLACES_1 = dict(zip(FIELDS, (0, 40, 70, 76, 108, 112, 252, 254, 280, 68), strict=True))
PLACES_2 = dict(zip(FIELDS, (0, 16, 12, 104, 168, 176, 344, 348, 400, 504), strict=True))
TEXTS_1, TEXTS_2 = ((148, 80), (228, 24), (14, 18)), ((240, 80), (320, 24), (508, 16))
HEAD_TO_FEET = np.diag([2.0, 2.0, 3.0])


def nifti(
    stored: np.ndarray,
    affine: np.ndarray | None = HEAD_TO_FEET,
    order: str = "<",
    second: bool = False,
    slope: float = 1.0,
    texts: tuple[bytes, bytes, bytes] = (b"", b"", b""),
    extension: bytes = b"",
    intent: int = 0,
    magic: bytes = b"",
    quaternion: bool = False,
) -> bytes:
    """A file written by the standard's layout: voxels (x, y, z[, t]); affine 3 x 3 in RAS millimetres."""
    dims = [stored.ndim, *stored.shape, *[1] * (7 - stored.ndim)]
    kind = stored.dtype.newbyteorder("=").str[1:]
    offset = (544 if second else 352) + len(extension)
    head = bytearray(544 if second else 352)
    at = PLACES_2 if second else PLACES_1
    real, whole = ("d", "q") if second else ("f", "h")

    def put(name: str, letters: str, *values: float) -> None:
        struct.pack_into(order + letters, head, at[name], *values)

    put("sizeof", "i", 540 if second else 348)
    put("dim", f"8{whole}", *dims)
    put("kind", "h", CODES[kind])
    put("offset", "q" if second else "f", offset)
    put("slope", real, slope)
    put("intent", "i" if second else "h", intent)
    if affine is not None and not quaternion:
        put("s", "i" if second else "h", 1)
        put("rows", f"12{real}", *np.column_stack([affine, [5.0, -7.0, 9.0]]).ravel())
    elif affine is not None:  # a diagonal of positive steps: no turn at all
        put("q", "i" if second else "h", 1)
        put("pixdim", f"4{real}", 1.0, *np.diag(affine))
    for (place, length), text in zip(TEXTS_2 if second else TEXTS_1, texts, strict=True):
        head[place : place + length] = text.ljust(length, b"\0")
    if extension:
        head[540 if second else 348] = 1
    head[slice(4, 12) if second else slice(344, 348)] = magic or (b"n+2\0\r\n\x1a\n" if second else b"n+1\0")
    return bytes(head) + extension + stored.astype(stored.dtype.newbyteorder(order)).tobytes(order="F")


def body(shape: tuple[int, int, int] = (10, 12, 14)) -> np.ndarray:
    """A volume (right, front, up) whose every voxel is another number."""
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape)


def slices(data: bytes, axis: str = "axial") -> np.ndarray:
    file = decode.opened(data, Reading(axis=axis, faces="keep"))
    return np.stack([file.frame(number).pixels for number in file.chosen])


def expected(volume: np.ndarray, axis: str) -> np.ndarray:
    """What a radiologist sees: the patient's right at the left, front or head up, the face to the left."""
    x, y, z = volume.shape
    numbers = {
        "axial": [[[volume[x - 1 - c, y - 1 - r, k] for c in range(x)] for r in range(y)] for k in range(z)],
        "coronal": [[[volume[x - 1 - c, k, z - 1 - r] for c in range(x)] for r in range(z)] for k in range(y)],
        "sagittal": [[[volume[k, y - 1 - c, z - 1 - r] for c in range(y)] for r in range(z)] for k in range(x)],
    }[axis]
    low, high = np.percentile(volume, (0.5, 99.5))
    return np.rint(np.clip((np.array(numbers) - low) / (high - low), 0, 1) * 65535)


@pytest.mark.parametrize("axis", ["axial", "coronal", "sagittal"])
def test_slices_lie_as_radiologists_look_at_them_however_the_volume_is_stored(axis: str) -> None:
    volume = body()
    seen = expected(volume, axis)
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            stored = volume.transpose(order)[tuple(slice(None, None, sign) for sign in signs)]
            affine = np.zeros((3, 3))
            for place, (world, sign) in enumerate(zip(order, signs, strict=True)):
                affine[world, place] = sign * (1.5 + world)
            tilted = affine + 0.2 * np.roll(affine, 1, axis=0)
            assert np.abs(slices(nifti(stored, tilted), axis) - seen).max() <= 1


@pytest.mark.parametrize("kind", ["i2", "u2", "i4", "u4", "f4", "f8", "i8", "u8"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("second", [False, True])
def test_every_type_order_and_version_gives_the_same_pictures(kind: str, order: str, second: bool) -> None:
    data = nifti(body().astype(kind), order=order, second=second)
    seen = expected(body(), "axial")
    assert np.abs(slices(data) - seen).max() <= 1
    assert np.array_equal(slices(gzip.compress(data)), slices(data))


def test_the_quaternion_serves_where_there_is_no_affine() -> None:
    data = nifti(body(), quaternion=True)
    assert np.array_equal(slices(data), slices(nifti(body())))
    assert decode.opened(data, Reading(axis="coronal")).frame(0).review is Code.FACE


def test_eight_bits_stay_eight_and_a_negative_slope_turns_the_scale_round() -> None:
    volume = (body() % 200).astype(np.uint8)
    shown = slices(nifti(volume))
    assert shown.dtype == np.uint8
    assert np.abs(255 - slices(nifti(volume, slope=-2.0)).astype(int) - shown).max() <= 1


def test_one_scale_holds_for_the_whole_volume_and_blank_slices_stay() -> None:
    volume = np.broadcast_to(np.arange(14, dtype=np.float32), (10, 12, 14)).copy()
    volume[2, 3, 5] = np.nan
    shown = slices(nifti(volume))
    assert len(shown) == 14
    assert shown[0].max() == 0
    assert [int(image[0, 0]) for image in shown] == [int(np.rint(place / 13 * 65535)) for place in range(14)]
    assert shown[5].min() == 0  # what is no number is black
    with pytest.raises(Rejected):
        decode.opened(nifti(np.full((10, 10, 10), np.nan, np.float32)), Reading())


def test_of_several_volumes_the_first_is_taken_and_the_others_are_counted() -> None:
    four = np.stack([body(), body()[::-1], body()], axis=-1)
    assert np.array_equal(slices(nifti(four)), slices(nifti(body())))
    decoded = middle(gzip.compress(nifti(four)))
    assert decoded.found["extra_frames"] == 2
    assert decoded.frames == 14


def test_colour_volumes_are_colour() -> None:
    rng = np.random.default_rng(0)
    volume = rng.integers(0, 256, (10, 12, 9, 3), dtype=np.uint8)
    data = bytearray(nifti(volume[..., 0]))
    struct.pack_into("<h", data, 70, 128)
    data[352:] = np.moveaxis(volume, -1, 0).tobytes(order="F")
    shown = slices(bytes(data))
    assert np.array_equal(shown[4], volume[::-1, ::-1, 4].swapaxes(0, 1))


@pytest.mark.parametrize("second", [False, True])
def test_texts_of_the_header_extensions_and_gzip_names_are_known_and_gone(second: bool) -> None:
    extension = struct.pack("<ii", 48, 6) + b"note by Dr. Extension, ward 7".ljust(40, b"\0")
    texts = (b"DOE^JANE 1950", b"/home/doe/scan.mgz", b"MRN-12345")
    stream = io.BytesIO()
    with gzip.GzipFile(filename="Doe_Jane_T1.nii", mode="wb", fileobj=stream, mtime=1_600_000_000) as packed:
        packed.write(nifti(body(), second=second, texts=texts, extension=extension))
    decoded = middle(stream.getvalue())
    assert decoded.found["header_text"] == 3
    assert decoded.found["header_extensions"] == decoded.found["file_names"] == decoded.found["time"] == 1
    for text in (*texts, b"Doe_Jane_T1.nii", b"note by Dr. Extension, ward 7"):
        assert any(text in said for said in decoded.identifiers), text
    assert middle(nifti(body()) + b"Jane Doe was here").found["trailing_bytes"] == 1


def test_planes_that_show_a_face_go_to_a_person() -> None:
    data = nifti(body())
    assert [middle(data, axis=axis).review for axis in ("axial", "coronal", "sagittal")] == [None, Code.FACE, Code.FACE]
    assert middle(data).found["head_slices"] == 1
    assert middle(data, axis="sagittal", faces="keep").review is None
    unknown = nifti(body(), affine=None)  # any of its planes may be the one
    assert middle(unknown).review is Code.FACE
    assert middle(unknown, faces="keep").review is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (nifti(body())[:-1], Code.TRUNCATED),
        (gzip.compress(nifti(body()), mtime=0)[:-400], Code.TRUNCATED),
        (nifti(body(), intent=1002), Code.SEGMENTATION),
        (nifti(body(), magic=b"ni1\0"), Code.UNKNOWN_FORMAT),
        (nifti(body((4, 5, 20))), Code.TOO_SMALL),
        (gzip.compress(b"no volume" * 100, mtime=0), Code.NESTED_ARCHIVE),
    ],
)
def test_each_bad_volume_has_its_reason(data: bytes, code: Code) -> None:
    with pytest.raises(Rejected) as refusal:
        middle(data)
    assert refusal.value.code is code


def test_volumes_beyond_the_limits_are_not_unpacked() -> None:
    head = bytearray(nifti(body()))
    struct.pack_into("<8h", head, 40, 3, 2000, 2000, 2000, 1, 1, 1, 1)
    bomb = gzip.compress(bytes(head[:352]) + bytes(30_000_000), 9)
    with pytest.raises(Rejected) as refusal:
        middle(bomb)
    assert refusal.value.code is Code.BOMB
    with pytest.raises(Rejected) as refusal:
        middle(bytes(head[:352]))
    assert refusal.value.code is Code.TOO_LARGE
    with pytest.raises(Rejected) as refusal:
        middle(nifti(body()), limits=Limits(image_pixels=100))
    assert refusal.value.code is Code.TOO_MANY_PIXELS


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=200, deadline=None)
def test_mutated_volumes_end_in_pictures_or_a_reason(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = bytearray(nifti(body(), second=bool(seed % 2), texts=(b"a", b"b", b"c")))
    for _ in range(int(rng.integers(1, 12))):
        data[int(rng.integers(0, 600))] = int(rng.integers(0, 256))
    whole = gzip.compress(bytes(data), mtime=0) if seed % 3 == 0 else bytes(data)
    try:
        pixels = middle(whole, axis=("axial", "coronal", "sagittal")[seed % 3]).pixels
    except Rejected:
        return
    assert pixels.dtype in (np.uint8, np.uint16)


def test_real_volumes_are_taken_slice_by_slice(data_folder: Path, take: Callable) -> None:
    document, folder = take(data_folder / "nifti_a", slices="middle:3")
    records = Dataset(folder).records()
    assert document["accepted"] == len(records) >= 9
    by_group = records.groupby("group")["fold"].nunique()
    assert (by_group == 1).all()  # slices of one person are never split over folds
    files = [path for path in (data_folder / "nifti_a").iterdir() if path.name.endswith((".nii", ".nii.gz"))]
    for path in files:
        data = path.read_bytes()
        total = decode.opened(data, Reading()).total
        assert decode.header(data, Reading()).pictures == total > 1
        assert middle(data).pixels.std() > 0
