"""The next version of a dataset: what was decided happened, all else stayed, and a kill leaves nothing half done."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from intake_pieces import KEY, always, quiet
from PIL import Image
from text_pieces import dataset, film, mixed

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.duplicates import perceptual_hash, thumbnail
from medsynth_engine.intake.revise.revise import revise
from medsynth_engine.intake.revise.revised_tables import Change
from medsynth_engine.intake.text.note import note
from medsynth_engine.intake.text.verdicts import Finding, count_unread, of_findings, read_verdicts
from medsynth_engine.kernel.errors import BadInput, Interrupted

BOX = (20, 30, 100, 24)
PROGRAM = """
import json, sys
from pathlib import Path
from medsynth_engine.intake.revise.revise import revise
from medsynth_engine.intake.revise.revised_tables import Change
folder, target, key = Path(sys.argv[1]), Path(sys.argv[2]), bytes.fromhex(sys.argv[3])
said = json.loads(sys.argv[4])
changes = {record: Change(said[record], ((20, 30, 100, 24),), "burned_in_text") for record in said}
revise(folder, target, changes, key, lambda *_: None, lambda: True)
"""
Revise = Callable[..., tuple[dict[str, Any], Dataset]]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset(tmp_path_factory.mktemp("films"), mixed())


@pytest.fixture
def revised(films: Path, tmp_path: Path) -> Revise:
    """Make a version; its document and folder."""

    def made(changes: dict[str, Change], of: Path = films, name: str = "v2") -> tuple[dict[str, Any], Dataset]:
        document = revise(of, tmp_path / name, changes, KEY, quiet, always)
        assert document == Dataset(tmp_path / name).summary()
        return document, Dataset(tmp_path / name)

    return made


def balanced(document: dict[str, Any], made: Dataset) -> None:
    """The counts of document, tables, folders and intake ledger say the same."""
    records, submissions = made.records(), made.submissions()
    assert document["accepted"] + document["quarantined"] + document["rejected"] == document["submitted"]
    assert submissions["outcome"].value_counts().to_dict() == {
        name: document[name] for name in ("accepted", "quarantined", "rejected") if document[name]
    }
    assert document["train"] + document["validation"] + document["holdout"] == len(records) == document["accepted"]
    assert {path.stem for path in (made.folder / "images").glob("*.png")} == set(records["record"])
    held = made.folder / "quarantine.parquet"
    there = set(pd.read_parquet(held)["record"]) if held.exists() else set()
    assert {path.stem for path in (made.folder / "quarantine").glob("*.png")} == there
    listed = json.loads((made.folder / "quarantine.json").read_text()) if there else []
    assert {one["record"] for one in listed} == there


def test_nothing_changed_is_the_same_dataset(films: Path, revised: Revise) -> None:
    document, made = revised({})
    before = Dataset(films)
    assert made.digest() == before.digest()
    assert made.records().dtypes.equals(before.records().dtypes)
    assert sorted(document["warnings"]) == sorted(before.summary()["warnings"])
    record = made.records()["record"][0]
    assert made.path(record).stat().st_ino == before.path(record).stat().st_ino  # a link, no copy
    assert (made.folder / "folds.json").read_bytes() == (films / "folds.json").read_bytes()
    balanced(document, made)


def test_a_masked_picture_keeps_its_fold_and_has_new_pixels(films: Path, revised: Revise) -> None:
    before = Dataset(films).records().set_index("record")
    record = before.index[before["height"] == 256][0]
    document, made = revised({record: Change("mask", (BOX,))})
    after = made.records().set_index("record")
    with Image.open(made.path(record)) as image:
        pixels = np.asarray(image)
    with Image.open(Dataset(films).path(record)) as image:
        original = np.asarray(image)
    assert (pixels != original).any() and (pixels[80:] == original[80:]).all()
    assert after.loc[record, "phash"] == perceptual_hash(thumbnail(pixels, 0))
    assert after.loc[record, "pixels"] != before.loc[record, "pixels"]
    same = ["patient", "group", "fold", "finding", "height", "width", "channels"]
    assert after[same].equals(before[same])
    assert after.drop(record).equals(before.drop(record))
    assert not Dataset(films).path(record).samefile(made.path(record))
    balanced(document, made)


def test_into_quarantine_and_out_again_is_the_same_dataset(films: Path, revised: Revise) -> None:
    first, second = Dataset(films).records()["record"][:2]
    held, made = revised({first: Change("quarantine", (BOX,), "burned_in_text", ("DOE JANE",))})
    balanced(held, made)
    assert held["reasons"] == {"burned_in_text": 1}
    assert held["look_at"][0]["code"] == "burned_in_text"
    assert any("burned in text" in line for line in held["warnings"])
    (entry,) = json.loads((made.folder / "quarantine.json").read_text())
    assert entry["boxes"] == [list(BOX)] and entry["read"] == ["DOE JANE"] and entry["width"] == 256
    assert stat.S_IMODE((made.folder / "quarantine.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((made.folder / "quarantine").stat().st_mode) == 0o700
    both, _ = revised({second: Change("quarantine", (), "text_check_failed")}, of=made.folder, name="v3")
    assert both["quarantined"] == 2
    back, again = revised({first: Change("accept")}, of=made.folder, name="v4")
    balanced(back, again)
    assert again.digest() == Dataset(films).digest()
    assert not (again.folder / "quarantine.json").exists()
    assert sorted(back["warnings"]) == sorted(Dataset(films).summary()["warnings"])


def test_a_rejected_picture_is_gone_and_the_ledger_says_so(films: Path, revised: Revise) -> None:
    records = Dataset(films).records()
    record = records["record"][0]
    _, made = revised({record: Change("quarantine", (BOX,), "burned_in_text")})
    document, after = revised({record: Change("reject", (), "rejected_by_reviewer")}, of=made.folder, name="v3")
    balanced(document, after)
    assert document["rejected"] == 1 and record not in set(after.records()["record"])
    line = after.submissions().set_index("record").loc[record]
    assert (line["outcome"], line["reason"]) == ("rejected", "rejected_by_reviewer")
    assert not list(after.folder.rglob(f"*{record}*"))


def test_all_pictures_in_quarantine_and_all_back(films: Path, revised: Revise) -> None:
    records = Dataset(films).records()["record"]
    document, made = revised({record: Change("quarantine", (), "burned_in_text") for record in records})
    balanced(document, made)
    assert document["accepted"] == 0 and made.schema()["image"] == Dataset(films).schema()["image"]
    back, again = revised({record: Change("accept") for record in records}, of=made.folder, name="v3")
    balanced(back, again)
    assert again.digest() == Dataset(films).digest()


def test_no_patient_is_split_when_a_picture_comes_back(films: Path, tmp_path: Path, revised: Revise) -> None:
    records = Dataset(films).records()
    patient = records["patient"].value_counts().index[0]
    record = records.loc[records["patient"] == patient, "record"].iloc[0]
    _, made = revised({record: Change("quarantine", (), "burned_in_text")})
    held = pd.read_parquet(made.folder / "quarantine.parquet")
    fold = str(held["fold"].iloc[0])
    held["fold"] = "validation" if fold != "validation" else "holdout"  # as if an append had drawn another fold
    held.to_parquet(made.folder / "quarantine.parquet")
    _, again = revised({record: Change("accept")}, of=made.folder, name="v3")
    mine = again.records()
    assert set(mine.loc[mine["patient"] == patient, "fold"]) == {fold}


def test_what_would_tie_two_folds_together_is_left_out(films: Path, revised: Revise) -> None:
    records = Dataset(films).records()
    train = records[records["fold"] == "training"].iloc[0]
    other = records[records["fold"] != "training"].iloc[0]
    _, made = revised({train["record"]: Change("quarantine", (), "burned_in_text")})
    held = pd.read_parquet(made.folder / "quarantine.parquet")
    held["group"] = other["group"]
    held.to_parquet(made.folder / "quarantine.parquet")
    document, again = revised({train["record"]: Change("mask", (BOX,))}, of=made.folder, name="v3")
    assert document["reasons"] == {"joins_folds": 1}
    balanced(document, again)


def test_the_same_call_gives_the_same_bytes(films: Path, revised: Revise) -> None:
    first, second, third = Dataset(films).records()["record"][:3]
    changes = {
        first: Change("mask", (BOX,)),
        second: Change("quarantine", (BOX,), "burned_in_text", ("X",)),
        third: Change("reject"),
    }
    _, one = revised(changes)
    _, other = revised(dict(reversed(changes.items())), name="again")
    assert contents(one.folder) == contents(other.folder)


@pytest.mark.slow
def test_killed_again_and_again_it_makes_the_same_version(tmp_path: Path, revised: Revise) -> None:
    folder = dataset(tmp_path / "many", {f"{number}.png": film(number, 200) for number in range(40)})
    records = Dataset(folder).records()["record"].tolist()
    said = dict.fromkeys(records[:20], "mask") | dict.fromkeys(records[20:25], "quarantine")
    target = tmp_path / "killed"
    command = [sys.executable, "-c", PROGRAM, str(folder), str(target), KEY.hex(), json.dumps(said)]
    staging = target.with_name(".staging-killed")
    for enough in (1, 7, 20, 26):
        process = subprocess.Popen(command)
        end = time.monotonic() + 60
        while pictures_in(staging / "images") < enough and process.poll() is None:
            assert time.monotonic() < end
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if target.exists():
            break
    if not target.exists():
        subprocess.run(command, check=True)
    assert not staging.exists()
    changes = {record: Change(decision, (BOX,), "burned_in_text") for record, decision in said.items()}  # type: ignore[arg-type]
    _, undisturbed = revised(changes, of=folder)
    assert contents(target) == contents(undisturbed.folder)


def test_stopped_it_leaves_nothing(films: Path, tmp_path: Path) -> None:
    record = Dataset(films).records()["record"][0]
    with pytest.raises(Interrupted):
        revise(films, tmp_path / "v2", {record: Change("mask", (BOX,))}, KEY, quiet, lambda: False)
    assert not list(tmp_path.iterdir())


def test_a_record_that_is_not_there_is_bad_input(films: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        revise(films, tmp_path / "v2", {"r0000000000000000": Change("reject")}, KEY, quiet, always)
    assert not list(tmp_path.iterdir())


def test_verdicts_hold_for_the_pixels_they_were_given_on(films: Path, revised: Revise, tmp_path: Path) -> None:
    records = Dataset(films).records().set_index("record")
    large = records[records["height"] == 256]
    findings = [Finding(record, pixels, "clean", False) for record, pixels in large["pixels"].items()]
    assert count_unread(records.reset_index(), of_findings(findings)) == 0
    assert count_unread(records.reset_index(), of_findings(findings[1:])) == 1
    record = str(large.index[0])
    first = revise(films, tmp_path / "a", {record: Change("mask", (BOX,))}, KEY, quiet, always, of_findings(findings))
    verdicts = read_verdicts(tmp_path / "a").set_index("record")["verdict"]
    assert verdicts[record] == "masked" and set(verdicts.drop(record)) == {"clean"}
    assert not any(one["code"] == "text_unread" for one in first["look_at"])


def test_a_check_that_finds_nothing_is_noted_where_the_pictures_are(tmp_path: Path) -> None:
    folder = dataset(tmp_path, mixed())
    records = Dataset(folder).records()
    digest = Dataset(folder).digest()
    assert [one["code"] for one in Dataset(folder).summary()["look_at"]] == ["text_unread"]
    findings = [Finding(r["record"], r["pixels"], "clean", False) for r in records.to_dict("records")]
    document = note(folder, findings)
    assert document == Dataset(folder).summary()
    assert document["look_at"] == [] and Dataset(folder).digest() == digest
    assert set(read_verdicts(folder)["verdict"]) == {"clean"}


def pictures_in(folder: Path) -> int:
    """How many files lie in a folder that another process may be emptying, or has not made yet."""
    try:
        return len(os.listdir(folder))  # noqa: PTH208  one call; glob asks twice
    except FileNotFoundError:
        return 0


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_holdout_that_lies_in_quarantine_is_said_until_it_is_reviewed(tmp_path: Path, revised: Revise) -> None:
    folder = dataset(tmp_path / "twenty", {f"{number}.png": film(number, 64) for number in range(20)})
    records = Dataset(folder).records()
    held = records.loc[records["fold"] == "holdout", "record"]
    share, left = len(held) / 20, 1 / (21 - len(held))
    document, made = revised({one: Change("quarantine", (), "burned_in_text") for one in held[1:]}, of=folder)
    line = (
        f"The holdout has {left:.0%} of the records; with the {len(held) - 1} in quarantine it would have {share:.0%}."
    )
    assert sum(one.startswith(line) for one in document["warnings"]) == 1
    again, _ = revised({one: Change("accept") for one in held[1:]}, of=made.folder, name="v3")
    assert not any("in quarantine it would have" in one for one in again["warnings"])
