"""A zip or a tar of images. Members are read into memory, with a bound; nothing is extracted under its name.

A zip is read by the number of a member, by whoever decodes it. A tar can only be read from its start: once to list it,
and once to hand its members on.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from medsynth_engine.intake.archives import tar
from medsynth_engine.intake.archives.directory import count_entries
from medsynth_engine.intake.items import TABLE_ENDINGS, Item, Source, TableFile, is_litter
from medsynth_engine.intake.options import Limits, Options
from medsynth_engine.intake.reasons import Code, Rejected
from medsynth_engine.kernel.errors import BadInput

ENCRYPTED_FLAG = 0x1
SMALL_MEMBER = 16 * 2**20
"""A blank DICOM slice packs a thousandfold; the ratio of a member counts only above this size."""
SMALL_ARCHIVE = 256 * 2**20
PASSED_ON = 64 * 2**20
"""Members of a tar go through the process that reads it, several at a time; it may never hold a gigabyte."""
_UNCLEAN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, what turns the direction of writing, and what is no UTF-8."""


def open_zip(path: Path, options: Options) -> Source:
    """List a zip. Raises BadInput where it is damaged, empty, or beyond the limits as a whole."""
    limits = options.limits
    try:
        with path.open("rb") as stream:
            _check_count(count_entries(stream, limits.archive_members), limits)
            with zipfile.ZipFile(stream) as archive:
                members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError):
        raise BadInput("damaged_archive", "The zip is damaged and cannot be listed.", "Pack it again.") from None
    _check_whole(len(members), sum(member.file_size for member in members), path.stat().st_size, limits)
    items: list[Item] = []
    tables: list[TableFile] = []
    seen: set[str] = set()
    for number, member in enumerate(members):
        if member.is_dir() or _is_litter(member.filename):
            continue
        refused = _refusal(member, seen, limits)
        if refused is None and member.filename.lower().endswith(TABLE_ENDINGS):
            tables.append(_table(path, number, member, limits))
        else:
            name = member.filename if refused is not Code.UNSAFE_NAME else f"unsafe/{number}"
            items.append(Item(len(items), f"{name}", member.file_size, (number << 32) | member.CRC, refused))
    if not items and not tables:
        raise BadInput("empty_archive", "The zip holds no file.", "Pack the images again.")
    return Source("zip" if items else "table", path, tuple(items), tuple(tables))


def _check_count(members: int, limits: Limits) -> None:
    if members > limits.archive_members:
        raise BadInput(
            "too_many_members",
            f"The archive holds more than {limits.archive_members:,} files.",
            "Bring it in in parts.",
        )


def _check_whole(members: int, unpacked: int, packed: int, limits: Limits) -> None:
    """Raises BadInput where an archive as a whole is beyond the limits."""
    _check_count(members, limits)
    if unpacked > limits.archive_bytes:
        raise BadInput(
            "archive_too_large",
            f"The archive unpacks to more than {limits.archive_bytes // 2**30} GB.",
            "Bring it in in parts.",
        )
    if unpacked > SMALL_ARCHIVE and unpacked / max(packed, 1) > limits.archive_ratio:
        raise BadInput(
            "archive_bomb",
            f"The archive unpacks to more than {limits.archive_ratio} times its size, as a decompression bomb does.",
            "Bring in the unpacked folder if you trust it.",
        )


def _unsafe(name: str, seen: set[str]) -> bool:
    """Whether a name is absolute, climbs out, is doubled or not clean; from now on it is seen."""
    parts = name.replace("\\", "/").split("/")
    doubled = name.casefold() in seen
    seen.add(name.casefold())
    return (
        doubled
        or "\\" in name
        or name.startswith("/")
        or ":" in parts[0]
        or ".." in parts
        or bool(_UNCLEAN.search(name))
    )


def _is_litter(name: str) -> bool:
    return any(is_litter(part) for part in name.split("/") if part not in ("..", "."))


def _refusal(member: zipfile.ZipInfo, seen: set[str], limits: Limits) -> Code | None:
    cut_short = member.filename != getattr(member, "orig_filename", member.filename)  # by a NUL
    if _unsafe(member.filename, seen) or cut_short:
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


def open_tar(path: Path, options: Options) -> Source:
    """List a tar. Raises BadInput where it is damaged, empty, or beyond the limits as a whole."""
    items: list[Item] = []
    tables: list[TableFile] = []
    for member, refused, body in _listed(path, options.limits):
        if refused is None and member.name.lower().endswith(TABLE_ENDINGS):
            tables.append(_table_in_tar(path, member, options.limits))
            continue
        check = 0
        for block in body.blocks():
            check = zlib.crc32(block, check)
        name = member.name if refused is not Code.UNSAFE_NAME else f"unsafe/{member.number}"
        items.append(Item(len(items), name, member.size, (member.number << 32) | check, refused))
    if not items and not tables:
        raise BadInput("empty_archive", "The tar holds no file.", "Pack the images again.")
    return Source("tar" if items else "table", path, tuple(items), tuple(tables))


def members(path: Path, limits: Limits) -> Iterator[tuple[int, bytes]]:
    """Ordinal and bytes of each item of `open_tar` that is not refused, in order. Raises BadInput (damage)."""
    ordinal = 0
    for member, refused, body in _listed(path, limits):
        if refused is None and member.name.lower().endswith(TABLE_ENDINGS):
            continue
        if refused is None:
            yield ordinal, b"".join(body.blocks())
        ordinal += 1


def _listed(path: Path, limits: Limits) -> Iterator[tuple[tar.Member, Code | None, tar.Body]]:
    """The members of a tar that are no folders and no litter, and why one is refused. Raises BadInput."""
    packed, unpacked = path.stat().st_size, 0
    seen: set[str] = set()
    with tar.opened(path) as found:
        for member, body in found:
            unpacked += member.size
            _check_whole(member.number + 1, unpacked, packed, limits)
            if member.kind != tar.DIRECTORY and not _is_litter(member.name):
                yield member, _refusal_in_tar(member, seen, limits), body


def _refusal_in_tar(member: tar.Member, seen: set[str], limits: Limits) -> Code | None:
    if _unsafe(member.name, seen):
        return Code.UNSAFE_NAME
    if member.kind == tar.LINK:
        return Code.LINK
    if member.kind != tar.FILE:
        return Code.NOT_A_FILE
    if member.size == 0:
        return Code.EMPTY
    return Code.TOO_LARGE if member.size > min(limits.file_bytes, PASSED_ON) else None


def _table_in_tar(path: Path, table: tar.Member, limits: Limits) -> TableFile:
    def read() -> bytes:
        for member, _, body in _listed(path, limits):
            if member.number == table.number:
                return b"".join(body.blocks())
        raise BadInput("damaged_table", "The table inside the tar is gone.", "Pack it again.")

    return TableFile(table.name, table.size, read)
