"""Attribute inference: is a secret guessed better for those who took part than for those who did not?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from medsynth_engine.evidence.boosting import boosted
from medsynth_engine.evidence.distances import near
from medsynth_engine.evidence.embedding import Embedding, design
from medsynth_engine.evidence.intervals import Interval, difference, normal_quantile, wilson
from medsynth_engine.evidence.resampling import rate
from medsynth_engine.evidence.tables import Column, numbers, patients, words
from medsynth_engine.evidence.victims import FEWEST, QUASI_ROLES, Victims
from medsynth_engine.kernel.evidence import Evidence, not_enough

SECRET_BINS = 10


def inference(victims: Victims, rng: np.random.Generator) -> Evidence:
    """Somebody knows a person's quasi-identifiers: how much better are secrets guessed for those who took part?

    The value is Yeom's attribute advantage (2018): success on training minus success on held-out records, of the worst
    secret and attacker, its interval widened for having looked at all of them (Bonferroni). Not R: where most people
    share a value, R divides by almost nobody.
    """
    name = "privacy.rows.inference"
    adversary = "Somebody who knows a person's age, sex and ethnicity and wants to learn the rest"
    method = (
        "Secrets: the finding, the most varied other category and number (in tenths); attackers: the nearest "
        "synthetic record, and gradient boosting on the synthetic data; advantage over held-out records (Yeom et al. "
        "2018), worst of all, Bonferroni-widened interval."
    )
    secrets = _secrets(victims)
    if not victims.enough or not secrets or len(victims.columns) < 3:
        return victims.short(name, adversary, method)
    attackers = ("nearest", "boosting")
    z = normal_quantile(len(secrets) * len(attackers))
    found: list[tuple[Interval, float, str]] = []
    for secret in secrets:
        known = tuple(column for column in victims.quasi if column.name != secret.name)
        truths = _answers(victims, secret)
        for attacker in attackers:
            guesses = _guess(attacker, victims, known, truths[2], rng)
            if guesses is None:
                continue
            rates = [
                _success(guess, truth, patients(table), z)
                for guess, truth, table in zip(guesses, truths[:2], (victims.training, victims.holdout), strict=True)
            ]
            if min(rates[0].n, rates[1].n) > 0:
                found.append((difference(rates[0], rates[1]), rates[1].value, secret.name))
    if not found:
        return not_enough(name, 0, "lower", "no secret has enough different values.", method, adversary)
    worst, control, column = max(found, key=lambda item: item[0].high)
    what = f"the column {column!r} is guessed right for {control + worst.value:.1%} of those who took part"
    return Evidence(
        name,
        worst.value,
        worst.low,
        worst.high,
        control,
        len(victims.training),
        "lower",
        adversary,
        f"In the worst case {what} and for {control:.1%} of those who did not; the difference is the risk of it.",
        method,
    )


def _secrets(victims: Victims) -> list[Column]:
    """The finding, then the category and the number of the highest entropy among the rest."""
    quasi = {column.name for column in victims.columns if column.role in QUASI_ROLES}
    rest = [column for column in victims.columns if column.name not in quasi]
    findings = [column for column in rest if column.role == "finding"][:1]
    chosen = list(findings)
    for number in (False, True):
        kind = [column for column in rest if (column.kind == "number") == number and column not in findings]
        ranked = sorted(kind, key=lambda column: -_entropy(_binned(victims.training, column, victims.training)))
        chosen += ranked[:1]
    return [column for column in chosen if _entropy(_binned(victims.training, column, victims.training)) > 0]


def _answers(victims: Victims, secret: Column) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    first, second, third = (
        _binned(table, secret, victims.training) for table in (victims.training, victims.holdout, victims.synthetic)
    )
    return first, second, third


def _binned(table: pd.DataFrame, column: Column, reference: pd.DataFrame) -> np.ndarray:
    """A column as text; a number as the tenth of the reference that it falls into. None where missing."""
    if column.kind != "number":
        return words(table[column.name])
    known = numbers(reference[column.name])
    known = known[np.isfinite(known)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, SECRET_BINS + 1)[1:-1])) if len(known) else np.empty(0)
    values = numbers(table[column.name])
    out = np.searchsorted(edges, np.where(np.isfinite(values), values, 0), side="right").astype(str).astype(object)
    out[~np.isfinite(values)] = None
    return out


def _entropy(values: np.ndarray) -> float:
    known = [value for value in values if value is not None]
    if not known:
        return 0.0
    share = np.unique(np.array(known, dtype=str), return_counts=True)[1] / len(known)
    return float(-(share * np.log(share)).sum())


def _guess(
    attacker: str, victims: Victims, known: tuple[Column, ...], secrets: np.ndarray, rng: np.random.Generator
) -> list[np.ndarray] | None:
    """What the attacker says about each training and held-out record; None where the synthetic data is too poor."""
    usable = np.array([secret is not None for secret in secrets])
    if usable.sum() < FEWEST or not known:
        return None
    synthetic, answers = victims.synthetic[usable], secrets[usable].astype(str)
    tables = (victims.training, victims.holdout)
    if attacker == "nearest":
        space = Embedding.of(victims.training, known)
        order = rng.permutation(len(synthetic))
        points = space(synthetic)[order]
        return [answers[order][near(space(table), points)[1]] for table in tables]
    if len(np.unique(answers)) < 2:
        return [np.full(len(table), answers[0]) for table in tables]
    asked = np.concatenate([design(table, known, victims.training) for table in tables])
    seed = int(rng.integers(2**31))
    classes, chances = boosted(design(synthetic, known, victims.training), answers, asked, seed)
    guesses = np.asarray(classes)[chances.argmax(axis=1)]
    return [guesses[: len(victims.training)], guesses[len(victims.training) :]]


def _success(guess: np.ndarray, truth: np.ndarray, owners: np.ndarray, z: float) -> Interval:
    asked = np.array([value is not None for value in truth], dtype=bool)
    if not asked.any():
        return wilson(0, 0)
    return rate(guess[asked].astype(str) == truth[asked].astype(str), owners[asked], z)
