"""The first step of a training: make its run folder from the dataset."""

from __future__ import annotations

from typing import Any

import pandas as pd

from medsynth_engine.gan.presets import resolve
from medsynth_engine.gan.private import limits
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.kernel.small_cells import LEAST_IMAGES, LEAST_PATIENTS, SMALLEST
from medsynth_engine.operations.run_checks import gpu_in_sight
from medsynth_engine.work.binding_rules import travelling
from medsynth_engine.work.desk import Desk, own_run, run
from medsynth_engine.work.folds import conditioning_columns, learned_values, trainable, write_run_folder


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    own_run(desk)
    row, dataset_folder = desk.dataset(arguments["dataset_id"])
    dataset = Dataset(dataset_folder)
    used, training = trainable(dataset)
    typical_side = int(used[["height", "width"]].min(axis=1).median())
    privacy = arguments.get("privacy")
    if privacy:
        limits.delta_for(training["patient"].nunique(), privacy.get("delta"))
    desk.stop_if_unwanted()
    folder = RunFolder(desk.home.runs / arguments["run"])
    result = write_run_folder(
        dataset,
        folder,
        name=arguments["run"],
        preset=resolve(arguments["preset"], typical_side, len(training), _kind(arguments)),
        facts={
            **{key: arguments[key] for key in ("budget", "seed", "device", "low_resource")},
            "processes": arguments.get("processes", 1),
            **({"cluster": arguments["cluster"]} if arguments.get("cluster") else {}),
            "dataset": row.name,
            **({"privacy": privacy} if privacy else {}),
        },
        rules=travelling(desk, row),
        progress=desk.progress("images"),
    )
    if privacy:  # exact counts are no part of the promise: a private run names what passed its noisy threshold
        return result
    return {**result, "too_rare": say_what_is_too_rare(folder, training, dataset.schema())}


def _kind(arguments: dict[str, Any]) -> str:
    """Of the device, for the preset that is chosen by it. Raises BadInput where this machine has none of that kind."""
    device = str(arguments["device"])
    if arguments.get("cluster"):
        return device
    if device == "cpu" or (device == "auto" and (arguments["preset"] != "auto" or not gpu_in_sight())):
        return "cpu"  # it was asked for, nothing hangs on it, or there is nothing else
    from medsynth_engine.gan.device import choose  # torch, where there is a GPU to try

    return choose(device)[0].type


def say_what_is_too_rare(folder: RunFolder, training: pd.DataFrame, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Values that cannot be asked for, since a generator would know them by heart: attribute, values, images. Never
    which values: on so few images a value may name a person."""
    found = []
    for name in conditioning_columns(schema):
        rare = training[name].dropna().astype(str)
        rare = rare[~rare.isin(learned_values(training, name))]
        if len(rare):
            found.append({"attribute": name, "values": told(rare.nunique()), "images": told(len(rare))})
    for one in found:
        folder.log(
            f"{one['attribute']}: values on {one['images']} images in all ({one['values']} different) have fewer than "
            f"{LEAST_IMAGES} images or {LEAST_PATIENTS} patients each. They are learned as unknown."
        )
    folder.set_state(str(folder.state()["state"]), too_rare=found)
    return found


def told(count: int) -> int | str:
    """A number of images or values as a run may tell it: 1 to 10 are told as that."""
    return f"1 to {SMALLEST - 1}" if count < SMALLEST else int(count)


if __name__ == "__main__":
    run(work)
