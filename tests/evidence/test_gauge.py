"""The gauge reads the weakest link at its upper bound, and says grey where it cannot know."""

from hypothesis import given
from hypothesis import strategies as st

from medsynth_engine.evidence import gauge
from medsynth_engine.evidence.intervals import difference, residual_risk, rules_out, wilson
from medsynth_engine.kernel.evidence import Evidence, not_enough


def attack(name: str, value: float, half: float, control: float | None = 0.1, n: int = 600) -> Evidence:
    return Evidence(name, value, value - half, value + half, control, n, "lower", "anybody", "", "")


def clean(half: float = 0.02) -> list[Evidence]:
    return [
        attack("privacy.rows.singling_out", 0.0, half),
        attack("privacy.rows.membership_auc", 0.50, half / 2, 0.5),
        Evidence("privacy.rows.close_match", 0.01, 0.006, 0.016, 0.01, 2000, "lower", "", "", ""),
    ]


def test_wilson_agrees_with_published_values() -> None:
    # Newcombe 1998, Stat Med 17:857, table I: 81/263 and 0/20.
    assert (round(wilson(81, 263).low, 4), round(wilson(81, 263).high, 4)) == (0.2553, 0.3662)
    assert round(wilson(0, 20).high, 4) == 0.1611


def test_difference_agrees_with_newcombe() -> None:
    # Newcombe 1998, Stat Med 17:873, method 10: 56/70 - 48/80 is 0.0524 to 0.3339.
    found = difference(wilson(56, 70), wilson(48, 80))
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 500), st.integers(1, 500))
def test_residual_risk_stays_in_its_bounds(a: int, b: int, more_a: int, more_b: int) -> None:
    risk = residual_risk(wilson(a, a + more_a), wilson(b, b + more_b))
    assert -1 <= risk.low <= 1
    assert -1 <= risk.high <= 1
    assert risk.low <= risk.high


def test_residual_risk_is_zero_without_a_difference_and_one_when_everybody_is_hit() -> None:
    assert residual_risk(wilson(30, 300), wilson(30, 300)).value == 0
    assert residual_risk(wilson(300, 300), wilson(30, 300)).value == 1
    assert residual_risk(wilson(0, 0), wilson(30, 300)).high == 1


def test_39_attacks_without_success_rule_out_more_than_one_in_eleven() -> None:
    assert rules_out(39) < 0.09 < rules_out(38)
    assert rules_out(73) < 0.05 < rules_out(72)


def test_the_strongest_attack_sets_the_band() -> None:
    assert gauge.read(clean(), 600)["data"].band == "very_low"
    reading = gauge.read([*clean(), attack("privacy.rows.inference", 0.12, 0.05)], 600)["data"]
    assert (reading.band, reading.driver) == ("guarded", "privacy.rows.inference")
    assert reading.reading == reading.high


def test_bands_end_where_the_reference_says() -> None:
    edges = (0.049, 0.05, 0.089, 0.09, 0.19, 0.20, 0.32, 0.33)
    bands = ["very_low", "low", "low", "guarded", "guarded", "high", "high", "critical"]
    assert [gauge.band_of(x) for x in edges] == bands


def test_a_small_holdout_is_grey_not_green_and_says_what_it_can_rule_out() -> None:
    reading = gauge.read(clean(), 60)["data"]
    assert reading.band == "grey"
    assert "can rule out risks above 0.06" in reading.note


def test_where_the_needle_stands_lower_than_what_can_be_ruled_out_in_general_both_are_said() -> None:
    lower = attack("privacy.rows.inference", -0.02, 0.34)
    note = gauge.read([*clean(), lower], 60)["data"].note
    assert "can rule out risks above 0.34 in general; the attacks made here reach 0.32 at most." in note
    assert "in general" not in gauge.read([*clean(), attack("privacy.rows.inference", 0.1, 0.2)], 60)["data"].note


def test_a_wide_interval_is_grey_not_red() -> None:
    reading = gauge.read([*clean(), attack("privacy.rows.inference", 0.10, 0.15)], 600)["data"]
    assert reading.band == "grey"


def test_a_wide_interval_is_grey_also_where_another_attack_reaches_higher() -> None:
    wide, higher = attack("privacy.rows.inference", 0.0, 0.10), attack("privacy.rows.linkability", 0.1, 0.05)
    assert gauge.read([*clean(), wide, higher], 600)["data"].band == "grey"
    harmless = attack("privacy.rows.inference", -0.2, 0.10)
    assert gauge.read([*clean(), harmless, higher], 600)["data"].band == "guarded"


def test_what_is_certain_is_critical_also_with_few_patients() -> None:
    reading = gauge.read([*clean(), attack("privacy.rows.singling_out", 0.7, 0.15)], 40)["data"]
    assert reading.band == "critical"


def test_an_attack_that_could_not_be_measured_makes_the_gauge_grey() -> None:
    values = [*clean(), not_enough("privacy.image.membership_auc", 3, "lower", "three images")]
    assert gauge.read(values, 600)["data"].band == "grey"


def test_membership_counts_net_of_its_placebo() -> None:
    with_placebo = gauge.component(attack("privacy.rows.membership_auc", 0.60, 0.01, control=0.58))
    without = gauge.component(attack("privacy.rows.membership_auc", 0.60, 0.01, control=0.50))
    assert with_placebo is not None and without is not None
    assert round(with_placebo.value, 3) == 0.04
    assert round(without.value, 3) == 0.20


def test_unknown_training_data_leaves_every_needle_grey() -> None:
    readings = gauge.read(clean(), 600, unknown_training=True)
    assert {reading.band for reading in readings.values()} == {"grey"}


def test_a_generator_is_judged_only_by_a_cohort_as_large_as_its_training_data() -> None:
    small = gauge.read(clean(), 600, synthetic_records=500, training_records=1200)
    large = gauge.read(clean(), 600, synthetic_records=1200, training_records=1200)
    assert (small["generator"].band, large["generator"].band) == ("grey", "very_low")
    assert large["insider"].band == "grey"


def test_the_discriminator_moves_the_needle_of_the_insider_alone() -> None:
    values = [*clean(), attack("privacy.image.white_box.membership_auc", 0.95, 0.01, 0.5)]
    readings = gauge.read(values, 600, synthetic_records=1200, training_records=1200)
    assert [readings[name].band for name in gauge.SCENARIOS] == ["very_low", "very_low", "critical"]
    quiet = [*clean(), attack("privacy.image.white_box.membership_auc", 0.5, 0.01, 0.5)]
    assert gauge.read(quiet, 600, synthetic_records=1200, training_records=1200)["insider"].band == "very_low"
    assert gauge.read(quiet, 600, synthetic_records=500, training_records=1200)["insider"].band == "grey"


def test_of_the_tail_share_only_what_is_proved_counts() -> None:
    few = attack("privacy.rows.tail_share", 0.6, 0.3, 0.5, n=20)
    assert gauge.read([*clean(), few], 600)["data"].band == "very_low"
    sure = attack("privacy.rows.tail_share", 0.95, 0.05, 0.5, n=60)
    reading = gauge.read([*clean(), sure], 600)["data"]
    assert (reading.band, reading.driver) == ("critical", "privacy.rows.tail_share")


def test_fidelity_never_moves_the_needle() -> None:
    values = [*clean(), attack("fidelity.fd_ratio", 9.0, 1.0)]
    assert gauge.read(values, 600)["data"].band == "very_low"


def test_no_evidence_at_all_is_grey() -> None:
    assert gauge.read([], 600)["data"].band == "grey"
