"""The same picture twice is found however it is coded; patients never cross folds; folds never move."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_pieces import KEY, photograph
from PIL import Image

from medsynth_engine.intake import folds
from medsynth_engine.intake.assemble import people_of, place
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.duplicates import Groups, is_blank, link_duplicates, perceptual_hash, thumbnail
from medsynth_engine.intake.pseudonym import keyed, patient_of, uniform_of
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.store_key import load_key


def test_copies_are_found_however_they_are_coded(tmp_path: Path, take: Callable) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number in range(30):
        Image.fromarray(photograph(number, (96, 128))).save(source / f"{number}.png")
    first = Image.fromarray(photograph(0, (96, 128)))
    (source / "copy.png").write_bytes((source / "0.png").read_bytes())
    first.save(source / "as.jpg", quality=80)
    first.resize((64, 48)).save(source / "small.png")
    document, folder = take(source)
    assert document["accepted"] == 33
    assert document["duplicates"] == 3
    assert Dataset(folder).records()["group"].nunique() == 30


def test_blank_pictures_never_link(tmp_path: Path, take: Callable) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number in range(6):
        blank = np.zeros((64, 64), np.uint8)
        blank[number, number] = 40
        Image.fromarray(blank).save(source / f"{number}.png")
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(source / "a.png")
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(source / "b.png")
    document, folder = take(source)
    records = Dataset(folder).records()
    assert document["duplicates"] == 0
    assert records["blank"].all()
    assert records["group"].nunique() == 8


def test_links_are_those_of_the_plain_definition() -> None:
    """Against a double loop over all pairs."""
    rng = np.random.default_rng(1)
    pictures = [photograph(n % 40, (40, 40), colour=False) for n in range(90)]
    pictures = [np.clip(p + rng.normal(0, n % 7, p.shape), 0, 255).astype(np.uint8) for n, p in enumerate(pictures)]
    small = np.stack([thumbnail(picture).ravel() for picture in pictures])
    hashes = np.array([perceptual_hash(row.reshape(32, 32)) for row in small], np.uint64)
    blank = np.array([is_blank(row) for row in small])
    names = np.array([str(n) for n in range(90)], dtype=object)
    found = link_duplicates(names, hashes, blank, lambda which: small[which]).labels()
    expected = Groups(90)
    for one in range(90):
        for other in range(one):
            close = bin(int(hashes[one]) ^ int(hashes[other])).count("1") <= 4
            if close and np.corrcoef(small[one], small[other])[0, 1] >= 0.98:
                expected.join(one, other)
    assert np.array_equal(found, expected.labels())
    assert len(set(found)) < 90


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_groups_are_the_connected_components(edges: list[tuple[int, int]]) -> None:
    groups = Groups(31)
    neighbours = {n: {n} for n in range(31)}
    for one, other in edges:
        groups.join(one, other)
        union = neighbours[one] | neighbours[other]
        for member in union:
            neighbours[member] = union
    labels = groups.labels()
    assert [int(label) for label in labels] == [min(neighbours[n]) for n in range(31)]


def placed(patients: list[str], findings: list[str], alike: Groups | None = None):
    count = len(patients)
    empty = [""] * count
    people = people_of(KEY, [f"r{n}" for n in range(count)], patients, empty, empty, empty, empty)
    return place(KEY, people, pd.Series(findings, dtype="str"), alike or Groups(count))


@given(st.lists(st.integers(0, 60), min_size=1, max_size=80), st.randoms())
@settings(max_examples=15, deadline=None)
def test_no_patient_crosses_folds_and_order_does_not_matter(numbers: list[int], random) -> None:
    patients = [f"P{number}" for number in numbers]
    findings = [str(number % 3) for number in numbers]
    made = placed(patients, findings)
    by_patient = pd.Series(made.fold).groupby(pd.Series(patients))
    assert (by_patient.nunique() == 1).all()
    order = list(range(len(patients)))
    random.shuffle(order)
    again = placed([patients[n] for n in order], [findings[n] for n in order])
    assert dict(zip((patients[n] for n in order), again.fold, strict=True)) == dict(
        zip(patients, made.fold, strict=True)
    )


def test_folds_do_not_move_when_patients_come_or_go() -> None:
    made = placed([f"P{number}" for number in range(500)], [""] * 500)
    for number, fold in enumerate(made.fold):
        alone = np.array([uniform_of(KEY, patient_of(KEY, f"P{number}"))], dtype=np.uint64)
        assert folds.FOLDS[folds.draw(alone, made.salt)[0]] == fold


def test_shares_are_kept_in_every_finding_even_for_few_patients() -> None:
    rng = np.random.default_rng(0)
    for count, slack in ((60, 0.12), (400, 0.06), (5000, 0.03)):
        findings = rng.choice(["a", "b", "c"], count, p=[0.6, 0.3, 0.1]).tolist()
        made = placed([f"P{number}" for number in range(count)], findings)
        fold = pd.Series(made.fold)
        assert abs((fold == "holdout").mean() - 0.3) < slack / 2
        assert abs((fold == "validation").mean() - 0.1) < slack / 2
        for finding in ("a", "b"):
            assert abs((fold[pd.Series(findings) == finding] == "holdout").mean() - 0.3) < slack


def test_a_duplicate_keeps_two_patients_in_one_fold() -> None:
    alike = Groups(200)
    for number in range(0, 200, 4):
        alike.join(number, number + 2)
    made = placed([f"P{number}" for number in range(200)], [""] * 200, alike)
    for number in range(0, 200, 4):
        assert made.fold[number] == made.fold[number + 2]
        assert made.group[number] == made.group[number + 2]
    assert made.duplicate.sum() == 50


def test_the_mixing_of_salts_is_even() -> None:
    uniforms = np.array([int(keyed(KEY, "fold", str(n))[:16], 16) for n in range(20_000)], dtype=np.uint64)
    for salt in (0, 7, 511):
        shares = np.bincount(folds.draw(uniforms, salt), minlength=3) / 20_000
        assert shares == pytest.approx([0.6, 0.1, 0.3], abs=0.015)
    assert not np.array_equal(folds.draw(uniforms, 0), folds.draw(uniforms, 1))


def test_pseudonyms_are_keyed_stable_and_apart_by_purpose(tmp_path: Path) -> None:
    key = load_key(tmp_path / "key")
    assert load_key(tmp_path / "key") == key
    assert len(key) == 32
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert patient_of(key, "12345678") == patient_of(key, " 12345678.0 ")
    assert patient_of(key, "12345678") != patient_of(KEY, "12345678")
    assert keyed(key, "a", "x") != keyed(key, "b", "x")
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(BadInput):
        load_key(tmp_path / "key")
    (tmp_path / "short").write_bytes(b"123")
    (tmp_path / "short").chmod(0o600)
    with pytest.raises(BadInput):
        load_key(tmp_path / "short")
