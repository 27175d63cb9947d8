"""A zip of images. Members are read by number into memory, with a bound; nothing is extracted under its name."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path

from medsynth_engine.intake.options import Limits, Options
from medsynth_engine.intake.reasons import Code, Rejected
from medsynth_engine.intake.sources import TABLE_ENDINGS, Item, Source, TableFile, is_litter
from medsynth_engine.kernel.errors import BadInput

ENCRYPTED_FLAG = 0x1
SMALL_MEMBER = 16 * 2**20
"""A blank DICOM slice packs a thousandfold; the ratio of a member counts only above this size."""
SMALL_ARCHIVE = 256 * 2**20


def open_zip(path: Path, options: Options) -> Source:
    """List a zip. Raises BadInput where it is damaged, empty, or beyond the limits as a whole."""
    limits = options.limits
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError):
        raise BadInput("damaged_archive", "The zip is damaged and cannot be listed.", "Pack it again.") from None
    _check_whole(path, members, limits)
    items: list[Item] = []
    tables: list[TableFile] = []
    seen: set[str] = set()
    for number, member in enumerate(members):
        if member.is_dir() or any(is_litter(part) for part in member.filename.split("/") if part not in ("..", ".")):
            continue
        refused = _refusal(member, seen, limits)
        seen.add(member.filename.casefold())
        if refused is None and member.filename.lower().endswith(TABLE_ENDINGS):
            tables.append(_table(path, number, member, limits))
        else:
            name = member.filename if refused is not Code.UNSAFE_NAME else f"unsafe/{number}"
            items.append(Item(len(items), f"{name}", member.file_size, (number << 32) | member.CRC, refused))
    if not items and not tables:
        raise BadInput("empty_archive", "The zip holds no file.", "Pack the images again.")
    return Source("zip" if items else "table", path, tuple(items), tuple(tables))


def _check_whole(path: Path, members: list[zipfile.ZipInfo], limits: Limits) -> None:
    unpacked = sum(member.file_size for member in members)
    packed = max(path.stat().st_size, 1)
    if len(members) > limits.archive_members:
        raise BadInput(
            "too_many_members", f"The zip holds more than {limits.archive_members:,} files.", "Bring it in in parts."
        )
    if unpacked > limits.archive_bytes:
        raise BadInput(
            "archive_too_large",
            f"The zip unpacks to more than {limits.archive_bytes // 2**30} GB.",
            "Bring it in in parts.",
        )
    if unpacked > SMALL_ARCHIVE and unpacked / packed > limits.archive_ratio:
        raise BadInput(
            "archive_bomb",
            f"The zip unpacks to more than {limits.archive_ratio} times its size, as a decompression bomb does.",
            "Bring in the unpacked folder if you trust it.",
        )


def _refusal(member: zipfile.ZipInfo, seen: set[str], limits: Limits) -> Code | None:
    name = member.filename
    parts = name.replace("\\", "/").split("/")
    unsafe = (
        name != getattr(member, "orig_filename", name)  # a NUL cut the name short
        or "\\" in name
        or name.startswith("/")
        or ":" in parts[0]
        or ".." in parts
        or any(ord(character) < 32 for character in name)
        or name.casefold() in seen
    )
    if unsafe:
        return Code.UNSAFE_NAME
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return Code.LINK
    if kind not in (0, stat.S_IFREG):
        return Code.NOT_A_FILE
    if member.flag_bits & ENCRYPTED_FLAG:
        return Code.ENCRYPTED
    if member.file_size == 0:
        return Code.EMPTY
    if member.file_size > limits.file_bytes:
        return Code.TOO_LARGE
    if member.file_size > SMALL_MEMBER and member.file_size / max(member.compress_size, 1) > limits.archive_ratio:
        return Code.BOMB
    return None


def _table(path: Path, number: int, member: zipfile.ZipInfo, limits: Limits) -> TableFile:
    def read() -> bytes:
        try:
            with zipfile.ZipFile(path) as archive:
                return read_member(archive, number, limits)
        except Rejected:
            raise BadInput("damaged_table", "The table inside the zip is damaged.", "Pack it again.") from None

    return TableFile(member.filename, member.file_size, read)


def read_member(archive: zipfile.ZipFile, number: int, limits: Limits) -> bytes:
    """The bytes of the member in place `number`; never more than the directory declares. Raises Rejected."""
    member = archive.infolist()[number]
    bound = min(member.file_size, limits.file_bytes)
    try:
        with archive.open(member) as stream:
            data = stream.read(bound) + stream.read(1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise Rejected(Code.DAMAGED_ARCHIVE) from None
    if len(data) > bound:
        raise Rejected(Code.BOMB)
    if len(data) < member.file_size:
        raise Rejected(Code.DAMAGED_ARCHIVE)
    return data
