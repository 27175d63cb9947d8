"""What the settings of anchors and backups may be."""

from __future__ import annotations

from medsynth_engine.kernel.age import check_recipient
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.outside import named
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.places import demand_outside, demand_writable


def checked_anchor(call: Call, value: str) -> str:
    """An absolute path of a file outside the store that can be written; nothing at all takes the anchor away."""
    if not value.strip():
        return ""
    place = named(value)
    if not place.is_absolute() or place.is_symlink() or place.is_dir() or not place.parent.is_dir():
        raise BadInput(
            "bad_value", "The anchor is the absolute path of a file in a folder that exists.",
            "For instance: /mnt/other-machine/medsynth.anchor",
        )  # fmt: skip
    demand_outside(call.home, place)
    if (place.parent.resolve() / place.name).is_relative_to(call.home.root.resolve()):
        raise BadInput(
            "inside_store", "That path lies in the store's folder: who can write the log could write its anchor.",
            "Choose a place that this account cannot change, best on another machine.",
        )  # fmt: skip
    demand_writable(place.parent)
    return str(place.parent.resolve() / place.name)


def checked_switch(value: str) -> str:
    if value not in ("yes", "no"):
        raise BadInput("bad_value", "This setting is yes or no.", "For instance: yes")
    return value


def checked_recipient(value: str) -> str:
    """An age recipient; nothing at all takes it away. Raises BadInput."""
    return check_recipient(value) if value.strip() else ""
