"""The report is one file that needs nothing else, reads aloud, and lets nothing in that it shows."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from medsynth_engine.evidence.document import document
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.governance.report import Cover, _groups_off, _judged, html
from medsynth_engine.governance.rounded import rounded
from medsynth_engine.kernel.verdicts import group_verdict

VOID = {"meta", "br", "img", "link", "hr", "rect", "circle", "line"}
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> \x1b[31m"


class Page(HTMLParser):
    """Tags with their attributes, in order; checks that they are nested well."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def table(n: int, rng: np.random.Generator) -> pd.DataFrame:
    sex = rng.choice(["F", "M"], n)
    return pd.DataFrame(
        {
            "patient": [f"P{i}" for i in range(n)],
            "age": rng.integers(18, 90, n),
            "sex": sex,
            "finding": np.where(rng.random(n) < np.where(sex == "F", 0.5, 0.2), EVIL, "normal"),
        }
    )


@pytest.fixture(scope="module")
def evaluation() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    roles = {"age": "number", "sex": "category", "finding": "category"}
    schema = {"columns": [{"name": name, "role": name, "kind": kind} for name, kind in roles.items()]}
    inputs = Inputs(table(300, rng), table(150, rng), table(200, rng), schema)
    return document(inputs, lambda *_: None, lambda: True)


COVER = Cover(
    EVIL,
    200,
    datetime(2026, 11, 23, tzinfo=UTC),
    {"cohort": "c" * 64},
    {"generator": EVIL},
    ("DEVELOPMENT", "SIMULATED"),
)


def test_it_is_one_file_without_network_or_script(evaluation: dict[str, Any]) -> None:
    text = html(COVER, evaluation, sheet=b"\x89PNG")
    page = Page(text)
    assert page.open == []
    assert not page.all("script")
    assert not page.all("link")
    assert not page.all("iframe")
    assert "http:" not in text
    assert "https:" not in text
    assert "//" not in re.sub(r"data:image/png;base64,[^\"]*", "", text)
    assert all(a["href"].startswith("#") for a in page.all("a") if a["href"])
    assert all(image["src"].startswith("data:") for image in page.all("img") if image["src"])


def test_what_it_shows_stays_text(evaluation: dict[str, Any], draft: dict[str, Any]) -> None:
    said = {**draft, "state": "draft", "signatures": [{"name": EVIL, "role": "admin", "kind": "approve", "note": EVIL}]}
    said["signatures"][0] |= {"at": "2026", "digest": "d" * 64}
    text = html(COVER, evaluation, said)
    assert "<script" not in text
    assert "onerror=alert(1)>" not in text
    assert "\x1b" not in text
    assert not [attributes for _, attributes in Page(text).tags if any(name.startswith("on") for name in attributes)]


def test_it_reads_aloud(evaluation: dict[str, Any]) -> None:
    page = Page(html(COVER, evaluation, sheet=b"\x89PNG"))
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    assert all(image["alt"] for image in page.all("img"))
    assert page.all("svg")
    assert all(figure["role"] == "img" and figure["aria-label"] for figure in page.all("svg"))
    assert all("scope" in cell for cell in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in page.all("a") if link["href"]} <= set(ids)


def test_it_has_its_sections_marks_and_the_stamp(evaluation: dict[str, Any], draft: dict[str, Any]) -> None:
    text = html(COVER, evaluation, draft)
    for part in (
        "Summary",
        "Privacy gauge",
        "Fidelity",
        "Bias",
        "Utility",
        "Provenance",
        "Limits",
        "impact assessment",
    ):
        assert part in text
    for part in ("DEVELOPMENT:", "SIMULATED:", "Do not compute p-values", "c" * 64, "Nobody has signed yet"):
        assert part in text


def test_every_measure_is_in_it(evaluation: dict[str, Any]) -> None:
    text = html(COVER, evaluation)
    for value in evaluation["evidence"]:
        if not value["name"].startswith(("bias.representation", "bias.parity")):
            assert value["name"].split(".", 1)[1] in text


def test_what_is_hidden_is_not_said_to_be_unknown(evaluation: dict[str, Any]) -> None:
    rare = [
        {**each, "value": 3.0} if each["name"] == "privacy.k_anonymity" else each for each in evaluation["evidence"]
    ]
    text = html(COVER, {**evaluation, "evidence": rare})
    row = text[text.index("privacy.k_anonymity") :]
    row = row[: row.index("</tr>")]
    assert "fewer than 11" in row
    assert "· hidden" in row
    assert "not enough evidence" not in row


def test_every_measure_has_its_words_its_name_its_verdict_and_its_method(evaluation: dict[str, Any]) -> None:
    text = html(COVER, evaluation)
    for part in ("Pairwise associations kept", "<code>fidelity.rows.pairwise</code>", "no gap shown", "How to read it"):
        assert part in text
    methods = text[text.index('<h2 id="methods">') :]
    for part in ("Attribute inference", "Yeom et al. 2018", "Wilson 1927"):
        assert part in methods


def test_a_report_that_is_out_of_date_says_so_at_the_top(evaluation: dict[str, Any]) -> None:
    text = html(replace(COVER, outdated=("The dataset has a version 2 by now.",)), evaluation)
    assert text.index("Out of date: The dataset has a version 2") < text.index("<main")


def test_a_report_of_next_to_nothing_is_still_one() -> None:
    nothing = {"evidence": [], "gauge": {}, "bias": [], "heatmap": [], "sizes": {}}
    text = html(Cover("c", 0, datetime(2026, 11, 23, tzinfo=UTC)), nothing)
    assert Page(text).open == []
    assert "Not evaluated." in text


def test_what_is_rounded_is_judged_as_it_was_measured_and_real_counts_are_rounded(evaluation: dict[str, Any]) -> None:
    coverage = {"name": "fidelity.coverage", "value": 0.9, "low": 0.8949, "high": 0.91, "control": 0.8946, "n": 57}
    coverage |= {"direction": "higher", "adversary": "", "reads_as": "It is near.", "method": ""}
    row = {"value": "F", "synthetic": 0.5, "training": 0.5, "reference": 0.5, "ratio": 1.01, "low": 1.003, "high": 1.02}
    bias = [{"attribute": "sex", "reference": "the training data", "rows": [{**row, "flag": "even"}]}]
    told = _judged(rounded({"evidence": [coverage], "bias": bias}), {"evidence": [coverage], "bias": bias})
    assert (
        told["evidence"][0]["low"] == told["evidence"][0]["control"] and told["evidence"][0]["verdict"].code == "good"
    )
    assert told["bias"][0]["rows"][0]["low"] == 1 and told["bias"][0]["rows"][0]["verdict"].short == "rather more"
    assert told["evidence"][0]["n"] == 60
    assert rounded({"evidence": [coverage], "sizes": {"synthetic": {"records": 57}}})["evidence"][0]["n"] == 57
    assert html(COVER, {**evaluation, "evidence": [coverage], "bias": bias}).count("rather more") >= 1


def test_the_summary_says_of_groups_what_the_tables_say() -> None:
    few = {"value": "bkl", "ratio": 0.17, "low": 0.03, "high": 0.88, "flag": "even"}
    rows = [few, {**few, "value": "nv", "high": 1.2}, {**few, "value": "mel", "high": 0.3, "flag": "red"}]

    def said(*chosen: dict[str, Any]) -> str:
        judged = [{**row, "verdict": group_verdict(row)} for row in chosen]
        return " ".join(_groups_off({"bias": [{"attribute": "finding", "rows": judged}]}))

    assert said(rows[1]) == "No group is off its share beyond chance."
    assert said(*rows[:2]) == "Off their share beyond chance, but within what is tolerated: bkl (finding)."
    assert "beyond what is tolerated: mel (finding)" in said(*rows)
    assert "cannot be said" in said({**few, "ratio": None})
