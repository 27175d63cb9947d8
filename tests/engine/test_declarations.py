"""Private rows: what is asked without need, or not told, is said at once and with a line to copy."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.operations.declarations import demand_declared, learner_told
from medsynth_engine.rows.private.domain import declared
from medsynth_engine.rows.table import Schema

COLUMNS = [
    {"name": "age", "role": "age", "kind": "integer", "per": "patient"},
    {"name": "sex", "role": "sex", "kind": "category", "per": "patient", "values": ["F", "M"]},
    {"name": "finding", "role": "finding", "kind": "multi", "per": "record", "values": ["mass", "node"]},
    {"name": "smoker", "role": "condition", "kind": "boolean", "per": "patient"},
    {"name": "pressure", "role": "column", "kind": "number", "per": "record"},
]


@pytest.fixture
def call() -> Any:
    row = SimpleNamespace(summary={"schema": {"columns": COLUMNS}})
    return SimpleNamespace(read=lambda: nullcontext(SimpleNamespace(get_one=lambda table, key: row)))


@pytest.mark.parametrize("rows", ["trees", "gan"])
@pytest.mark.parametrize(
    ("option", "epsilon", "declare"), [("--epsilon", 3.0, None), ("--declare", None, {"pressure": "60..260"})]
)
def test_what_only_private_rows_need_is_refused_without_them(rows: str, option: str, epsilon: Any, declare: Any):
    with pytest.raises(BadInput, match=f"{option} needs --rows dp") as caught:
        learner_told(rows, epsilon, declare)
    assert caught.value.exit_code == 4
    assert learner_told(rows, None, None)["rows"] == rows
    assert learner_told("dp", None, None)["epsilon"] == 3.0


def test_a_declared_column_that_is_not_there_is_named_beside_those_that_are(call: Any):
    with pytest.raises(BadInput) as caught:
        demand_declared(call, "d", {"foo\x1b[31m": "0..90"})
    assert "foo" in caught.value.message and "\x1b" not in caught.value.message
    assert all(column["name"] in caught.value.hint for column in COLUMNS)


def test_what_is_undeclared_comes_as_a_line_to_copy(call: Any):
    with pytest.raises(BadInput) as caught:
        demand_declared(call, "d", {"smoker": "drop"})
    assert caught.value.code == "undeclared" and "pressure" in caught.value.message
    assert "--declare smoker=drop,finding=schema,pressure=low..high" in caught.value.hint


@pytest.mark.parametrize("words", [{"*": "schema"}, {"finding": "schema"}, {"pressure": "1..2"}])
def test_it_asks_for_exactly_what_the_learner_would_refuse(call: Any, words: dict[str, str]):
    """What it suggests is enough for the learner, and less is not."""
    with pytest.raises(BadInput) as caught:
        demand_declared(call, "d", words)
    asked = caught.value.message.partition("undeclared: ")[2].strip(".").split(", ")
    whole = {**words, **{name: "60..260" if name == "pressure" else "schema" for name in asked}}
    declared(Schema.from_document({"columns": COLUMNS}), whole)
    demand_declared(call, "d", whole)
