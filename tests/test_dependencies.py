"""What MedSynth needs to run: each is told in docs/dependencies.md, and none binds whoever passes MedSynth on."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEEDED = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["postgres"]]
COPYLEFT = re.compile(r"\b[AL]?GPL|Affero|(Lesser|Library) General Public|GNU General Public", re.IGNORECASE)


def installed(needed: list[str]) -> dict[str, importlib.metadata.Distribution]:
    """Everything that these bring on this machine, by name, as far as it is installed here."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = [Requirement(one) for one in needed]
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name in found or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        waiting += [Requirement(text) for text in found[name].requires or []]
    return found


def licence(distribution: importlib.metadata.Distribution) -> str:
    """What the metadata declares: an SPDX expression, else classifiers and the first line of the old field."""
    metadata = distribution.metadata
    expression = metadata.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = [text for text in metadata.get_all("Classifier") or [] if text.startswith("License")]
    first_line = (metadata.get("License") or "").strip().partition("\n")[0]
    return "; ".join([*classifiers, first_line])


def test_the_page_names_every_dependency_and_none_besides() -> None:
    rows = re.findall(r"^\| `([^`]+)`", (ROOT / "docs" / "dependencies.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(Requirement(one).name for one in NEEDED)


def test_nothing_that_is_installed_to_run_it_is_under_a_licence_that_binds_who_passes_it_on() -> None:
    found = installed(NEEDED)
    assert len(found) > len(NEEDED)
    assert {name: licence(one) for name, one in found.items() if COPYLEFT.search(licence(one))} == {}
