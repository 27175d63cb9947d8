"""`medsynth settings`: limits and defaults of the store, for an admin."""

from __future__ import annotations

from typing import Annotated

import typer

from medsynth_tui.cli import show
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face

app = group("settings", "Limits and defaults of the store (admin).", "medsynth settings list")


@command(app, "list", "medsynth settings list")
def settings(face: Face) -> None:
    """All settings and what they mean."""
    face.give(face.ask(lambda engine: engine.settings_list()), show_settings)


@command(app, "set", "medsynth settings set evaluations_per_dataset 20")
def change(
    face: Face,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Which setting.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Its new value.")],
) -> None:
    """Change one setting."""
    face.give(face.ask(lambda engine: engine.settings_set(key, value)), show_settings)


def show_settings(face: Face, settings: list[Document] | Document) -> None:
    rows = [settings] if isinstance(settings, dict) else settings
    show.table(face, ("setting", "value", "meaning"), [(one["key"], one["value"], one.get("meaning")) for one in rows])
