"""docs/results.md quotes what was measured: its records are there, and its headline figures are those in them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "results.md").read_text()
PNEUMONIA = "gan_peers/quality-medmnist_pneumonia-32px-{}-1200s-processor-cpux1-seed0.json"
FIGURES = [
    ("intake.json", ("measured", "dicom, decodable", "share"), "{:.0%}", "66 % of it"),
    ("intake.json", ("measured", "png 256 px", "a_second"), "{:.0f}", "493, 595"),
    ("intake.json", ("measured", "table x 50 columns", "seconds"), "{:.1f}", "3.1 s on the clock"),
    ("burned_in.json", ("small", "flagged", "hits"), "{}", "38 found"),
    (PNEUMONIA.format("ours-own"), ("quality", "fd_ratio"), "{:.1f}", "11.0 to 1,031"),
    (PNEUMONIA.format("ours-own"), ("quality", "coverage"), "{:.2f}", "`medmnist_pneumonia` 0.87"),
    (PNEUMONIA.format("lightweight-matched"), ("quality", "fd_ratio"), "{:,.0f}", "11.0 to 1,031"),
    ("rows.json", ("quality", "diabetes130 1000 trees", "detection_auc"), "{:.2f}", "0.80, 0.70, 0.61, 0.55"),
    ("evidence.json", ("results", 1, "seconds"), "{}", "32.8 s on the clock"),
    ("ledger.json", ("verify_seconds",), "{:.1f}", "in 4.4 s (27 Nov"),
    ("gauge.json", ("rates", 1, "refused", "recipient"), "{}", "verbatim or nearly, 20 of 20 each"),
    ("gauge.json", ("rates", 8, "refused", "recipient"), "{}", "the trees 1 of 20"),
    ("bundle.json", ("rows", 2, "seconds"), "{:.1f}", "42.7 s (11.9"),
]


def test_every_record_that_it_names_is_there() -> None:
    named = set(re.findall(r"`(benchmarks/(?:results/)?[\w./]+)`", PAGE))
    assert len(named) > 15
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(("record", "way", "spelled", "said"), FIGURES)
def test_a_headline_figure_is_the_one_in_its_record(record: str, way: tuple[Any, ...], spelled: str, said: str) -> None:
    value: Any = json.loads((ROOT / "benchmarks" / "results" / record).read_text())
    for step in way:
        value = value[step]
    figure = spelled.format(value).replace("%", " %")
    assert figure in said and said in PAGE
