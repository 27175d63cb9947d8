"""SHA256SUMS, as `sha256sum --check` reads it."""

from __future__ import annotations

from pathlib import Path

from medsynth_engine.kernel.atomic import file_digest, write_text

NAME = "SHA256SUMS"


def write(folder: Path) -> str:
    """Write the digests of all files under `folder`, sorted by name; the digest of the list itself."""
    lines = [f"{file_digest(folder / name)}  {name}\n" for name in names(folder)]
    return write_text(folder / NAME, "".join(lines))


def wrong(folder: Path) -> list[str]:
    """Names that are missing, changed, or not in the list; empty where all is well."""
    listed = dict(line.split("  ", 1)[::-1] for line in (folder / NAME).read_text().splitlines())
    there = names(folder)
    changed = [name for name in there if name in listed and file_digest(folder / name) != listed[name]]
    return sorted({*changed, *(set(there) ^ set(listed))})


def names(folder: Path) -> list[str]:
    """Relative names of all files but the list itself, sorted, with forward slashes."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != NAME)
