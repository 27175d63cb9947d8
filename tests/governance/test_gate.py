"""The gate gives every reason that closes it, and opens only when there is none (or two admins override)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from governance_people import ADMIN, ALICE, AUDITOR, NOW, SECOND

from medsynth_engine.evidence import gauge
from medsynth_engine.governance.asked import AUDIENCES
from medsynth_engine.governance.gate import (
    GateInputs,
    Signed,
    Vote,
    judge,
    overriding,
    scenario_for,
)
from medsynth_engine.governance.measured import ALLOWED_BANDS
from medsynth_engine.governance.workflow import Assessment, act
from medsynth_engine.kernel.evidence import Evidence

DRAFT = Assessment("draft", ALICE.user_id, "d" * 64, "medium")
SUBMITTED = act(DRAFT, "submit", ALICE, NOW)
APPROVED = act(SUBMITTED, "approve", ADMIN, NOW, note="no auditor here")
SIGNED = Signed(APPROVED, "c" * 64, "e" * 64, "public")
OPEN = GateInputs(
    "cohort",
    "c" * 64,
    "public",
    NOW,
    evaluated_digest="c" * 64,
    evaluation_digest="e" * 64,
    band="low",
    driver="privacy.rows.inference",
    assessment=SIGNED,
)


def value(name: str, value: float, low: float, control: float | None, n: int = 2000) -> Evidence:
    return Evidence(name, value, low, min(1.0, value + (value - low)), control, n, "lower", "", "", "")


def codes(inputs: GateInputs) -> set[str]:
    return {reason.code for reason in judge(inputs).reasons}


def test_it_opens_when_everything_is_in_order() -> None:
    verdict = judge(OPEN)
    assert verdict.open
    assert verdict.reasons == () == verdict.marks


LEAK = (
    value("privacy.rows.tail_share", 0.77, 0.62, 0.5, 40),
    value("privacy.rows.tail_p", 0.004, 0.004, 0.01),
    value("privacy.rows.repeated", 0.01, 0.004, 0.0),
)
CASES: dict[str, dict[str, Any]] = {
    "simulated": {"simulated": True},
    "development_store": {"development": True},
    "not_evaluated": {"evaluated_digest": None},
    "evaluation_outdated": {"evaluated_digest": "b" * 64},
    "not_enough_evidence": {"band": "grey"},
    "band_not_allowed": {"band": "guarded"},
    "identical_images": {"evidence": (value("privacy.image.identical", 0.0005, 0.0001, 0.0),)},
    "rows_copies": {"evidence": LEAK},
    "image_copies": {"evidence": tuple(replace(e, name=e.name.replace("rows", "image")) for e in LEAK)},
    "image_membership": {
        "evidence": (
            value("privacy.image.membership_auc", 0.60, 0.57, 0.5),
            value("privacy.image.membership_p", 0.002, 0.002, 0.4),
        )
    },
    "rows_membership": {
        "evidence": (
            value("privacy.rows.membership_auc", 0.60, 0.57, 0.5),
            value("privacy.rows.membership_p", 0.002, 0.002, 0.4),
        )
    },
    "text_on_images": {"evidence": (value("privacy.image.identifying_text", 0.005, 0.001, 0.01, 200),)},
    "identifying_column": {"identifying": ("insurance_number",)},
    "not_reviewed": {"unreviewed": 3},
    "pia_missing": {"assessment": None},
    "pia_expired": {"now": NOW + timedelta(days=366)},
    "pia_not_approved": {"assessment": replace(SIGNED, standing=SUBMITTED)},
    "self_approved": {"assessment": replace(SIGNED, standing=replace(APPROVED, author_id=ADMIN.user_id))},
    "pia_other_subject": {"assessment": replace(SIGNED, evaluation_digest="x" * 64)},
    "pia_audience": {"assessment": replace(SIGNED, audience="internal")},
    "imported_cohort": {"imported": True},
    "unknown_training": {"unknown_training": True},
    "real_data": {"subject_kind": "dataset"},
}


@pytest.mark.parametrize("code", CASES)
def test_each_reason_closes_it_alone_and_says_what_to_do(code: str) -> None:
    verdict = judge(replace(OPEN, **CASES[code]))
    assert not verdict.open
    assert [reason.code for reason in verdict.reasons] == [code]
    assert all(reason.why and reason.what_to_do for reason in verdict.reasons)


def test_all_reasons_are_given_at_once() -> None:
    worst = replace(OPEN, simulated=True, band="critical", assessment=None, unreviewed=1)
    assert codes(worst) == {"simulated", "band_not_allowed", "pia_missing", "not_reviewed"}


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("band", ["very_low", "low", "guarded", "high", "critical", "grey"])
def test_each_audience_takes_its_bands(audience: str, band: str) -> None:
    assert judge(replace(OPEN, audience=audience, band=band)).open == (band in ALLOWED_BANDS[audience])


def test_a_missing_band_counts_as_grey() -> None:
    assert codes(replace(OPEN, band=None)) == {"not_enough_evidence"}


@pytest.mark.parametrize(
    ("held_out", "says"), [(143, "than the 143 of now"), (60, "at least 100"), (0, "every attack can be measured")]
)
def test_what_to_do_about_a_grey_needle_fits_why_it_is_grey(held_out: int, says: str) -> None:
    wide = Evidence("privacy.rows.membership_auc", 0.5, 0.4, 0.6, 0.5, 143, "lower", "", "", "")
    data = gauge.read([wide] if held_out else [], held_out)["data"]
    (reason,) = judge(replace(OPEN, band=data.band, note=data.note)).reasons
    assert says in reason.what_to_do


@pytest.mark.parametrize(
    ("name", "rate", "half", "says", "larger"),
    [
        ("rows.close_match", 0.10, 0.10, "Evaluate a larger cohort", True),
        ("rows.close_match", 0.10, 0.15, "Do not count on a larger cohort", False),
        ("rows.inference", 0.05, 0.12, "than the 279 of now; about 600 were enough for recipient", False),
        ("rows.inference", 0.25, 0.12, "A narrower interval does not help: “Attribute inference” is 0.25", False),
    ],
)
def test_a_larger_cohort_is_advised_only_where_its_records_can_bring_the_needle_under_the_limit(
    name: str, rate: float, half: float, says: str, larger: bool
) -> None:
    wide = Evidence(f"privacy.{name}", rate, rate - half, rate + half, 0.01, 500, "lower", "", "", "")
    data = gauge.read([wide], 279)["data"]
    assert data.band == "grey"
    asked = replace(OPEN, band=data.band, note=data.note, evidence=(wide,), audience="recipient")
    (reason,) = judge(asked).reasons
    assert says in reason.what_to_do
    assert ("Evaluate a larger cohort" in reason.what_to_do) == larger


def test_copies_close_it_where_they_are_unlikely_and_telling_or_many() -> None:
    tail, p, share = LEAK
    assert judge(replace(OPEN, evidence=(tail, replace(p, value=0.2), share))).open
    weak = replace(tail, value=0.54)
    assert judge(replace(OPEN, evidence=(weak, p, share))).open
    assert not judge(replace(OPEN, evidence=(weak, p, replace(share, low=0.02)))).open
    assert judge(replace(OPEN, evidence=(replace(tail, value=0.62), p, share), audience="internal")).open


def test_looking_at_images_in_two_spaces_is_paid_for() -> None:
    tail, p, share = (replace(e, name=e.name.replace("rows", "image")) for e in LEAK)
    other = replace(tail, name="privacy.image.radiomics.tail_share", value=0.5)
    p = replace(p, value=0.02)
    assert not judge(replace(OPEN, evidence=(tail, p, share))).open
    assert judge(replace(OPEN, evidence=(tail, p, share, other))).open


def test_an_evaluation_from_before_the_p_of_copies_is_judged_by_its_interval() -> None:
    tail, _, share = LEAK
    assert not judge(replace(OPEN, evidence=(tail, share))).open
    assert judge(replace(OPEN, evidence=(replace(tail, low=0.43), share))).open


@pytest.mark.parametrize("code", ["identical_images", "imported_cohort", "unknown_training"])
def test_no_vote_makes_public_what_must_never_be(code: str) -> None:
    votes = tuple(Vote(admin, "It is fine.", OPEN.subject_digest, "public") for admin in ("one", "two"))
    assert not judge(replace(OPEN, audience="public", votes=votes, **CASES[code])).open


def test_no_vote_lets_real_records_pass_for_any_audience() -> None:
    real = (value("privacy.image.store_identical", 1.0, 0.9, 0.0),)
    for audience in AUDIENCES:
        votes = tuple(Vote(admin, "It is fine.", OPEN.subject_digest, audience) for admin in ("one", "two"))
        assert not judge(replace(OPEN, audience=audience, votes=votes, evidence=real, imported=True)).open


def test_text_on_images_closes_it_where_one_image_names_somebody_or_more_have_text_than_real_ones() -> None:
    text = value("privacy.image.burned_in_text", 0.05, 0.028, 0.01, 200)
    forms = value("privacy.image.identifying_text", 0.0, 0.0, 0.0, 200)
    assert judge(replace(OPEN, evidence=(text, forms))).open  # real ones may have 3.6 %
    assert codes(replace(OPEN, evidence=(replace(text, control=0.0), forms))) == {"text_on_images"}
    one = replace(forms, value=1 / 200)
    recipient = replace(OPEN, evidence=(text, one), audience="recipient", band="low")
    assert "1 of 200" in judge(recipient).reasons[0].why
    assert judge(replace(recipient, audience="internal")).open
    assert judge(replace(OPEN, evidence=(replace(text, value=None, low=None, control=None, n=0),))).open  # exempt


def test_membership_needs_an_effect_and_a_silent_placebo() -> None:
    auc = value("privacy.rows.membership_auc", 0.60, 0.57, 0.5)
    p = value("privacy.rows.membership_p", 0.002, 0.002, 0.4)
    assert judge(replace(OPEN, evidence=(replace(auc, value=0.54, low=0.51), p))).open
    assert judge(replace(OPEN, evidence=(auc, replace(p, value=0.02)))).open
    assert judge(replace(OPEN, evidence=(auc, replace(p, control=0.01)))).open
    assert judge(replace(OPEN, evidence=(replace(auc, value=0.62, low=0.59), p), audience="internal")).open
    assert not judge(replace(OPEN, evidence=(replace(auc, value=0.64, low=0.61), p), audience="internal")).open


def test_unmeasured_evidence_never_crashes_it() -> None:
    names = ("image.identical", "rows.tail_share", "rows.close_match", "rows.membership_auc", "rows.membership_p")
    empty = tuple(Evidence(f"privacy.{n}", None, None, None, None, 0, "lower", "", "", "") for n in names)
    assert judge(replace(OPEN, evidence=empty)).open


def test_a_development_store_exports_internally_and_the_export_says_so() -> None:
    verdict = judge(replace(OPEN, audience="internal", development=True))
    assert verdict.open
    assert verdict.marks == ("DEVELOPMENT",)


def test_a_bundle_of_real_data_needs_an_assessment_but_no_evaluation() -> None:
    signed = Signed(APPROVED, "c" * 64, None, "recipient")
    bundle = GateInputs("dataset", "c" * 64, "recipient", NOW, assessment=signed)
    assert judge(bundle).open
    assert codes(replace(bundle, assessment=None)) == {"pia_missing"}
    (closed,) = judge(replace(bundle, development=True)).reasons
    assert "--dev" in closed.what_to_do and "audience" not in closed.what_to_do, "a bundle has none to choose"


def test_an_assessment_for_a_wider_audience_covers_a_narrower_one() -> None:
    assert judge(replace(OPEN, audience="internal")).open


def votes(*people: str, audience: str = "public", digest: str = "c" * 64) -> tuple[Vote, ...]:
    return tuple(Vote(person, "urgent need", digest, audience) for person in people)


def test_two_admins_open_it_and_mark_the_release() -> None:
    closed = replace(OPEN, band="high")
    verdict = judge(replace(closed, votes=votes(ADMIN.user_id, SECOND.user_id)))
    assert verdict.open
    assert verdict.overridden
    assert verdict.marks == ("OVERRIDDEN",)
    assert [reason.code for reason in verdict.reasons] == ["band_not_allowed"]


@pytest.mark.parametrize(
    "given",
    [
        votes(ADMIN.user_id),
        votes(ADMIN.user_id, ADMIN.user_id),
        votes(ADMIN.user_id, ALICE.user_id),
        votes(ADMIN.user_id, SECOND.user_id, audience="internal"),
        votes(ADMIN.user_id, SECOND.user_id, digest="b" * 64),
        (*votes(ADMIN.user_id), Vote(SECOND.user_id, "  ", "c" * 64, "public")),
    ],
    ids=["one", "the same twice", "the author", "another audience", "another digest", "no reason"],
)
def test_votes_that_do_not_count(given: tuple[Vote, ...]) -> None:
    closed = replace(OPEN, band="high", votes=given)
    assert len(overriding(closed)) < 2
    assert not judge(closed).open


@pytest.mark.parametrize("change", [{"simulated": True}, {"development": True}])
def test_nothing_simulated_and_no_development_store_is_ever_overridden(change: dict[str, bool]) -> None:
    assert not judge(replace(OPEN, votes=votes(ADMIN.user_id, SECOND.user_id), **change)).open


def test_an_auditors_opinion_does_not_approve() -> None:
    opinion = act(SUBMITTED, "concur", AUDITOR, NOW)
    assert codes(replace(OPEN, assessment=replace(SIGNED, standing=opinion))) == {"pia_not_approved"}


def test_a_generator_is_judged_by_its_own_scenario() -> None:
    assert (scenario_for("generator"), scenario_for("cohort")) == ("generator", "data")


def test_an_unknown_audience_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="audience"):
        judge(replace(OPEN, audience="everybody"))
