"""Excel, OpenDocument and Parquet: read in a process of their own, which may end badly without ours noticing."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_workbooks import excel, open_document

from medsynth_engine.intake.options import Limits
from medsynth_engine.intake.tables import sheet
from medsynth_engine.intake.tables.table import parse_table
from medsynth_engine.kernel.errors import BadInput

ROWS: list[list[object]] = [
    ["patient_id", "age", "seen", "smoker", "weight", "Größe"],
    ["P1", 65, "date:43852", True, 70.5, "klein, rund"],
    ["P2", 70.0, "date:43853", False, 80.0, 'say "x"'],
    ["P3", "formula:71", "date:43854.5", True, "?", "\x1b[2J"],
]


def test_a_workbook_is_read_as_a_person_sees_it() -> None:
    frame = parse_table(excel({"data": ROWS}), Limits()).frame
    assert list(frame.columns) == ROWS[0]
    assert frame["age"].tolist() == ["65", "70", "71"]
    assert frame["seen"].tolist() == ["2020-01-22", "2020-01-23", "2020-01-24T12:00:00"]
    assert frame["smoker"].tolist() == ["true", "false", "true"]
    assert frame["weight"].tolist() == ["70.5", "80", "?"]
    assert frame["Größe"].tolist()[:2] == ["klein, rund", 'say "x"']


def test_the_first_sheet_with_names_counts_titles_and_hidden_sheets_do_not() -> None:
    notes: list[list[object]] = [["made by hand"]]
    titled: list[list[object]] = [["Export of the ward"], [], *ROWS]
    table = parse_table(excel({"secret": ROWS[:2], "notes": notes, "data": titled}, hidden=("secret",)), Limits())
    assert len(table.frame) == 3
    assert any("3 sheets" in warning for warning in table.warnings)
    assert any("lines above" in warning for warning in table.warnings)


def test_an_open_document_is_read() -> None:
    frame = parse_table(open_document([["id", "age"], ["a", 65], ["b", 70.5]]), Limits()).frame
    assert frame.to_dict("list") == {"id": ["a", "b"], "age": ["65", "70.5"]}


def test_parquet_keeps_its_types_and_loses_bytes_and_lists() -> None:
    made = pd.DataFrame(
        {
            "patient": ["a", "b", None],
            "age": [65.0, np.nan, 70.0],
            "when": [datetime(2020, 1, 22, tzinfo=UTC)] * 3,
            "level": pd.Categorical(["x", "y", "x"]),
            "raw": [b"Jane", b"John", b"Jim"],
            "several": [[1], [2], [3]],
        }
    )
    table = parse_table(made.to_parquet(), Limits())
    assert list(table.frame.columns) == ["patient", "age", "when", "level"]
    assert table.frame["age"].tolist() == ["65", "", "70"]
    assert table.frame["when"].iloc[0].startswith("2020-01-22")
    assert any("lists or bytes" in warning for warning in table.warnings)


def test_a_workbook_beyond_the_limits_is_refused_without_much_memory() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (300 * 2**20))
    before, began = psutil.Process().memory_info().rss, time.process_time()
    with pytest.raises(BadInput) as caught:
        parse_table(bomb.getvalue(), Limits())
    assert caught.value.code == "table_too_large"
    assert time.process_time() - began < 10
    assert psutil.Process().memory_info().rss - before < 100e6
    with pytest.raises(BadInput):
        parse_table(excel({"s": [["a", "b"], *([[1, 2]] * 100)]}), Limits(table_rows=50))


def test_a_cell_in_the_far_corner_ends_in_a_reason() -> None:
    data = excel({"s": [["a", "b"], [1, 2]]})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/worksheets/sheet1.xml"] = members["xl/worksheets/sheet1.xml"].replace(
        b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(BadInput):
        parse_table(made.getvalue(), Limits())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PAR1" + b"x" * 100 + b"PAR1", "not_a_table"),
        (b"PK\x03\x04" + b"x" * 100, "not_a_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "not_a_table"),
        (excel({"s": [["only a title"]]}), "empty_table"),
    ],
)
def test_what_is_none_is_said_to_be_none(data: bytes, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_table(data, Limits())
    assert caught.value.code == code


def test_a_reader_that_dies_or_hangs_is_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for body, code in (
        ("import os; os.abort()", "table_reader_stopped"),
        ("import time; time.sleep(60)", "table_reader_slow"),
    ):
        program = tmp_path / "python"
        program.write_text(f"#!{sheet.sys.executable}\n{body}\n")
        program.chmod(0o700)
        monkeypatch.setattr(sheet.sys, "executable", str(program))
        monkeypatch.setattr(sheet, "SECONDS", 2)
        with pytest.raises(BadInput) as caught:
            parse_table(excel({"s": ROWS}), Limits())
        assert caught.value.code == code
        monkeypatch.undo()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_workbooks_end_in_a_table_or_a_reason(data: st.DataObject) -> None:
    sources = (excel({"s": ROWS}), pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}).to_parquet())
    broken = bytearray(data.draw(st.sampled_from(sources)))
    for place in data.draw(st.lists(st.integers(0, len(broken) - 1), min_size=1, max_size=20)):
        broken[place] = data.draw(st.integers(0, 255))
    try:
        assert len(parse_table(bytes(broken), Limits()).frame) >= 1
    except BadInput as error:
        assert error.hint
