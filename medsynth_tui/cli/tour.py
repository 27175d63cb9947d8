"""`medsynth tour`: the studio, with a sentence for each of ten steps, on a store and made-up patients of its own."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from medsynth_engine.kernel.errors import WrongUsage
from medsynth_tui.cli import own_home
from medsynth_tui.cli.command import command
from medsynth_tui.cli.face import Face
from medsynth_tui.cli.studio import open_at

PATIENTS = 400
READY = "ready"
"""There when everything was made: a preparation that was cut off is begun anew."""
AN_HOUR = 3600
"""The drop box offers what has been quiet for a minute; nobody should wait for that."""


def attach(root: typer.Typer) -> None:
    """Declare `tour` in `root`."""

    @command(
        root,
        "tour",
        "medsynth tour",
        "# From the beginning; and everything of it away",
        "medsynth tour --again",
        "medsynth tour --remove",
        also=("link", "plain", "ascii"),
    )
    def tour(
        face: Face,
        again: Annotated[
            bool, typer.Option("--again", help="Begin anew, with everything of the last one gone.")
        ] = False,
        remove: Annotated[bool, typer.Option("--remove", help="Take away all that a tour made.")] = False,
    ) -> None:
        """Ten steps through the studio, on made-up patients.

        From their files to a gate that says no. It can be left at any time and goes on where it was left. Its store
        lies in data/tour: yours is never touched.
        """
        with own_home.held(face, "tour") as folder:
            store = folder / "store"
            if again or remove or not (folder / READY).exists():
                own_home.clear(face, folder, store)
            if remove:
                face.give({"removed": str(folder)}, lambda face, _: face.say("The tour and its store are gone."))
                return
            if not sys.stdout.isatty() or face.json:
                raise WrongUsage("no_terminal", "The tour needs a terminal.", "medsynth demo tells the way in words.")
            if not folder.exists():
                prepare(face, folder, store)
            code = open_at(face, store, folder / "step.json")
        raise typer.Exit(code)


def prepare(face: Face, folder: Path, store: Path) -> None:
    """A store with three accounts, and a drop box in which the files of made-up patients lie."""
    face.say(f"Making a store and {PATIENTS} patients for the tour, in a moment.")
    own_home.make(folder)
    box = folder / "inbox"
    own_home.draw_phantom(box / "phantom", PATIENTS)
    _leave_lying(box / "phantom")
    store.mkdir(mode=0o700)
    own_home.open_store(face, store)
    _offer(face, store, box)
    (folder / READY).touch(mode=0o600)


def _leave_lying(folder: Path) -> None:
    """As if it had been left there an hour ago."""
    then = time.time() - AN_HOUR
    for place in (*folder.rglob("*"), folder):
        os.utime(place, (then, then))


def _offer(face: Face, store: Path, box: Path) -> None:
    admin = Face(replace(face.manner, home=store)).engine_with(None)

    async def offer() -> Any:
        await admin.login("admin", own_home.PEOPLE["admin"])
        await admin.settings_set("drop_box", str(box))
        await admin.logout()

    try:
        face.runner.run(offer())
    finally:
        admin.close()
