"""The first step of a training: make its run folder from the dataset."""

from __future__ import annotations

from typing import Any

from medsynth_engine.gan.device import choose
from medsynth_engine.gan.presets import resolve
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.work.desk import Desk, own_run, run
from medsynth_engine.work.folds import trainable, write_run_folder


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    own_run(desk)
    row, dataset_folder = desk.dataset(arguments["dataset_id"])
    dataset = Dataset(dataset_folder)
    used, training = trainable(dataset)
    typical_side = int(used[["height", "width"]].min(axis=1).median())
    device, _ = choose(arguments["device"])
    desk.stop_if_unwanted()
    return write_run_folder(
        dataset,
        RunFolder(desk.home.runs / arguments["run"]),
        name=arguments["run"],
        preset=resolve(arguments["preset"], typical_side, len(training), device.type),
        facts={
            **{key: arguments[key] for key in ("budget", "seed", "device", "low_resource")},
            "dataset": row.name,
        },
        progress=desk.progress("images"),
    )


if __name__ == "__main__":
    run(work)
