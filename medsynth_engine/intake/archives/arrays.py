"""An NPZ in MedMNIST layout (`train_images`, `train_labels`, `val_*`, `test_*`) or plain `images` and `labels`.

Pickles are never loaded. Image arrays are streamed one entry at a time, so memory does not grow with the file.
"""

from __future__ import annotations

import ast
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medsynth_engine.intake.archives.directory import count_entries
from medsynth_engine.intake.archives.medmnist import names_of
from medsynth_engine.intake.items import ArrayTable, Item, Source
from medsynth_engine.intake.options import Limits, Options
from medsynth_engine.kernel.errors import BadInput

SPLITS = {
    "train": "training",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "holdout",
}
MAGIC = b"\x93NUMPY"
HINT = "Save it with numpy.savez_compressed(path, images=..., labels=...) or in MedMNIST layout."
MOST_ARRAYS = 10_000
LARGEST_ENTRY = 128 * 2**20
"""Bytes of one image: it passes through the parent, which stays under a gigabyte."""
COLUMN_BYTES = 256 * 2**20
"""Arrays beside the images (labels, ages) are read whole, up to this size each."""


@dataclass(frozen=True)
class Header:
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool


@dataclass(frozen=True)
class Images:
    """One array of images inside the file. `prefix` is `train_`, `val_`, `test_` or empty."""

    key: str
    prefix: str
    header: Header

    @property
    def split(self) -> str:
        return SPLITS.get(self.prefix.rstrip("_"), "")


def open_npz(path: Path, options: Options) -> Source:
    """List an NPZ. Raises BadInput for object arrays, unknown layouts, and arrays beyond the limits."""
    try:
        with path.open("rb") as stream:
            if count_entries(stream, MOST_ARRAYS) > MOST_ARRAYS:
                raise BadInput("too_many_arrays", f"The NPZ holds more than {MOST_ARRAYS:,} arrays.", HINT)
        with zipfile.ZipFile(path) as archive:
            headers = {_key(name): _header(archive, name) for name in archive.namelist() if name.endswith(".npy")}
            groups = image_arrays(headers, options.limits)
            stamp = path.stat().st_mtime_ns
            items = [
                Item(0, f"{group.key}/{entry:08d}", _entry_bytes(group.header), stamp, None, group.split)
                for group in groups
                for entry in range(group.header.shape[0])
            ]
            columns, warnings = _named(path, _columns(archive, headers, groups))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError):
        raise BadInput("damaged_npz", "The NPZ is damaged and cannot be read.", HINT) from None
    numbered = tuple(
        Item(ordinal, item.name, item.size, item.stamp, None, item.split) for ordinal, item in enumerate(items)
    )
    columns = {"file": [item.name for item in numbered], **columns}
    return Source("npz", path, numbered, (), ArrayTable(columns), warnings)


def _key(name: str) -> str:
    return name.removesuffix(".npy")


def _header(archive: zipfile.ZipFile, name: str) -> Header:
    with archive.open(name) as stream:
        return _read_header(stream)


def _read_header(stream) -> Header:
    """The header of the .npy format (NumPy NEP 1), read with a bound and without evaluating anything."""
    start = stream.read(8)
    if len(start) < 8 or not start.startswith(MAGIC):
        raise BadInput("damaged_npz", "An array inside the NPZ has no NumPy header.", HINT)
    width, form = (2, "<H") if start[6] == 1 else (4, "<I")
    length = struct.unpack(form, stream.read(width))[0]
    if length > 2**16:
        raise BadInput("damaged_npz", "An array inside the NPZ has a header that is too long.", HINT)
    try:
        fields = ast.literal_eval(stream.read(length).decode("latin-1"))
        shape = tuple(int(size) for size in fields["shape"])
        described = fields["descr"]
        fortran = bool(fields["fortran_order"])
        dtype = np.dtype(described)
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        raise BadInput("damaged_npz", "An array inside the NPZ has a damaged header.", HINT) from None
    if dtype.hasobject:
        raise BadInput(
            "object_array",
            "The NPZ holds an array of Python objects. Such arrays can run code when they are read, so none is.",
            HINT,
        )
    return Header(shape, dtype, fortran)


def image_arrays(headers: dict[str, Header], limits: Limits) -> list[Images]:
    """The arrays that are images: named `images` or `<split>_images`, numeric, (n, h, w) or (n, h, w, 1|3|4)."""
    groups = []
    for key in sorted(headers):
        if key != "images" and not key.endswith("_images"):
            continue
        header = headers[key]
        if header.fortran:
            raise BadInput("fortran_order", "The image array is stored column by column.", HINT)
        flat = len(header.shape) == 3 or (len(header.shape) == 4 and header.shape[3] in (1, 3, 4))
        if not flat or header.dtype.kind not in "uifb" or header.dtype.itemsize > 8:
            raise BadInput(
                "not_images",
                "The image array is not of shape (n, height, width) or (n, height, width, 3) with numbers in it.",
                HINT,
            )
        if header.shape[1] * header.shape[2] > limits.image_pixels or _entry_bytes(header) > LARGEST_ENTRY:
            raise BadInput("too_many_pixels", "The images in the NPZ have more pixels than the limit.", HINT)
        if header.shape[0] > limits.archive_members:
            raise BadInput("too_many_members", "The NPZ holds more images than the limit.", "Bring it in in parts.")
        groups.append(Images(key, key.removesuffix("images"), header))
    if not groups or not any(group.header.shape[0] for group in groups):
        raise BadInput("no_image_array", "The NPZ holds no array named `images` or `train_images`.", HINT)
    return groups


def _entry_bytes(header: Header) -> int:
    size = header.dtype.itemsize
    for extent in header.shape[1:]:
        size *= extent
    return size


def _columns(archive: zipfile.ZipFile, headers: dict[str, Header], groups: list[Images]) -> dict[str, list[str]]:
    """What lies beside the images with one entry an image; `labels` becomes `finding`."""
    columns: dict[str, list[str]] = {}
    start = 0
    total = sum(group.header.shape[0] for group in groups)
    for group in groups:
        count = group.header.shape[0]
        for key, header in headers.items():
            name = key.removeprefix(group.prefix)
            same_split = key.startswith(group.prefix) and key != group.key
            if not same_split or name.endswith("images") or not header.shape or header.shape[0] != count:
                continue
            if any(name.startswith(f"{split}_") for split in SPLITS) or len(header.shape) > 2 or header.fortran:
                continue
            texts = _texts(archive, key, header)
            name = "finding" if name in ("labels", "label") else name
            columns.setdefault(name, [""] * total)[start : start + count] = texts
        start += count
    return columns


def _named(path: Path, columns: dict[str, list[str]]) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Label numbers of a published set become names; of any other set they stay numbers."""
    labels = {int(part) for value in set(columns.get("finding", [])) for part in re.findall(r"\d+", value)}
    names = names_of(path, max(labels, default=0))
    if names is None or not labels:
        return columns, ()

    def named(value: str) -> str:
        return re.sub(r"(?:class )?(\d+)", lambda found: names[int(found[1])], value)

    made = {value: named(value) for value in set(columns["finding"])}
    columns["finding"] = [made[value] for value in columns["finding"]]
    return columns, ("The file is called like a MedMNIST set, so its label numbers were named as that set names them.",)


def _texts(archive: zipfile.ZipFile, key: str, header: Header) -> list[str]:
    """A label array as text. Several 0/1 columns (chest findings) become the names of the ones that are set."""
    if _entry_bytes(header) * header.shape[0] > COLUMN_BYTES:
        raise BadInput("too_large", "An array beside the images is larger than the limit.", HINT)
    try:
        values = np.load(io.BytesIO(archive.read(f"{key}.npy")), allow_pickle=False)
    except ValueError:
        raise BadInput("damaged_npz", "An array beside the images cannot be read.", HINT) from None
    values = values.reshape(len(values), -1)
    if values.shape[1] == 1:
        return [_text(value) for value in values[:, 0].tolist()]
    return ["|".join(f"class {place}" for place in np.flatnonzero(row)) or "none" for row in values]


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


Entry = tuple[tuple[int, ...], str, tuple[float, float] | None]
"""Shape and type of an image, and the extremes of its array where its type does not settle what white is."""


def entries(path: Path, limits: Limits) -> Iterator[tuple[bytes, Entry]]:
    """Every image in the order of the items: its bytes (C order) and what they mean. Streams; raises BadInput."""
    with zipfile.ZipFile(path) as archive:
        names = {_key(name): name for name in archive.namelist() if name.endswith(".npy")}
        headers = {key: _header(archive, name) for key, name in names.items()}
        groups = image_arrays(headers, limits)
        found = [_extremes(archive, names[group.key], group.header) for group in groups]
        known = [pair for pair in found if pair is not None]  # training and test images are of one kind
        extremes = (min(low for low, _ in known), max(high for _, high in known)) if known else None
        for group in groups:
            for data in _images(archive, names[group.key], group.header):
                yield data, (group.header.shape[1:], group.header.dtype.str, extremes)


def _images(archive: zipfile.ZipFile, name: str, header: Header) -> Iterator[bytes]:
    """The bytes of each image; none where the array is damaged."""
    size = _entry_bytes(header)
    with archive.open(name) as stream:
        _read_header(stream)
        for _ in range(header.shape[0]):
            try:
                yield stream.read(size)
            except (zipfile.BadZipFile, zlib.error, EOFError):
                yield b""


def _extremes(archive: zipfile.ZipFile, name: str, header: Header) -> tuple[float, float] | None:
    """Lowest and highest finite value of an array; None where its type says what white is, or it holds none."""
    if header.dtype.itemsize == 1 and header.dtype.kind in "ub":
        return None
    low, high = np.inf, -np.inf
    for data in _images(archive, name, header):
        values = np.frombuffer(data[: len(data) - len(data) % header.dtype.itemsize], header.dtype)
        values = values[np.isfinite(values)] if values.dtype.kind == "f" else values
        if len(values):
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    return (low, high) if low <= high else None
