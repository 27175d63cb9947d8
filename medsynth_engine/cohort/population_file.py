"""A target population as a document, and as the TOML file that `--population` reads back (docs/formats.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from medsynth_engine.cohort.target import FACTS, Target, read

BARE = re.compile(r"[A-Za-z0-9_-]+")
DIGITS = 6
"""Of a share in a file: more than any published margin has."""


def document(target: Target) -> dict[str, Any]:
    """As `target.read` takes it back: the facts, `axis` {name: {values, map}} with age in its bands, `joint`."""
    axes = {}
    for axis in target.axes:
        words = {word: value for value, meant in axis.words.items() for word in meant if word != value}
        axes[axis.name] = {"values": dict(axis.shares), **({"map": words} if words else {})}
    joints = [
        {"axes": list(joint.axes), "cells": [{"k": list(key), "p": share} for key, share in joint.shares.items()]}
        for joint in target.joints
    ]
    return {**target.facts, "axis": axes, **({"joint": joints} if joints else {})}


def toml(population: Mapping[str, Any]) -> str:
    """The file of a population's document. Raises BadInput (`bad_population`) where it is none."""
    whole = document(read(dict(population)))
    lines = [f"{key} = {_value(whole[key])}" for key in FACTS if key in whole]
    for name, axis in whole["axis"].items():
        lines += ["", f"[axis.{_key(name)}]", f"values = {_table(axis['values'])}"]
        if "map" in axis:
            lines.append(f"map = {_table(axis['map'])}")
    for joint in whole.get("joint", ()):
        lines += ["", "[[joint]]", f"axes = [{', '.join(map(_word, joint['axes']))}]", "cells = ["]
        for cell in joint["cells"]:
            lines.append(f"  {{ k = [{', '.join(map(_word, cell['k']))}], p = {_value(cell['p'])} }},")
        lines.append("]")
    return "\n".join(lines) + "\n"


def _table(values: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{_key(key)} = {_value(value)}" for key, value in values.items()) + " }"


def _value(value: Any) -> str:
    return _word(value) if isinstance(value, str) else repr(round(float(value), DIGITS))


def _key(word: str) -> str:
    return word if BARE.fullmatch(word) else _word(word)


def _word(word: str) -> str:
    """A TOML basic string: JSON's escapes are among its own; DEL, which JSON leaves, is escaped too."""
    return json.dumps(word, ensure_ascii=False).replace("\x7f", "\\u007f")
