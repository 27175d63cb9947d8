"""Pack a dataset for a bigger machine: a run folder of its own, encrypted into one zip; recorded, then visible."""

from __future__ import annotations

import secrets
import shutil
from typing import Any

from db.tables import Dataset as DatasetRow
from medsynth_engine.exchange.cloud.bundle import write_bundle
from medsynth_engine.exchange.cloud.cover import Cover
from medsynth_engine.gan.presets import resolve
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.kernel.atomic import put_new, sync_folder
from medsynth_engine.kernel.errors import Busy
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.kernel.small_cells import SMALLEST
from medsynth_engine.work.binding_rules import travelling
from medsynth_engine.work.desk import Desk, run
from medsynth_engine.work.folds import trainable, write_run_folder
from medsynth_engine.work.letting_out import hidden, passage

NAME = "dataset.zip"
CHANGED = (
    "dataset_changed",
    "A newer version of the dataset came in meanwhile.",
    "Have that version assessed, then ask for the bundle again.",
)


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    row, dataset_folder = desk.dataset(arguments["dataset_id"])
    allowed = passage(desk, f"dataset:{row.name}", "recipient")
    if allowed.subject.digest != row.digest:
        raise allowed.refused(*CHANGED)
    inside = desk.folder.path / "bundle"
    shutil.rmtree(inside, ignore_errors=True)
    try:
        with hidden(desk) as (target, folder):
            inside.mkdir(mode=0o700)  # readable images are written inside the store only
            cover = _fill(desk, row, Dataset(dataset_folder), RunFolder(inside / "run"), allowed.verdict.marks)
            work_folder = inside / "made"
            work_folder.mkdir()
            packed, progress = folder / NAME, desk.progress("MB")
            digest = write_bundle(packed, inside / "run", cover, arguments["key"], work_folder, progress, desk.wanted)
            if (target / NAME).exists():
                raise _there_meanwhile()
            said = {"recipient": cover.recipient, "expires": cover.expires}
            with desk.commit("datasets.bundled", f"dataset:{row.name}", **said) as change:
                allowed.record(desk, change, cover.bundle, NAME, "bundle", digest)
            try:
                put_new(packed, target / NAME)  # last: what is visible has been recorded
                sync_folder(target)
            except FileExistsError as error:
                raise _there_meanwhile() from error
    finally:
        shutil.rmtree(inside, ignore_errors=True)
    return {
        "release": cover.bundle,
        "dataset": row.name,
        "path": str(target / NAME),
        "bytes": (target / NAME).stat().st_size,
        "images": cover.images,
        "expires": cover.expires,
        "digest": digest,
    }


def _there_meanwhile() -> Busy:
    return Busy("bundle_exists", "There is a dataset.zip in that folder meanwhile.", "Move it away, or use --to.")


def _fill(desk: Desk, row: DatasetRow, dataset: Dataset, folder: RunFolder, marks: tuple[str, ...]) -> Cover:
    """Write the run folder that travels; patients are numbered with a seed that nobody keeps."""
    arguments = desk.arguments
    used, training = trainable(dataset)
    typical_side = int(used[["height", "width"]].min(axis=1).median())
    preset = resolve(arguments["preset"], typical_side, len(training), "cuda")
    write_run_folder(
        dataset,
        folder,
        name=f"{row.name}-{arguments['bundle']}",
        preset=preset,
        facts={
            "budget": arguments["budget"],
            "seed": secrets.randbelow(2**31),
            "device": "auto",
            "low_resource": False,
            "processes": 1,
            "dataset": row.name,
            "bundle": arguments["bundle"],
        },
        rules=travelling(desk, row),
        progress=desk.progress("images"),
    )
    patients = used["patient"].nunique()
    return Cover(
        bundle=arguments["bundle"],
        dataset=row.name,
        recipient=arguments["recipient"],
        purpose=arguments["purpose"],
        made=arguments["made"],
        expires=arguments["expires"],
        images=len(used),
        patients=f"fewer than {SMALLEST}" if patients < SMALLEST else str(round(patients, -1)),
        preset=preset.name,
        resolution=preset.resolution,
        marks=marks,
    )


if __name__ == "__main__":
    run(work)
