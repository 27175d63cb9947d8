"""What the review queue says of a picture, and the boxes that a person types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from textual.content import Content

from medsynth_tui.glyphs import Glyphs
from medsynth_tui.screens.confirm import Ask
from medsynth_tui.widgets.boxed_picture import Box
from medsynth_tui.words import counted, plain, said

NOT_YOURS = "Another researcher decides about what you brought in: share it, with s on the dataset's page."
NO_PICTURE = "Its picture is not kept, because an identifier was found in the bytes of the file. It can be rejected."
BOX = re.compile(r"\d{1,6},\d{1,6},\d{1,6},\d{1,6}", re.ASCII)


def key_of(entry: dict[str, Any]) -> str:
    """As the engine takes it: the same picture may wait in two datasets."""
    return f"{entry['dataset']}/{entry['id']}"


def why_held(document: dict[str, Any]) -> Content:
    """Why the picture waits, its size, for how long, and who may decide."""
    facts = f"{document['width']} x {document['height']} pixels, waits {counted(document['waiting_days'], 'day')}"
    lines = [Content.assemble((said(document["sentence"], 200), "$foreground")), Content.assemble((facts, "$muted"))]
    if not document["may_decide"]:
        lines.append(Content.assemble((NOT_YOURS, "$warning")))
    return Content("\n").join(lines)


def what_was_read(document: dict[str, Any], glyphs: Glyphs) -> Content:
    """The text that was found in the picture, inert."""
    if document["picture"] is None:
        return Content.assemble((NO_PICTURE, "$warning"))
    texts = [glyphs.text(plain(text, 80)) for text in document["read"]]
    if not texts:
        return Content.assemble(("No text was read in it.", "$muted"))
    return Content.assemble(("Read: ", "$muted"), ("  |  ".join(texts), "$foreground"))


def ask_boxes(shown: dict[str, Any], boxes: Sequence[Box]) -> Ask:
    """The question what is to be painted over, answered beforehand with `boxes`."""
    says = "x,y,width,height in pixels from the upper left corner; several apart by blanks. "
    return Ask(
        "What is to be painted over?",
        "Boxes",
        says=f"{says}The picture is {shown['width']} by {shown['height']}.",
        value="  ".join(",".join(map(str, box)) for box in boxes),
        check=boxes_wrong,
        verb="Mask",
    )


def boxes_wrong(text: str) -> str:
    """What is wrong with boxes as typed, in words; nothing where they can be read."""
    if not text.split():
        return "At least one box is needed, for instance 10,20,160,24."
    return "" if all(BOX.fullmatch(box) for box in text.split()) else "Write x,y,width,height in whole pixels."


def boxes_of(text: str) -> list[list[int]]:
    """`10,20,160,24 0,0,5,5` as two boxes."""
    return [[int(edge) for edge in box.split(",")] for box in text.split()]
