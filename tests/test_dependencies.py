"""What MedSynth needs to run: each is used and told in docs/dependencies.md; none binds whoever passes it on."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
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


IMPORTED_AS = {
    "argon2-cffi": "argon2", "pillow": "PIL", "scikit-learn": "sklearn", "python-calamine": "python_calamine",
    "rapidocr-onnxruntime": "rapidocr_onnxruntime",
}  # fmt: skip
FOUND_BY_OTHERS = {"pg8000", "pyjpegls", "pylibjpeg", "pylibjpeg-openjpeg", "python-gdcm"}
"""SQLAlchemy and pydicom look for them."""
COME_ALONG = {"cv2", "sqlalchemy"}
"""With rapidocr-onnxruntime and sqlmodel."""


def test_all_that_is_declared_is_imported_and_all_that_is_imported_is_declared() -> None:
    imported = set()
    for package in ("db", "medsynth_engine", "medsynth_tui"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    imported |= {name.name.partition(".")[0] for name in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    imported.add(node.module.partition(".")[0])
    ours = {"db", "medsynth_engine", "medsynth_tui"}
    declared = {Requirement(one).name for one in NEEDED} - FOUND_BY_OTHERS
    assert imported - ours - set(sys.stdlib_module_names) - COME_ALONG == {
        IMPORTED_AS.get(name, name) for name in declared
    }
