"""How the demo ends: what was measured, before and after rebalancing; pictures; the export; what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from medsynth_tui.cli import show
from medsynth_tui.cli.demo_names import BALANCE, BALANCED, TRAINED
from medsynth_tui.cli.evidence import band, measure
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.own_home import PEOPLE
from medsynth_tui.cli.pictures import Picture, can_show, show_row

FIDELITY = ("fidelity.fd_ratio", "fidelity.coverage", "fidelity.rows.pairwise", "fidelity.rows.detection_auc")
REPRESENTATION = "bias.representation."
ATTRIBUTES = ("sex", "age_band", "ethnicity")
"""Whose representation the closing table shows."""
ABSENT = {"value": None}
PICTURE_ROWS, PICTURES_A_ROW = 2, 3


def show_demo(face: Face, document: Document) -> None:
    """The closing pages."""
    trained, balanced = (document["evaluations"][name] for name in (TRAINED, BALANCED))
    face.out.print()
    _show_fidelity(face, trained, balanced)
    _show_gauge(face, trained, balanced)
    _show_bias(face, trained, balanced, _merged(document))
    if can_show(face):
        show.title(face, "Some of the balanced cohort (synthetic: nobody was ever photographed)")
        pictures = [Picture.from_document(one) for one in document["pictures"]]
        for row in list(batched_pictures(pictures))[:PICTURE_ROWS]:
            show_row(face, row)
            face.out.print()
    show.pairs(
        face,
        [
            ("export", document["release"]["path"]),
            ("audit", f"{document['audit']['records']:,} records, verified"),
            ("time", f"{document['seconds'] / 60:.1f} minutes"),
        ],
    )
    face.out.print()
    show_where(face, document["home"])


def show_where(face: Face, home: str) -> None:
    """How to come into the store that the demo made: it is none of those that other commands look at by themselves."""
    show.line(face, "Open the studio on it, and log in as a researcher, an auditor or an admin:")
    show.line(face, f"medsynth --home {shlex.quote(home)}", indent=2)
    show.line(face, "Or have every command in this shell look at it:")
    show.line(face, f"export MEDSYNTH_HOME={shlex.quote(home)}", indent=2)
    show.table(face, ("name", "password"), list(PEOPLE.items()))


def batched_pictures(pictures: list[Picture]) -> Iterator[tuple[Picture, ...]]:
    return (tuple(pictures[at : at + PICTURES_A_ROW]) for at in range(0, len(pictures), PICTURES_A_ROW))


def _by_name(evaluation: Document) -> dict[str, Document]:
    return {one["name"]: one for one in evaluation["evidence"]}


def _pair(name: str, trained: dict[str, Any], balanced: dict[str, Any]) -> tuple[str, str]:
    return show.interval(trained.get(name, ABSENT)), show.interval(balanced.get(name, ABSENT))


def _show_fidelity(face: Face, trained: Document, balanced: Document) -> None:
    one, other = _by_name(trained), _by_name(balanced)
    names = [name for name in FIDELITY if name in one or name in other]
    show.title(face, "Fidelity (95 % interval; a Fréchet ratio of 1 is as good as real)")
    rows = [(measure(name), *_pair(name, one, other)) for name in names]
    show.table(face, ("measure", "as trained", "balanced"), rows, "Nothing was measured.")
    face.out.print()


def _show_gauge(face: Face, trained: Document, balanced: Document) -> None:
    show.title(face, "Privacy gauge: how much of the training data each attacker could get at")
    rows = []
    for scenario, one in trained["gauge"].items():
        other = balanced["gauge"].get(scenario, {"band": "grey"})
        rows.append(
            (
                scenario,
                band(one["band"]),
                band(other["band"]),
                measure(other["driver"]) if other.get("driver") else show.ABSENT,
            )
        )
    show.table(face, ("who attacks", "as trained", "balanced", "driven by"), rows)
    face.out.print()


def _merged(document: Document) -> set[str]:
    return {merger["attribute"] for merger in document["cohorts"][BALANCED].get("mergers") or []}


def _show_bias(face: Face, trained: Document, balanced: Document, merged: set[str]) -> None:
    """How often each group appears: against an even mix where one was asked for and no values had to be merged."""
    one, other = _by_name(trained), _by_name(balanced)
    rows = []
    for attribute in ATTRIBUTES:
        asked = attribute in BALANCE and attribute not in merged
        names = sorted(name for name in other if name.startswith(f"{REPRESENTATION}{attribute}="))
        for place, name in enumerate(names):
            label = f"{attribute}, against {'even' if asked else 'training'}" if place == 0 else " "
            before = _before(one.get(name), other[name]) if asked else show.interval(one.get(name, ABSENT))
            rows.append((label, name.partition("=")[2], before, show.interval(other[name])))
    show.title(face, "Bias: how often each group appears, as a ratio to its share in the reference")
    show.table(face, ("attribute", "group", "as trained", "balanced"), rows, "Nothing was measured.")
    face.out.print()


def _before(trained: Document | None, balanced: Document) -> str:
    """As trained, against the even mix: (trained / real) times (real / even), the control of the balanced cohort."""
    real = balanced.get("control")
    if trained is None or trained.get("value") is None or real is None:
        return show.interval(ABSENT)
    return show.interval({key: _times(trained.get(key), real) for key in ("value", "low", "high")})


def _times(number: float | None, factor: float) -> float | None:
    return None if number is None else number * factor
