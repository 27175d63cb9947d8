"""Names of files, folders and members of archives, which often are names of patients."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from PIL import Image

from medsynth_engine.intake.selftest.canaries import NAME, Aviary
from medsynth_engine.intake.selftest.pictures import photograph

ZIP = ".zip"


def plant(folder: Path, aviary: Aviary) -> tuple[Path, Path]:
    """A folder and an archive to take in. Every name on the way is a canary; a table names the folder's pictures."""
    source = folder / aviary.text(NAME, "source folder")
    inner = source / aviary.text(NAME, "folder") / aviary.text(NAME, "folder in a folder")
    inner.mkdir(parents=True)
    lines = ["filename,finding"]
    for number, ending in enumerate(("png", "jpg", "png")):
        file = inner / f"{aviary.text(NAME, f'file name .{ending}')}.{ending}"
        file.write_bytes(picture(number, ending))
        lines.append(f"{file.name},{('nevus', 'melanoma')[number % 2]}")
    (source / f"{aviary.text(NAME, 'name of the table')}.csv").write_text("\n".join(lines))
    (inner / f"{aviary.text(NAME, 'file that is refused')}.txt").write_text("no picture")
    (inner / f"{aviary.text(NAME, 'empty file')}.png").write_bytes(b"")
    (inner / f"{aviary.text(NAME, 'link')}.png").symlink_to(f"/nowhere/{aviary.text(NAME, 'target of a link')}.png")
    (inner / f"\u0430{aviary.text(NAME, 'name in other letters')}.png").write_bytes(picture(7, "png"))
    return source, _archive(folder / f"{aviary.text(NAME, 'name of the archive')}{ZIP}", aviary)


def _archive(path: Path, aviary: Aviary) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = aviary.text(NAME, "comment of the archive").encode()
        for number, start in enumerate(("", "a folder/", "../", "/")):
            place = f"member {start}" if start else "member"
            member = zipfile.ZipInfo(f"{start}{aviary.text(NAME, place)}/{aviary.text(NAME, f'{place}name')}.png")
            member.comment = aviary.text(NAME, f"comment of a {place}").encode()
            archive.writestr(member, picture(10 + number, "png"))
    return path


def picture(seed: int, ending: str) -> bytes:
    """A file of a photograph, `png` or `jpg`."""
    stream = io.BytesIO()
    Image.fromarray(photograph(20 + seed)).save(stream, "JPEG" if ending == "jpg" else "PNG")
    return stream.getvalue()
