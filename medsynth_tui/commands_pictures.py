"""What is done about pictures that a slow line has not carried yet."""

from __future__ import annotations

from medsynth_tui.command import command

PicturesDraw = command("pictures.draw", "i", "Draw pictures")(
    "On a slow line: have the pictures drawn whose cost was said."
)
