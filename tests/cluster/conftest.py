"""A real Slurm of one node on loopback, where this machine can have one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "slurm_local.sh"
MINUTES = "20"


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Slurm's programs talk to a Slurm of our own; skips with the reason where it cannot be started."""
    folder = tmp_path_factory.mktemp("slurm") / "local"
    try:
        said = subprocess.run([SCRIPT, "start", folder, MINUTES], capture_output=True, text=True, timeout=90)
    except subprocess.TimeoutExpired:
        subprocess.run([SCRIPT, "stop", folder], capture_output=True, check=False)
        pytest.skip("Slurm did not start in time")
    if said.returncode:
        pytest.skip(f"no Slurm here: {said.stderr.strip()}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        yield
    subprocess.run([SCRIPT, "stop", folder], capture_output=True, check=False)


@pytest.fixture
def full(request: pytest.FixtureRequest) -> None:
    """For what trains: minutes where the machine is busy."""
    if not request.config.getoption("--full"):
        pytest.skip("trains for minutes: make cluster")
