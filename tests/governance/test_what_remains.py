"""Removing a dataset: what goes with it, and what is said to remain because nobody can call it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from governance_clinic import Clinic
from sqlmodel import select

from db.tables import Cohort, Dataset, Release, Run, Weights
from medsynth_engine.kernel.atomic import file_digest

BACKUP = {"passphrase": "a passphrase of several words"}


def grown(clinic: Clinic, bundle: Path) -> None:
    """A run with its generator, weights under another name, a cohort, an export and a bundle."""

    def grow(session: Any) -> None:
        dataset = session.exec(select(Dataset)).one()
        owner = dataset.owner_id
        run = Run(name="r1", dataset_id=dataset.id, owner_id=owner, preset="nano32", folder="r1", generator_digest="a")
        cohort = Cohort(name="c1", dataset_id=dataset.id, owner_id=owner, n=3, folder="c1", digest="c")
        session.add_all([run, cohort])
        session.flush()
        cohort.run_id = run.id
        session.add(Weights(name="generator_v1", owner_id=owner, digest="w", run_id=run.id))
        facts = {"audience": "recipient", "path": "x", "actor_id": owner}
        session.add_all(
            [
                Release(id="export", subject_kind="cohort", subject_name="c1", cohort_id=cohort.id, format="zip",
                        digest="e", **facts),
                Release(id="weights", subject_kind="generator", subject_name="generator_v1", format="weights",
                        digest="w", **facts),
                Release(id="bundle", subject_kind="dataset", subject_name="chest", format="bundle",
                        digest=file_digest(bundle), **facts),
            ]
        )  # fmt: skip

    clinic.change(grow)


async def test_bundles_that_lie_here_go_and_the_rest_is_listed(clinic: Clinic, tmp_path: Path) -> None:
    generated = clinic.home / "generated"
    generated.mkdir(exist_ok=True)
    bundle, other = generated / "dataset.zip", generated / "other.zip"
    bundle.write_bytes(b"images under a key")
    other.write_bytes(b"something else")
    grown(clinic, bundle)
    await clinic.alice.pia_draft("dataset:chest", "internal", {})
    await clinic.admin.backup(str(tmp_path / "backup.age"), **BACKUP)
    await clinic.admin.backup(str(tmp_path / "whole.age"), **BACKUP, everything=True)
    removed = await clinic.alice.datasets_remove("chest")
    remains = removed["remains"]
    assert remains["generators"] == ["generator_v1", "r1"]
    assert remains["cohorts"] == ["c1"] and remains["exports"] == ["export", "weights"]
    assert remains["bundles"] == ["bundle"] and removed["removed_bundles"] == ["dataset.zip"]
    assert remains["assessments"] == ["version 1"]
    assert len(remains["backups"]) == len(remains["backups_of_the_ledger"]) == 1, "only the whole one holds images"
    assert not bundle.exists() and other.exists()


async def test_an_untouched_dataset_leaves_nothing_behind(clinic: Clinic) -> None:
    removed = await clinic.alice.datasets_remove("chest")
    assert not any(removed["remains"].values()) and removed["removed_bundles"] == []


async def test_removing_a_run_says_which_generator_and_cohorts_remain(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(b"images under a key")
    grown(clinic, tmp_path / "bundle.zip")
    removed = await clinic.alice.runs_remove("r1")
    assert removed["remains"] == {"generators": ["generator_v1"], "cohorts": ["c1"]}
