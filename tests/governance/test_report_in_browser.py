"""The report as a browser shows it: nothing fetched, everything readable, nothing leaves the window, it prints."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import browser
import pytest

from medsynth_engine.governance.report import Cover, html

DOCUMENTS = Path(__file__).resolve().parents[1] / "studio" / "documents"


@pytest.fixture(scope="module")
def page() -> str:
    """A report of what the real engine once measured, with an assessment and everything that can be marked."""
    evaluation, assessment = (
        json.loads((DOCUMENTS / f"{name}.json").read_text()) for name in ("evaluation", "assessment")
    )
    cover = Cover(
        "even",
        300,
        datetime(2026, 11, 26, tzinfo=UTC),
        {"cohort": "c" * 64},
        {"store": "f00"},
        ("DEVELOPMENT", "SIMULATED"),
        ("It was made by an earlier release, which measured less. Evaluate again.",),
    )
    return html(cover, evaluation, assessment, b"\x89PNG")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_finds_it_readable_and_fetches_nothing(page: str, tmp_path: Path, width: int) -> None:
    seen = browser.look(page, tmp_path, width)
    assert seen["poor"] == [], "text of less than 4.5:1"
    assert seen["requests"] == []
    assert seen["across"] <= 0, "wider than the window"
    assert (seen["unscoped"], seen["nameless"]) == (0, 0)
    steps = zip(seen["headings"], seen["headings"][1:], strict=False)
    assert seen["headings"][0] == 1
    assert seen["headings"].count(1) == 1
    assert all(after - before <= 1 for before, after in steps)


def test_axe_finds_nothing_against_the_guidelines(page: str, tmp_path: Path) -> None:
    script = browser.axe(tmp_path) + (
        ";axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        ".then(found => { const answer = {violations: found.violations.map(each => "
        "[each.id, each.impact, each.nodes.length, each.nodes[0].html.slice(0, 120)]), passes: found.passes.length};"
        f"{browser.WRITE} }});"
    )
    found: dict[str, Any] = browser.ask(page, tmp_path, script)
    assert found["violations"] == []
    assert found["passes"] > 20


def test_it_prints_on_more_than_one_page(page: str, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(page)
    target = tmp_path / "report.pdf"
    browser.run(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={target}", (tmp_path / "report.html").as_uri())
    assert target.read_bytes().count(b"/Type /Page") > 3
