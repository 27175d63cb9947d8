"""The training on the other machine: unpack, go on from what the drive holds, train, keep, pack what comes back.

    python -m medsynth_engine.exchange.cloud.remote FOLDER [--work DIR]

does in one go what the notebook does cell by cell. The key is asked for, or read from MEDSYNTH_BUNDLE_KEY.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medsynth_engine.exchange.cloud import mirror
from medsynth_engine.exchange.cloud.cover import NAME, demand_valid
from medsynth_engine.exchange.cloud.unpack import unpack
from medsynth_engine.kernel.errors import BadInput, MedSynthError
from medsynth_engine.kernel.folders import RunFolder

BACK, GENERATOR, KEPT = "run_back.zip", "generator_v1.pth", "kept"
COMES_BACK = ("config.json", "state.json", "metrics.jsonl", "log.txt", "generator.pth")
KEY = "MEDSYNTH_BUNDLE_KEY"


class Remote:
    """One bundle on one machine.

    folder  where the bundle was unzipped, on the drive: `kept`, `run_back.zip` and `generator_v1.pth` appear there
    work    a folder of the machine's own disk: the only place where images are readable
    """

    def __init__(self, folder: Path, work: Path | None = None) -> None:
        self.folder = Path(folder)
        self.kept = self.folder / KEPT
        # by the bundle's id: two bundles are often unzipped under the same name
        self.run = RunFolder(Path(work or tempfile.gettempdir()) / f"medsynth-{bundle_of(self.folder)}")

    def open(self, key: str | None = None) -> dict[str, object]:
        """Unpack with `key` (asked for where None) unless that was done, and fetch what an earlier session reached.

        Returns what the bundle says of itself. Raises BadInput or Denied with what to do.
        """
        if self.run.data.exists():
            cover = json.loads((self.run.path / NAME).read_text())
            demand_valid(cover)
        else:
            cover = unpack(self.folder, self.run.path, (key or asked_key()).strip())
        mirror.bring_back(self.kept, self.run.path)
        return cover

    def train(self, every: float = 30.0) -> Iterator[dict[str, Any]]:
        """Train until it ends. Every so many seconds what was reached is kept, and `{state, records, log}` is told.

        Whoever leaves the loop (an interrupted cell) asks the training for a checkpoint and an end.
        """
        self.run.set_wish("run")
        command = [sys.executable, "-m", "medsynth_engine.gan.train", str(self.run.path)]
        with (self.run.path / "out.txt").open("ab") as out:
            trainer = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            while trainer.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    trainer.wait(every)
                yield self.look()
        finally:
            if trainer.poll() is None:
                trainer.terminate()
                trainer.wait()
            self.keep()

    def look(self) -> dict[str, Any]:
        """What is reached, kept on the drive first."""
        self.keep()
        return {"state": self.run.state()["state"], "records": self.run.lines()[0], "log": self.run.log_tail(3)}

    def keep(self) -> None:
        """A full or vanished drive does not end a training: the next time tries again."""
        try:
            mirror.keep(self.run.path, self.kept)
        except OSError as error:
            self.run.log(f"The drive does not take what was reached ({error.strerror}); trying again later.")

    def pack(self) -> Path:
        """Write `run_back.zip` (curves, samples, generator; no image, no discriminator) and `generator_v1.pth`."""
        target, half = self.folder / BACK, self.folder / f".{BACK}.half"
        with zipfile.ZipFile(half, "w", zipfile.ZIP_STORED) as archive:
            there = [self.run.path / name for name in COMES_BACK]
            for path in [*there, *sorted(self.run.samples.glob("*.png"))]:
                if path.is_file():
                    archive.write(path, path.relative_to(self.run.path).as_posix())
        half.replace(target)
        if self.run.generator.exists():
            shutil.copyfile(self.run.generator, self.folder / GENERATOR)
        return target

    def forget(self) -> None:
        """Remove the readable images and everything else of this run from the machine's own disk."""
        shutil.rmtree(self.run.path, ignore_errors=True)


def bundle_of(folder: Path) -> str:
    """The id of the bundle that was unzipped in `folder`. Raises BadInput where there is none."""
    try:
        found = json.loads((folder / NAME).read_text())["bundle"]
    except (OSError, ValueError, TypeError, KeyError):
        found = ""
    if not (isinstance(found, str) and found.isalnum()):
        raise BadInput("no_bundle", "There is no bundle in this folder.", "Unzip dataset.zip there first.")
    return found


def asked_key() -> str:
    return os.environ.get(KEY) or getpass.getpass("Key (AGE-SECRET-KEY-…): ")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m medsynth_engine.exchange.cloud.remote", description="Train a bundle."
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where dataset.zip was unzipped")
    parser.add_argument("--work", type=Path, metavar="DIR", help="a folder of this machine's own disk")
    asked = parser.parse_args(arguments)
    try:
        remote = Remote(asked.folder, asked.work)
        remote.open()
    except MedSynthError as error:
        print(error.message, error.hint, file=sys.stderr)
        return error.exit_code
    begun, state = time.monotonic(), "queued"
    for told in remote.train():
        state = told["state"]
        kimg = next((line["kimg"] for line in reversed(told["records"]) if "kimg" in line), 0)
        print(f"{time.monotonic() - begun:.0f} s: {state}, {kimg:.1f} thousand images", flush=True)
    print(f"{state}. {remote.pack().name} is what to send back.")
    return 0 if state in ("finished", "stopped") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
