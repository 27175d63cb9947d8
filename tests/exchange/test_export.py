"""An export is whole or absent, loads elsewhere, says what it is, and carries nothing that it must not."""

import csv
import json
import re
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pydicom
import pytest
from PIL import Image, PngImagePlugin

from medsynth_engine.exchange import sums
from medsynth_engine.exchange.card import card
from medsynth_engine.exchange.export import FORMATS, export
from medsynth_engine.exchange.release import Release
from medsynth_engine.governance.rounded import rounded
from medsynth_engine.kernel.errors import BadInput, Busy, Interrupted, NoRoom, WrongUsage

SECRET = "JANE_DOE_MRN_0012345"
RELEASE = Release(
    "c1",
    "internal",
    datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    "c" * 64,
    "e" * 64,
    "a" * 64,
    assessment="pia123",
    release="rel123",
    marks=("DEVELOPMENT",),
)
EVALUATION: dict[str, Any] = {
    "evidence": [
        {
            "name": "fidelity.fd_ratio",
            "value": 1.23456,
            "low": 0.98765,
            "high": 1.5,
            "control": 1.0,
            "n": 500,
            "direction": "one",
            "adversary": "",
            "reads_as": "1.2 times as far; 43.219% of them | so",
            "method": "FD",
        },
        {
            "name": "privacy.k_anonymity",
            "value": 2.0,
            "low": None,
            "high": None,
            "control": None,
            "n": 34,
            "direction": "higher",
            "adversary": "x",
            "reads_as": "Every real patient shares sex with at least 1 others",
            "method": "",
        },
    ],
    "gauge": {"data": {"reading": 0.0432, "band": "grey", "driver": None, "note": "too few"}},
    "bias": [
        {
            "attribute": "sex",
            "reference": "the training data",
            "rows": [
                {
                    "value": "F",
                    "synthetic": 0.5,
                    "training": 0.4123,
                    "reference": 0.4,
                    "ratio": 1.21,
                    "low": 1.0,
                    "high": 1.4,
                    "flag": "red",
                }
            ],
        }
    ],
    "heatmap": [],
    "identifying": [],
    "sizes": {"training": {"records": 1249, "patients": 34, "images": 0}, "holdout": {"records": 617, "patients": 9}},
}


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """A cohort folder whose file names, patients, cells and PNG chunks hold what must not leave."""
    folder = tmp_path / "cohort"
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    names = [f"images/{SECRET}_{i}.png" for i in range(6)]
    chunk = PngImagePlugin.PngInfo()
    chunk.add_text("Comment", SECRET)
    for name in names:
        Image.fromarray(rng.integers(0, 255, (16, 16), dtype=np.uint8)).save(folder / name, pnginfo=chunk)
    table = pd.DataFrame(
        {
            "file_name": names,
            "patient": [f"{SECRET}_{i // 2}" for i in range(6)],
            "age": [41, 90, 7, None, 55, 60],
            "sex": ["F", "M", "F", None, "M", "F"],
            "finding": ["=HYPERLINK(1)", "pneumonia|effusion", "normal\x1b[31m", None, "-2+3", "@x"],
            "score": [-1.5, 2.0, 3.0, None, 0.1, 7.0],
        }
    )
    table.to_parquet(folder / "metadata.parquet", index=False)
    return folder


def test_the_folder_is_an_imagefolder_and_opens_in_pandas(cohort: Path, tmp_path: Path) -> None:
    result = export(cohort, tmp_path / "out", "folder", RELEASE, EVALUATION)
    out = Path(result["path"])
    table = pd.read_csv(out / "metadata.csv")
    assert table.columns[0] == "file_name"
    assert sorted(table["file_name"]) == sorted(p.relative_to(out).as_posix() for p in out.glob("images/*.png"))
    # The imagefolder loader refuses a second file called metadata.*
    assert [p.name for p in out.glob("metadata.*")] == ["metadata.csv"]
    typed = pd.read_parquet(out / "records.parquet")
    assert len(typed) == len(table) == 6
    assert result["files"] == sum(path.is_file() for path in out.rglob("*"))


def test_pixels_are_the_same_and_nothing_else_is_in_the_files(cohort: Path, tmp_path: Path) -> None:
    out = Path(export(cohort, tmp_path / "out", "folder", RELEASE, EVALUATION)["path"])
    before = sorted((cohort / "images").iterdir())
    for old, new in zip(before, sorted((out / "images").iterdir()), strict=True):
        with Image.open(old) as a, Image.open(new) as b:
            assert np.array_equal(np.asarray(a), np.asarray(b))
            assert b.info == {}


@pytest.mark.parametrize("kind", FORMATS)
def test_no_name_of_a_file_or_patient_and_no_path_leaves(cohort: Path, tmp_path: Path, kind: str) -> None:
    out = Path(export(cohort, tmp_path / "out", kind, RELEASE, EVALUATION)["path"])
    files = [out] if out.is_file() else [path for path in out.rglob("*") if path.is_file()]
    for file in files:
        content = file.read_bytes()
        assert SECRET.encode() not in content
        assert str(tmp_path).encode() not in content
        assert SECRET not in file.name


def test_cells_are_inert_for_spreadsheets_and_terminals(cohort: Path, tmp_path: Path) -> None:
    out = Path(export(cohort, tmp_path / "out", "folder", RELEASE, EVALUATION)["path"])
    with (out / "metadata.csv").open(newline="") as stream:
        cells = [row["finding"] for row in csv.DictReader(stream)]
    assert cells == ["'=HYPERLINK(1)", "pneumonia|effusion", "normal[31m", "", "'-2+3", "'@x"]
    assert pd.read_csv(out / "metadata.csv")["score"].iloc[0] == -1.5


def test_sums_hold_and_find_every_change(cohort: Path, tmp_path: Path) -> None:
    out = Path(export(cohort, tmp_path / "out", "folder", RELEASE, EVALUATION)["path"])
    assert sums.wrong(out) == []
    assert subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out).returncode == 0
    (out / "CARD.md").write_text("changed")
    (out / "extra").write_text("")
    (out / "images" / "0000001.png").unlink()
    assert sums.wrong(out) == ["CARD.md", "extra", "images/0000001.png"]


def test_real_statistics_leave_rounded_and_small_counts_hidden(cohort: Path, tmp_path: Path) -> None:
    out = Path(export(cohort, tmp_path / "out", "folder", RELEASE, EVALUATION)["path"])
    evidence = json.loads((out / "evidence.json").read_text())
    ratio, k = evidence["evidence"]
    assert (ratio["value"], ratio["low"]) == (1.23, 0.99)
    assert "43% of them" in ratio["reads_as"]
    assert k["value"] is None
    assert "fewer than 11" in k["reads_as"]
    assert evidence["sizes"]["training"]["patients"] == 30
    assert evidence["sizes"]["holdout"]["patients"] == "<11"
    assert evidence["bias"][0]["rows"][0]["training"] == 0.41
    assert evidence["release"]["cohort_digest"] == "c" * 64
    assert EVALUATION["evidence"][0]["value"] == 1.23456, "the evaluation itself is not changed"


def test_the_card_says_what_it_is_and_what_not_to_do(cohort: Path, tmp_path: Path) -> None:
    out = Path(export(cohort, tmp_path / "out", "folder", RELEASE, EVALUATION)["path"])
    told = (out / "CARD.md").read_text()
    for part in (
        "DEVELOPMENT",
        "Do not compute p-values",
        "fidelity.fd_ratio",
        "not enough evidence",
        "c" * 64,
        "pia123",
    ):
        assert part in told
    assert "43% of them \\| so" in told


def test_the_card_says_in_words_what_drives_the_needle_and_puts_age_bands_in_the_order_of_age() -> None:
    bands = ["65-79", *["40-64"] * 3, None, "0-17", "80+"]
    row = {"ratio": 1.0, "low": 0.9, "high": 1.1}
    tables = [{"attribute": "age_band", "reference": "as asked", "rows": [{**row, "value": b} for b in bands[:2]]}]
    needle = {"band": "guarded", "driver": "privacy.image.reidentification", "note": "By privacy.rows.copies."}
    told = card(pd.DataFrame({"age_band": bands}), None, RELEASE, {"gauge": {"data": needle}, "bias": tables})
    assert "| data | guarded | Patients found again (images) | By “Identical training rows”. |" in told
    first_cells = [line.split(" | ")[0] for line in told.splitlines()]
    assert [cell for cell in first_cells if cell[2:] in ("0-17", "40-64", "65-79", "80+", "unknown")] == [
        f"| {band}" for band in ("0-17", "40-64", "65-79", "80+", "unknown")
    ]
    assert first_cells.index("| age_band=40-64") < first_cells.index("| age_band=65-79")


def test_croissant_names_files_digests_and_columns(cohort: Path, tmp_path: Path) -> None:
    out = Path(export(cohort, tmp_path / "out", "folder", RELEASE, EVALUATION)["path"])
    document = json.loads((out / "croissant.json").read_text())
    assert document["@type"] == "sc:Dataset"
    assert "http://mlcommons.org/croissant/1.1" in document["conformsTo"]
    for needed in ("name", "description", "license", "url", "creator", "datePublished"):
        assert document[needed]
    ids = {part["@id"] for part in document["distribution"]}
    assert ids == {"metadata.csv", "records.parquet", "images"}
    listed = dict(line.split("  ")[::-1] for line in (out / "SHA256SUMS").read_text().splitlines())
    assert document["distribution"][0]["sha256"] == listed["metadata.csv"]
    columns = [field["name"] for field in document["recordSet"][0]["field"]]
    assert columns == ["file_name", "patient", "age", "sex", "finding", "score", "image"]
    assert "F (sex)" in document["rai:dataBiases"][0]


def test_equal_cohorts_give_equal_zips(cohort: Path, tmp_path: Path) -> None:
    first = export(cohort, tmp_path / "a", "zip", RELEASE, EVALUATION)
    second = export(cohort, tmp_path / "b", "zip", RELEASE, EVALUATION)
    assert first["digest"] == second["digest"]
    with zipfile.ZipFile(first["path"]) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "unpacked")
    assert sums.wrong(tmp_path / "unpacked") == []


def test_dicom_files_are_valid_and_marked_synthetic(cohort: Path, tmp_path: Path) -> None:
    out = Path(export(cohort, tmp_path / "out", "dicom", RELEASE, EVALUATION)["path"])
    table = pd.read_csv(out / "metadata.csv")
    files = [pydicom.dcmread(out / name) for name in table["file_name"]]
    one = files[1]
    assert one.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7"
    assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
    assert (one.SyntheticData, one.PatientIdentityRemoved, one.ConversionType) == ("YES", "YES", "SYN")
    assert one.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert (one.LongitudinalTemporalInformationModified, one.BurnedInAnnotation) == ("REMOVED", "NO")
    assert (one.PatientAge, one.PatientSex) == ("090Y", "M")
    assert "PatientAge" not in files[3]
    assert one.ImageComments.startswith("DEVELOPMENT SYNTHETIC")
    assert len({file.SOPInstanceUID for file in files}) == 6
    assert len({file.StudyInstanceUID for file in files}) == 3, "one study a synthetic patient"
    with Image.open(sorted((cohort / "images").iterdir())[1]) as image:
        assert np.array_equal(one.pixel_array, np.asarray(image))
    again = Path(export(cohort, tmp_path / "again", "dicom", RELEASE, EVALUATION)["path"])
    assert (again / "images/0000002.dcm").read_bytes() == (out / "images/0000002.dcm").read_bytes()


def test_colour_and_sixteen_bits_survive_dicom(cohort: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    colour, deep = rng.integers(0, 255, (15, 17, 3), dtype=np.uint8), rng.integers(0, 65535, (120, 97), dtype=np.uint16)
    names = sorted(path.name for path in (cohort / "images").iterdir())
    Image.fromarray(colour).save(cohort / "images" / names[0])
    Image.fromarray(deep).save(cohort / "images" / names[1])
    out = Path(export(cohort, tmp_path / "out", "dicom", RELEASE, EVALUATION)["path"])
    first, second = (pydicom.dcmread(out / f"images/000000{i}.dcm") for i in (1, 2))
    assert np.array_equal(first.pixel_array, colour)
    assert np.array_equal(second.pixel_array, deep)
    assert "BurnedInAnnotation" not in second, "a large image is not said to be free of text unchecked"


def test_the_hub_format_has_a_readable_header(cohort: Path, tmp_path: Path) -> None:
    out = Path(export(cohort, tmp_path / "out", "hf", RELEASE, EVALUATION)["path"])
    header = re.match(r"---\n(.*?)\n---\n", (out / "README.md").read_text(), re.DOTALL)
    assert header is not None
    assert 'pretty_name: "[DEVELOPMENT] Synthetic cohort c1"' in header[1]


def test_rows_alone_leave_without_images_but_not_as_dicom(cohort: Path, tmp_path: Path) -> None:
    table = pd.read_parquet(cohort / "metadata.parquet").drop(columns=["file_name"])
    table.to_parquet(cohort / "metadata.parquet", index=False)
    out = Path(export(cohort, tmp_path / "out", "folder", RELEASE, EVALUATION)["path"])
    assert not (out / "images").exists()
    assert "file_name" not in pd.read_csv(out / "metadata.csv")
    with pytest.raises(WrongUsage):
        export(cohort, tmp_path / "other", "dicom", RELEASE, EVALUATION)


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_cancelled_export_leaves_nothing(cohort: Path, tmp_path: Path, kind: str) -> None:
    with pytest.raises(Interrupted):
        export(cohort, tmp_path / "out", kind, RELEASE, EVALUATION, wanted=lambda: False)
    assert [path.name for path in tmp_path.iterdir()] == ["cohort"]


@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_that_would_not_fit_is_not_begun(
    cohort: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(tmp_path.iterdir())
    needed = 2 * sum(path.stat().st_size for path in cohort.rglob("*") if path.is_file())
    usage = type("Usage", (), {"free": needed - 1})
    monkeypatch.setattr("medsynth_engine.kernel.disk.shutil.disk_usage", lambda _: usage)
    with pytest.raises(NoRoom, match="nothing was exported"):
        export(cohort, tmp_path / "out", kind, RELEASE, EVALUATION)
    assert sorted(tmp_path.iterdir()) == before
    usage.free = needed
    assert Path(export(cohort, tmp_path / "out", kind, RELEASE, EVALUATION)["path"]).exists()


def test_a_broken_or_outside_image_stops_it_and_leaves_nothing(cohort: Path, tmp_path: Path) -> None:
    table = pd.read_parquet(cohort / "metadata.parquet")
    for wrong in ("images/missing.png", "../../etc/passwd"):
        table.loc[0, "file_name"] = wrong
        table.to_parquet(cohort / "metadata.parquet", index=False)
        with pytest.raises(BadInput):
            export(cohort, tmp_path / "out", "folder", RELEASE, EVALUATION)
    assert [path.name for path in tmp_path.iterdir()] == ["cohort"]


def test_nothing_is_overwritten_and_formats_are_known(cohort: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(Busy):
        export(cohort, tmp_path / "out", "folder", RELEASE, EVALUATION)
    with pytest.raises(WrongUsage):
        export(cohort, tmp_path / "new", "pdf", RELEASE, EVALUATION)


def test_an_empty_evaluation_can_leave() -> None:
    assert rounded({})["evidence"] == []
