"""Whoever gets a cohort that was balanced from wider cells reads which ones, in every paper that goes with it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from medsynth_engine.cohort.merged import merged
from medsynth_engine.exchange.export import export
from medsynth_engine.exchange.release import Release
from medsynth_engine.governance.report import Cover, html

OLD = {"cell": {"age_band": "80+", "sex": "F"}, "attribute": "age_band", "value": "80+", "merged_with": ["65-79"]}
SAID = "age_band 80+ among sex F was drawn together with 65-79: 50 records."
RELEASE = Release("c1", "internal", datetime(2026, 11, 23, 9, 0, tzinfo=UTC), "c" * 64)
NOTHING: dict[str, Any] = {"evidence": [], "gauge": {}, "bias": [], "heatmap": [], "sizes": {}}


def written(folder: Path, release: Release) -> dict[str, str]:
    cohort = folder / "cohort"
    cohort.mkdir()
    pd.DataFrame({"patient": ["S1", "S2"], "sex": ["F", "M"]}).to_parquet(cohort / "metadata.parquet", index=False)
    out = Path(export(cohort, folder / "out", "folder", release, NOTHING)["path"])
    return {name: (out / name).read_text() for name in ("CARD.md", "evidence.json", "croissant.json")}


def test_a_merged_cell_is_one_sentence_and_no_small_number() -> None:
    assert merged({"mergers": [{**OLD, "n": 50}]}) == (SAID,)
    assert merged({"mergers": [{**OLD, "n": 3}]})[0].endswith("65-79: fewer than 11 records.")
    assert merged({"mergers": [{**OLD, "n": 0}]}) == ()
    assert merged({}) == ()


def test_what_a_table_said_is_escaped() -> None:
    (said,) = merged({"mergers": [{**OLD, "value": "80+\x1b[2J", "merged_with": ["a\nb"], "n": 50}]})
    assert "\x1b" not in said and "\n" not in said


def test_card_evidence_and_croissant_name_the_merged_cells(tmp_path: Path) -> None:
    files = written(tmp_path, replace(RELEASE, merged=(SAID,)))
    assert SAID in files["CARD.md"]
    assert json.loads(files["evidence.json"])["merged"] == [SAID]
    assert SAID in json.loads(files["croissant.json"])["rai:dataLimitations"]


def test_a_card_of_very_many_merged_cells_says_how_many_more_there_are(tmp_path: Path) -> None:
    files = written(tmp_path, replace(RELEASE, merged=(SAID,) * 42))
    assert "And 2 more" in files["CARD.md"]
    assert len(json.loads(files["evidence.json"])["merged"]) == 42


def test_nothing_is_said_of_merging_where_nothing_was_merged(tmp_path: Path) -> None:
    files = written(tmp_path, RELEASE)
    assert not any("drawn together" in text.lower() or "wider group" in text for text in files.values())


@pytest.mark.parametrize("sentences", [(), (SAID,)])
def test_the_report_names_the_merged_cells_and_only_those(sentences: tuple[str, ...]) -> None:
    text = html(Cover("c1", 200, datetime(2026, 11, 23, tzinfo=UTC), merged=sentences), NOTHING)
    assert (SAID in text) == ("too small" in text) == bool(sentences)
