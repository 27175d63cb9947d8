"""What a cohort says of itself: how it was asked for, what is private about it, and what it cannot hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medsynth_tui.cli import show
from medsynth_tui.cli.face import Document, Face


def drawn_how(document: Document) -> list[tuple[str, Any]]:
    """Labelled values: the learner of rows and its epsilon, the generator's, and what was asked for."""
    asked, about = document.get("asked") or {}, document.get("row_model") or {}
    given = [f"{name}={value}" for name, value in (asked.get("given") or {}).items()]
    seed = document.get("seed")
    return [
        ("rows by", about.get("learner")),
        ("epsilon of rows", (about.get("privacy") or {}).get("epsilon")),
        ("epsilon of images", _generator_privacy(document).get("epsilon")),
        ("given", given),
        ("balance", asked.get("balance")),
        ("population", asked.get("population")),
        ("seed", None if seed is None else str(seed)),
    ]


def show_told(face: Face, document: Document) -> None:
    """Warnings, what is private, what that cost, what was merged, and what is not drawn."""
    about, images = document.get("row_model") or {}, _generator_privacy(document)
    show.sentences(face, "Careful", document.get("warnings") or [])
    show.sentences(face, "Private", [about["says"]] if about.get("says") else [])
    show.sentences(face, "Private", [images_say(images)] if images else [])
    total = about.get("privacy") or {}
    if total.get("learnings", 0) > 1:
        said = f"{total['learnings']} private learnings of this dataset together: epsilon {total['epsilon_spent']:g}."
        show.sentences(face, "Spent", [said])
    show.sentences(face, "Merged", map(show.merger, document.get("mergers") or []))
    from medsynth_tui.planned import absence  # not before it is needed: it brings the screens' library

    show.sentences(face, "Not drawn", map(absence, document.get("not_drawn") or []))


def images_say(privacy: Mapping[str, Any]) -> str:
    """What a generator that was trained with `--epsilon` says of itself."""
    covers = show.text(privacy.get("covers", "images"))
    return (
        f"The generator was trained with differential privacy for each {privacy.get('unit', 'patient')}: epsilon "
        f"{privacy['epsilon']:g} at delta {privacy['delta']:g}; this covers {covers}."
    )


def _generator_privacy(document: Document) -> Mapping[str, Any]:
    return (document.get("generator") or {}).get("privacy") or {}
