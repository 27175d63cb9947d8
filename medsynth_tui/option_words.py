"""What the engine says of an option of the command line, as the studio's forms call it."""

from __future__ import annotations

import re

FIELDS = {
    "--metadata": "the field Table",
    "--where": "the field Only rows where",
    "--slices": "the field Slices",
    "--dates": "the field Dates",
    "--faces": "the field Faces",
    "--burned-in": "the field Burned-in text",
    "--characteristics": "the field From DICOM",
    "--columns": "the list of columns",
    "--population": "the field Population",
    "--balance": "the field Balance",
    "--small-cells": "the field Small cells",
    "--small-cells broaden": "Small cells: broaden",
    "--given": "the field Only",
    "--rows": "the field Rows by",
    "--declare": "the field Declared",
    "--note": "the field Note",
    "--epsilon": "the field Epsilon",
}
OPTION = re.compile(r"(?<![\w-])--(?:small-cells broaden\b|[a-z]+(?:-[a-z]+)*)")


def in_fields(sentence: str) -> str:
    """The sentence with the names of fields for those of options; a whole command for the shell stays as it is."""
    if "medsynth " in sentence:
        return sentence
    return OPTION.sub(lambda found: FIELDS.get(found[0], found[0]), sentence)
