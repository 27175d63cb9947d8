"""The actions on what leaves for a bigger machine, and on what comes back from there."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import command

DatasetBundle = command("dataset.bundle", "x", "Bundle", Permission.BUNDLE)(
    "Pack its training images, encrypted, for a machine with a bigger GPU; the gate has its word first."
)
BundleMake = command("bundle.make", "f6", "Make it", Permission.BUNDLE, footer=True, palette=False)(
    "Write the bundle, where the gate lets it leave, and tell its key once."
)
BundleMend = command("bundle.mend", "f7", "Assess it", Permission.READ_REPORTS, footer=True)(
    "Open the dataset's privacy impact assessment, without which no bundle of it leaves."
)
RunImport = command("run.import", "b", "Bring back", Permission.TRAIN, footer=True)(
    "Bring in a run, or a generator alone, that was trained elsewhere."
)
ImportPick = command("import.pick", "f2", "Pick a file", Permission.TRAIN, footer=True, palette=False)(
    "Pick what came back on the machine where MedSynth runs."
)
ImportTake = command("import.take", "f6", "Bring in", Permission.TRAIN, footer=True, palette=False)(
    "Read it as if an enemy had written it, and put it among what is yours."
)
