"""Measures of rows see what was planted, and are quiet where nothing was."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evidence_tables import SCHEMA, folds, leak, people

from medsynth_engine.evidence import gauge
from medsynth_engine.evidence.fidelity_rows import detection, pairwise
from medsynth_engine.evidence.identity import k_anonymity
from medsynth_engine.evidence.inference import inference
from medsynth_engine.evidence.linkability import linkability
from medsynth_engine.evidence.row_privacy import row_privacy
from medsynth_engine.evidence.singling_out import singling_out
from medsynth_engine.evidence.tables import columns
from medsynth_engine.evidence.victims import Victims
from medsynth_engine.kernel.evidence import Evidence


def victims(training: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame) -> Victims:
    return Victims(training, holdout, synthetic, columns(SCHEMA, training, holdout, synthetic))


def attacked(of: Victims, seed: int = 0) -> dict[str, Evidence]:
    rng = np.random.default_rng(seed)
    linked = linkability(of, rng)
    found = [*row_privacy(of, rng), singling_out(of, rng), inference(of, rng), *([linked] if linked else [])]
    return {value.name.removeprefix("privacy.rows."): value for value in found}


@pytest.fixture(scope="module")
def clean() -> dict[str, Evidence]:
    return attacked(victims(*folds(1200, 600, 2000)))


@pytest.fixture(scope="module")
def leaky() -> dict[str, Evidence]:
    training, holdout, synthetic = folds(1200, 600, 2000)
    return attacked(victims(training, holdout, leak(training, synthetic, 0.3)))


def test_fresh_real_records_are_within_what_chance_gives(clean: dict[str, Evidence]) -> None:
    for name in ("singling_out", "linkability", "inference"):
        assert clean[name].low is not None and clean[name].low <= 0 <= clean[name].high, name
    assert clean["membership_auc"].low <= 0.5 <= clean["membership_auc"].high
    assert clean["membership_p"].value > 0.01
    assert clean["tail_share"].low <= 0.5
    assert clean["copies"].value == 0
    assert clean["close_match"].value == pytest.approx(0.01, abs=0.01)
    reading = gauge.read(clean.values(), 600)["data"]
    assert reading.band in ("very_low", "low", "guarded")


def test_copies_in_folds_too_large_to_ask_every_record_meet_their_originals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medsynth_engine.evidence.row_privacy.MOST", 1_500)
    training, holdout, synthetic = folds(6_000, 3_000, 6_000)
    planted = leak(training, synthetic, 0.02)
    found = {value.name: value for value in row_privacy(victims(training, holdout, planted), np.random.default_rng(0))}
    copied = found["privacy.rows.copies"]
    assert (copied.n, round(copied.value * copied.n)) == (6_000, 120)
    assert found["privacy.rows.repeated"].low > 0.005
    assert found["privacy.rows.tail_p"].value < 0.03
    assert "1,500 of the 6,000" in found["privacy.rows.repeated"].reads_as


def test_a_leak_of_a_third_is_seen_by_every_distance(leaky: dict[str, Evidence]) -> None:
    assert leaky["copies"].low > 0.2
    assert leaky["close_match"].low > 0.2
    assert leaky["tail_share"].low > 0.8
    assert leaky["membership_auc"].low > 0.55
    assert leaky["membership_p"].value < 0.01
    assert leaky["linkability"].low > 0.1
    assert gauge.read(leaky.values(), 600)["data"].band == "critical"


@pytest.mark.parametrize("noise", [0.0, 0.02], ids=["verbatim", "near copies"])
def test_a_leak_of_two_percent_closes_the_gate_for_copies(noise: float) -> None:
    training, holdout, synthetic = folds(1200, 600, 2000, seed=3)
    found = attacked(victims(training, holdout, leak(training, synthetic, 0.02, noise=noise)))
    assert found["tail_share"].low > 0.5
    assert found["close_match"].low > 0.01
    assert (found["copies"].value > 0) == (noise == 0)


def test_the_needle_moves_with_the_leak() -> None:
    training, holdout, synthetic = folds(1200, 600, 2000, seed=5)
    readings = []
    for share in (0.0, 0.2, 0.5):
        found = attacked(victims(training, holdout, leak(training, synthetic, share)))
        readings.append(gauge.read(found.values(), 600)["data"].reading)
    assert readings[0] < readings[1] < readings[2]
    assert readings[0] < 0.2 and readings[2] > 0.33


def test_a_secret_that_only_members_share_is_inferred() -> None:
    training, holdout, _ = folds(600, 300, 10, seed=1)
    rng = np.random.default_rng(9)
    for table in (training, holdout):  # age and sex decide the ward among members, nothing does among the others
        table["ward"] = [f"ward {i}" for i in rng.integers(0, 12, len(table))]
    training["ward"] = [
        f"ward {(a // 5 + (s == 'F')) % 12}" for a, s in zip(training["age"], training["sex"], strict=True)
    ]
    found = inference(victims(training, holdout, training.assign(patient="S")), np.random.default_rng(0))
    assert found.value > 0.3
    assert "'ward'" in found.reads_as


def test_a_table_copied_whole_singles_people_out() -> None:
    training, holdout, _ = folds(600, 300, 10, seed=2)
    found = singling_out(victims(training, holdout, training), np.random.default_rng(0))
    assert found.low > 0.1
    assert found.n <= 1000


def test_attacks_really_made_are_counted() -> None:
    training, holdout, synthetic = folds(300, 150, 300)
    same = synthetic.assign(**{name: synthetic[name].iloc[0] for name in synthetic})  # no record is unique
    assert not singling_out(victims(training, holdout, same), np.random.default_rng(0)).enough


def test_linkage_needs_four_columns() -> None:
    training, holdout, synthetic = folds(50, 50, 50)
    few = Victims(training, holdout, synthetic, columns(SCHEMA, training, holdout, synthetic)[:3])
    assert linkability(few, np.random.default_rng(0)) is None


def test_two_samples_of_one_population_look_alike_and_shuffled_columns_do_not() -> None:
    training, holdout, synthetic = folds(800, 400, 800)
    shared = columns(SCHEMA, training, holdout, synthetic)
    rng = np.random.default_rng(0)
    shuffled = synthetic.copy()
    for name in ("age", "pressure", "finding"):
        shuffled[name] = rng.permutation(shuffled[name].to_numpy())
    good, bad = (pairwise(training, holdout, table, shared, rng) for table in (synthetic, shuffled))
    assert good.value == pytest.approx(good.control, abs=0.03)
    assert bad.value < good.value
    good, bad = (detection(training, holdout, table, shared, rng) for table in (synthetic, shuffled))
    assert good.low <= 0.5 <= good.high
    assert bad.low > 0.6


def test_k_anonymity_counts_patients_not_records() -> None:
    table = pd.DataFrame({"patient": ["a", "a", "b", "c", "d"], "sex": list("FFFMM"), "age": [50] * 5})
    found = k_anonymity(table)
    assert (found.value, found.n) == (2, 4)
    assert not k_anonymity(pd.DataFrame({"x": [1, 2]})).enough


def test_slices_of_one_patient_are_not_independent() -> None:
    """Ten records a patient give wider intervals than as many patients."""
    rng = np.random.default_rng(0)
    one = people(600, rng), people(300, rng, "H"), people(500, rng, "S")
    many = [table.iloc[np.repeat(np.arange(len(table) // 10), 10)].reset_index(drop=True) for table in one[:2]]
    wide, narrow = (attacked(victims(a, b, one[2]))["membership_auc"] for a, b in (many, one[:2]))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_real_stays_against_other_real_stays(data_folder: Path) -> None:
    """Real hospital stays relabelled as synthetic: quiet when they are of other patients, loud when of the same."""
    table = pd.read_csv(data_folder / "tab_diabetes130" / "diabetes130_14k_patients.csv", na_values="?", dtype=str)
    table = table.drop_duplicates("patient_nbr").sample(3000, random_state=0).reset_index(drop=True)
    table = pd.DataFrame(
        {
            "patient": table["patient_nbr"],
            "age": table["age"].str.extract(r"\[(\d+)")[0].astype(float),
            "sex": table["gender"].str[0],
            "ethnicity": table["race"],
            "finding": table["diag_1"].str[:1],
            "pressure": table["num_lab_procedures"].astype(float),
            "glucose": table["num_medications"].astype(float),
            "ward": table["medical_specialty"],
        }
    )
    training, holdout, other = (
        table[:1200],
        table[1200:1800].reset_index(drop=True),
        table[1800:].reset_index(drop=True),
    )
    quiet, loud = attacked(victims(training, holdout, other)), attacked(victims(training, holdout, training))
    assert gauge.read(quiet.values(), 600)["data"].band in ("very_low", "low", "guarded")
    assert not (quiet["tail_share"].low > 0.5 and quiet["close_match"].low > 0.01)
    assert gauge.read(loud.values(), 600)["data"].band == "critical"
    assert loud["tail_share"].low > 0.5 and loud["close_match"].low > 0.01
