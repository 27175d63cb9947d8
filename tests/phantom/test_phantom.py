"""The phantom hospital: a known bias, anatomy that follows from the patient, names everywhere."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from medsynth_engine.kernel.errors import BadInput, Busy
from medsynth_engine.phantom import anatomy, people, write
from medsynth_engine.rows.bands import age_band


@pytest.fixture(scope="module")
def cohort() -> tuple[pd.DataFrame, np.ndarray]:
    patients = people.invent(1200, np.random.default_rng(0))
    images = anatomy.draw(patients, 32, np.random.default_rng(1)).reshape(1200, -1) / 255
    return patients, images


def auc(images: np.ndarray, answer: pd.Series) -> float:
    """How well a linear reader, trained on one half, reads `answer` from the other half."""
    reader = make_pipeline(PCA(60, random_state=0), StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    reader.fit(images[:600], answer[:600])
    return float(roc_auc_score(answer[600:], reader.predict_proba(images[600:])[:, 1]))


def test_the_bias_is_the_one_that_is_documented():
    patients = people.invent(2000, np.random.default_rng(3))
    assert (patients["sex"] == "M").mean() == pytest.approx(0.70, abs=0.01)
    bands = age_band(patients["age"]).value_counts(normalize=True)
    assert bands["0-17"] == pytest.approx(0.09, abs=0.01) and bands["80+"] == pytest.approx(0.16, abs=0.01)
    assert (patients["ethnicity"] == "Black").mean() == pytest.approx(0.15, abs=0.01)
    effusion = (patients["finding"] == "effusion").groupby(patients["sex"]).mean()
    assert effusion["M"] > 1.8 * effusion["F"]


def test_every_cell_of_sex_and_age_band_is_large_enough_to_balance():
    patients = people.invent(2000, np.random.default_rng(0))
    cells = patients.groupby(["sex", age_band(patients["age"])]).size()
    assert len(cells) == 10 and (cells * 0.6).min() > 30  # the training fold has sixty in a hundred


def test_sex_can_be_read_from_images_of_adults(cohort):
    patients, images = cohort
    adult = (patients["age"] >= 18).to_numpy()
    half = int(adult[:600].sum())
    reader = make_pipeline(PCA(60, random_state=0), StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    answer = (patients["sex"] == "F")[adult].to_numpy()
    reader.fit(images[adult][:half], answer[:half])
    assert roc_auc_score(answer[half:], reader.predict_proba(images[adult][half:])[:, 1]) > 0.95


@pytest.mark.parametrize(("finding", "least"), [("effusion", 0.97), ("healthy", 0.85)])
def test_findings_can_be_read_at_32_pixels(cohort, finding, least):
    patients, images = cohort
    assert auc(images, patients["finding"] == finding) > least


def test_a_nodule_is_a_bright_blob_at_32_pixels():
    patients = people.invent(200, np.random.default_rng(0))
    pair = [
        anatomy.draw(patients.assign(finding=finding), 32, np.random.default_rng(5)).astype(int)
        for finding in ("healthy", "nodule")
    ]
    difference = pair[1] - pair[0]
    bright = (difference > 20).sum(axis=(1, 2))
    assert np.median(bright) >= 5 and np.quantile(difference.max(axis=(1, 2)), 0.1) > 30


def test_age_can_be_read(cohort):
    patients, images = cohort
    reader = make_pipeline(PCA(60, random_state=0), StandardScaler(), Ridge(1.0))
    reader.fit(images[:600], patients["age"][:600])
    assert np.corrcoef(reader.predict(images[600:]), patients["age"][600:])[0, 1] > 0.7


def test_ethnicity_leaves_no_trace(cohort):
    patients, images = cohort
    assert 0.4 < auc(images, patients["ethnicity"] == "Black") < 0.6


def test_files_and_table_name_people_as_a_hospital_would(tmp_path):
    told = []
    folder = write(tmp_path / "hospital", n=60, size=32, progress=lambda *line: told.append(line))
    table = pd.read_csv(folder / "metadata.csv")
    assert list(table) == [
        "filename", "patient_name", "mrn", "birth_date", "age", "sex", "ethnicity", "finding", "systolic_bp",
        "smoker", "note",
    ]  # fmt: skip
    assert len(table) == 60 == len(list((folder / "images").iterdir())) and told[-1][:2] == (60, 60)
    row = table.iloc[7]
    family = row["patient_name"].split(", ")[0]
    assert family in row["filename"] and str(row["mrn"]) in row["filename"] and family in row["note"]
    with Image.open(folder / "images" / row["filename"]) as picture:
        assert picture.size == (32, 32) and picture.mode == "L"
        assert picture.text["PatientName"] == row["patient_name"]
    assert not list(tmp_path.glob(".*"))


def test_a_few_values_are_missing(tmp_path):
    table = pd.read_csv(write(tmp_path / "hospital", n=800, size=16) / "metadata.csv")
    missing = table.isna().mean()
    assert missing["systolic_bp"] > 0.01 and missing.max() < 0.1
    assert not table[["filename", "mrn", "finding"]].isna().any().any()


def test_birth_date_and_age_agree(tmp_path):
    patients = people.invent(300, np.random.default_rng(0))
    seen = pd.to_datetime(patients["note"].str.extract(r"seen on (\S+) by")[0])
    years = (seen - pd.to_datetime(patients["birth_date"])).dt.days / 365.25
    assert (np.floor(years) == patients["age"]).all()


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    digests = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        folder = write(tmp_path / name, n=40, seed=seed, size=16)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        digests.append(hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest())
    assert digests[0] == digests[1] != digests[2]


def test_it_writes_no_half_hospital_and_overwrites_nothing(tmp_path):
    with pytest.raises(BadInput):
        write(tmp_path / "none", n=0)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    with pytest.raises(Busy):
        write(tmp_path / "full", n=5)

    def stop(*line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "half", n=5, size=16, progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full"]


def test_it_runs_as_a_command(tmp_path):
    order = [sys.executable, "-m", "medsynth_engine.phantom", str(tmp_path / "p"), "--patients", "12", "--size", "16"]
    assert subprocess.run(order, check=False).returncode == 0
    assert len(list((tmp_path / "p" / "images").iterdir())) == 12
    assert subprocess.run(order, check=False, capture_output=True).returncode == Busy.exit_code
