"""What an interval says, in words: one rule for every face, and names that nobody has to look up."""

from __future__ import annotations

from typing import Any

import pytest

from medsynth_engine.kernel.axes import axis_of
from medsynth_engine.kernel.measures import heading, in_words, source, spoken
from medsynth_engine.kernel.verdicts import group_verdict, verdict


def number(value: float | None, low: float | None, high: float | None, **more: Any) -> dict[str, Any]:
    facts = {"name": "fidelity.coverage", "direction": "higher", "control": None}
    return {**facts, "value": value, "low": low, "high": high, **more}


@pytest.mark.parametrize(
    ("evidence", "code", "short"),
    [
        (number(None, None, None), "unknown", "not enough"),
        (number(0.5, None, None), "plain", "no yardstick"),
        (number(0.5, None, None, control=0.4), "plain", "no interval"),
        (number(0.5, 0.4, 0.6), "plain", "no yardstick"),
        (number(0.5, 0.4, 0.6, control=0.6), "even", "no gap shown"),
        (number(0.5, 0.4, 0.6, control=0.7), "bad", "worse"),
        (number(0.5, 0.4, 0.6, control=0.7, direction="lower"), "good", "better"),
        (number(1.2, 0.9, 1.4, control=0.2, direction="one"), "even", "no gap shown"),
        (number(1.2, 1.1, 1.4, control=1.2, direction="one"), "bad", "above 1"),
        (number(-0.2, -0.3, -0.1, control=9, direction="zero"), "bad", "below 0"),
    ],
)
def test_a_gap_is_called_only_where_the_whole_interval_lies_on_one_side(
    evidence: dict[str, Any], code: str, short: str
) -> None:
    found = verdict(evidence)
    assert (found.code, found.short) == (code, short)
    assert found.says.endswith(".")


@pytest.mark.parametrize("name", ["privacy.rows.singling_out", "privacy.image.reidentification"])
def test_what_is_net_of_its_control_is_held_against_zero_and_never_called_better_for_it(name: str) -> None:
    leak = number(0.1, -0.05, 0.19, name=name, direction="lower", control=0.21)
    assert verdict(leak).code == "even"
    assert verdict({**leak, "low": 0.05}).code == "bad"
    assert axis_of(leak).mark == 0


@pytest.mark.parametrize(
    ("low", "high", "code", "short"),
    [
        (6.9, 8.7, "plain", "stays away"),
        (0.4, 2.0, "even", "no copying shown"),
        (-4.0, 0.2, "even", "no copying shown"),
        (-1.5, -0.5, "plain", "rather near"),
        (-5.0, -2.0, "bad", "below 0"),
    ],
)
def test_the_copying_test_speaks_against_a_cohort_only_below_zero(
    low: float, high: float, code: str, short: str
) -> None:
    found = verdict(number((low + high) / 2, low, high, name="privacy.image.c_t", direction="zero", control=8.1))
    assert (found.code, found.short) == (code, short)


def test_a_cohort_that_was_rebalanced_is_not_blamed_for_being_unlike_training() -> None:
    off = number(1.5, 1.4, 1.7, name="bias.against_training.sex=F", direction="one")
    assert verdict(off).code == "plain"
    assert verdict({**off, "name": "bias.representation.sex=F"}).code == "bad"


def test_a_distance_is_called_only_where_it_is_larger_than_between_two_real_sets() -> None:
    kid = {"name": "fidelity.kid", "value": 0.02, "low": 0.005, "high": 0.04, "direction": "zero", "control": 0.01}
    assert verdict(kid).code == "even" and "real data" in verdict(kid).says
    assert verdict({**kid, "low": 0.015}).code == "bad"
    assert verdict({**kid, "control": None}).code == "bad"
    assert verdict({**kid, "low": -0.01}).says.startswith("The interval holds 0")


def test_names_are_words_whatever_comes() -> None:
    assert in_words("fidelity.encoder.fd_ratio") == "Fréchet ratio (site's encoder)"
    assert in_words("fidelity.group.fd_ratio.sex=F") == "sex = F (Fréchet ratio)"
    assert in_words("utility.curve.300") == "Learning curve (300 records)"
    assert in_words("bias.parity_amplification.no.finding.age_band") == "Imbalance amplified: no.finding by age band"
    assert in_words("bias.representation.age_band=a.b=c") == "age band = a.b=c"
    assert in_words("privacy.brand_new") == "Brand new"
    assert in_words("something.else") == "something.else"
    assert heading("fidelity.kid") == ""
    said = spoken("The interval of privacy.image.close_match is wide, and so is that of privacy.rows.inference.")
    assert (
        said == "The interval of “Close matches to training images” is wide, and so is that of “Attribute inference”."
    )
    assert source("privacy.image.c_t").startswith("Meehan")


@pytest.mark.parametrize(
    ("flag", "low", "high", "short"),
    [
        ("even", 0.9, 1.2, "no gap shown"),
        ("even", 1.05, 1.4, "rather more"),
        ("amber", 1.3, 1.7, "too many"),
        ("red", 2.1, 2.6, "far too many"),
    ],
)
def test_a_group_is_off_its_goal_only_where_its_interval_is(flag: str, low: float, high: float, short: str) -> None:
    row = {"flag": flag, "ratio": (low + high) / 2, "low": low, "high": high}
    assert group_verdict(row).short == short
    assert group_verdict({**row, "ratio": None}).code == "unknown"


def test_an_axis_holds_what_it_is_made_for() -> None:
    ratio = axis_of(number(1.0, 0.5, 2.0, direction="one"))
    assert [ratio.place(value) for value in (0.25, 1, 4, 200, 0)] == pytest.approx([0, 0.5, 1, 1, 0])
    assert (ratio.outside(200), ratio.outside(0.01), ratio.outside(2)) == (1, -1, 0)
    assert axis_of(number(0.3, 0.1, 0.4)).kind == "share"
    assert axis_of(number(17.0, 12.0, 20.0)).high == 20
    assert axis_of(number(0.3, -0.1, 0.4)).low == -0.5
