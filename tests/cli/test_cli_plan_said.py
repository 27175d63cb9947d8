"""What `rows table` and `rows plan` print, and that a group's help ends with an example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from medsynth_tui.cli.face import Face, Manner
from medsynth_tui.cli.rows import show_beside, show_columns, show_margins, show_plan

HERE = Path(__file__).parent.parent / "studio" / "documents"


def document(name: str) -> Any:
    return json.loads((HERE / f"{name}.json").read_text())


def test_a_plan_is_printed_with_its_small_cells_and_what_generate_says_of_them(capsys: Any):
    again = "medsynth rows plan -n 500 --dataset chest --balance sex,ethnicity"
    show_plan(Face(Manner()), document("plan"), True, again)
    out = " ".join(capsys.readouterr().out.split())
    assert "500 records sex ethnicity records" in out and "too small: 11-19 images" in out
    assert "generate refuses this: 2 of the cells" in out and "Assumed: How sex and ethnicity" in out
    assert out.endswith(f"Next: {again} --small-cells broaden")
    show_plan(Face(Manner()), document("plan"), False, again)
    assert "Bring in more patients" in capsys.readouterr().out, "widening did not help"


def test_a_table_is_printed_with_what_is_hidden_and_what_was_not_kept(capsys: Any):
    show_columns(Face(Manner()), document("table"))
    out = capsys.readouterr().out
    assert "Black hidden, Inuit <11" in out and "50 % below 57.0" in out
    assert "patient_id: It names a patient" in out and "note: It holds sentences" in out


def test_a_cohort_is_printed_beside_its_dataset(capsys: Any):
    show_beside(Face(Manner()), document("cohort_table"))
    out = capsys.readouterr().out
    assert "300 drawn records, 900 real ones" in out and "would have to change" in " ".join(out.split())


def test_margins_are_printed_in_points_and_few_patients_in_none(capsys: Any):
    show_margins(Face(Manner()), document("offered"))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["Inuit", "few"] in lines and any(line[:2] == ["sex", "F"] and line[-1] == "%" for line in lines)
