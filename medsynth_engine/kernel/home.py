"""Where a store keeps its things. One place for every path."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def _private(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@dataclass(frozen=True)
class Home:
    """The folder of a store: `data/` is the store, `weights/` holds generators, `generated/` what leaves."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def ledger(self) -> Path:
        return self.data / "medsynth.sqlite3"

    @property
    def has_store(self) -> bool:
        """Whether there is a ledger: a file, or one in a database, which `store.json` then says (`db.place`)."""
        return self.ledger.exists() or (self.data / "store.json").exists()

    @property
    def key(self) -> Path:
        """The secret behind pseudonyms and folds: 0600, outside the ledger."""
        return self.data / "pseudonym.key"

    @property
    def datasets(self) -> Path:
        return _private(self.data / "datasets")

    @property
    def runs(self) -> Path:
        """May lie on a shared file system (`MEDSYNTH_RUNS`); the ledger never."""
        shared = os.environ.get("MEDSYNTH_RUNS")
        return _private(Path(shared)) if shared else _private(self.data / "runs")

    @property
    def cohorts(self) -> Path:
        return _private(self.data / "cohorts")

    @property
    def jobs(self) -> Path:
        return _private(self.data / "jobs")

    @property
    def logs(self) -> Path:
        return _private(self.data / "logs")

    @property
    def weights(self) -> Path:
        return _private(self.root / "weights")

    @property
    def generated(self) -> Path:
        return _private(self.root / "generated")

    @property
    def outbox(self) -> Path:
        """Where goes what the gate let out: to be fetched from a server (`MEDSYNTH_OUTBOX`), else into `generated`."""
        named = os.environ.get("MEDSYNTH_OUTBOX")
        return _private(Path(named)) if named else self.generated


def default_home() -> Path:
    """`MEDSYNTH_HOME`, else the checkout when run from one, else the platform's user data folder."""
    named = os.environ.get("MEDSYNTH_HOME")
    if named:
        return Path(named).expanduser().resolve()
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").exists() and (checkout / "db").is_dir():
        return checkout
    import platformdirs  # only where it is needed: the studio's first paint is budgeted

    return Path(platformdirs.user_data_dir("medsynth", appauthor=False))


def low_resource(flag: bool = False) -> bool:
    """True where the machine is small: asked for, `LOW_RESOURCE_MODE=true`, or under 10 GB of memory."""
    if flag or os.environ.get("LOW_RESOURCE_MODE", "").lower() in ("1", "true", "yes"):
        return True
    import psutil

    return psutil.virtual_memory().total < 10e9
