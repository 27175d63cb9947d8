"""What the pages tell one to type is a command line, what they point to is there, what they cite is this version."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_examples import taken
from typer.main import get_command

from medsynth_tui.cli.main import build

ROOT = Path(__file__).resolve().parents[2]
FRONT = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]
PAGES = [*FRONT, *sorted((ROOT / "docs").glob("*.md"))]
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
TREE = get_command(build())
GENERATED = {"commands.md", "keys.md"}


def typed(page: Path) -> Iterator[str]:
    """The lines of its blocks, with those that end in a backslash joined to the next."""
    for block in re.findall(r"^```\w*\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("page", [each for each in PAGES if each.name not in GENERATED], ids=lambda page: page.stem)
def test_every_command_in_a_block_of_a_page_is_taken(page: Path) -> None:
    for line in typed(page):
        if line.startswith("medsynth "):
            assert taken(line, TREE) >= 1, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_points_to_is_there(page: Path) -> None:
    text = page.read_text()
    linked = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    assert [target for target in linked if target and not (page.parent / target).exists()] == []
    named = re.findall(r"`((?:docs|tests|benchmarks|deploy|medsynth_engine|medsynth_tui|db)/[\w./-]+)`", text)
    assert [path for path in named if not (ROOT / path).exists()] == []
    targets = re.findall(r"`make ((?:[a-z-]+ ?)+)`", text)
    assert [word for target in targets for word in target.split() if word not in TARGETS] == []


def test_every_page_is_named_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    pages = [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")]
    assert [name for name in (*pages, *(page.name for page in FRONT[1:])) if name not in readme] == []


def test_the_citation_is_of_this_version_and_licence_and_has_what_its_format_asks_for() -> None:
    yaml = pytest.importorskip("yaml", reason="no reader of YAML here")
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])
    assert cited["cff-version"] == "1.2.0" and cited["type"] == "software"
    assert cited["message"] and cited["title"] and all(author["name"] for author in cited["authors"])
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text()
