"""k-map, l-diversity and t-closeness on tables whose disclosure is known."""

import numpy as np
import pandas as pd
import pytest

from medsynth_engine.evidence.classes import k_map, l_diversity, t_closeness


def ward(findings: list[str], sexes: str = "FFFMMM", ages: int = 50) -> pd.DataFrame:
    return pd.DataFrame({"patient": range(len(sexes)), "sex": list(sexes), "age": ages, "finding": findings})


def test_a_class_where_all_have_one_finding_discloses_it() -> None:
    assert l_diversity(ward(["a", "b", "c", "a", "b", "c"])).value == 3
    found = l_diversity(ward(["a", "b", "c", "x", "x", "x"]))
    assert found.value == 1
    assert "in 1 of 2 classes" in found.reads_as


def test_t_closeness_is_zero_where_classes_are_like_everybody_and_large_where_they_are_not() -> None:
    assert t_closeness(ward(["a", "b", "c", "c", "a", "b"])).value == 0
    found = t_closeness(ward(["a", "a", "a", "b", "b", "b"]))
    assert found.value == pytest.approx(0.5)


def test_small_classes_differ_by_chance_and_the_control_says_by_how_much() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"sex": rng.choice(["F", "M"], 300), "age": rng.integers(0, 95, 300), "finding": rng.choice(list("abc"), 300)}
    )
    found = t_closeness(table)
    assert found.control == pytest.approx(found.value, abs=0.1)


def test_k_map_counts_the_population_and_says_nothing_where_it_is_not_known() -> None:
    table = ward(["a"] * 6)
    shares = {"sex": {"F": 0.6, "M": 0.4}, "age_band": {"40-64": 0.3, "18-39": 0.7}}
    assert k_map(table, shares, 1_000).value == 120
    assert not k_map(table, shares, None).enough
    assert not k_map(table, {}, 1_000).enough
    assert not k_map(table, {"sex": {"female": 1.0}, "age_band": {"old": 1.0}}, 1_000).enough


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_tables_and_missing_columns_never_break_them(n: int) -> None:
    table = ward(["a"] * n, "FM"[:n])
    for found in (l_diversity(table), t_closeness(table), k_map(table, {"sex": {"F": 1.0}}, 10)):
        assert found.reads_as
    bare = pd.DataFrame({"x": range(n)})
    assert not l_diversity(bare).enough and not t_closeness(bare).enough


def test_the_order_of_records_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    table = ward(list("abcabb"))
    table.loc[0, "sex"] = None
    mixed = table.iloc[rng.permutation(6)].reset_index(drop=True)
    assert l_diversity(table).value == l_diversity(mixed).value
    assert t_closeness(table).value == pytest.approx(t_closeness(mixed).value)
