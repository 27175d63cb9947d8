"""Proves that every dependency installs on a Mac with an Apple chip: `python deploy/resolve_macos.py [--keep FILE]`.

A dry run of pip that takes nothing but wheels for macOS 14 on arm64 and Python 3.11, with the pins of
`constraints.txt`. `--platform` alone is not enough: pip chooses wheels by it, but asks the running system for the
markers of a requirement (`platform_system == "Linux"`: CUDA). So the markers are answered as a Mac answers them.
What this does not prove: that the wheels work there.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from pip._internal.cli.main import main as pip
from pip._vendor.packaging import markers

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "benchmarks" / "results" / "resolve_macos.json"
PLATFORM, PYTHON = "macosx_14_0_arm64", "3.11"
MAC = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.9",
    "os_name": "posix",
    "platform_machine": "arm64",
    "platform_python_implementation": "CPython",
    "platform_release": "23.6.0",
    "platform_system": "Darwin",
    "platform_version": "Darwin Kernel Version 23.6.0",
    "python_full_version": "3.11.9",
    "python_version": PYTHON,
    "sys_platform": "darwin",
}
"""What CPython 3.11 says of macOS 14 (PEP 508, environment markers)."""


def wanted() -> list[str]:
    """What MedSynth needs at run time."""
    return [str(each) for each in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]]


def resolve(report: Path) -> int:
    """pip's exit code; what it would install is in `report`."""
    markers.default_environment = lambda: dict(MAC)
    only = ["--only-binary=:all:", "--platform", PLATFORM, "--python-version", PYTHON, "--implementation", "cp"]
    dry = ["install", "--dry-run", "--ignore-installed", "--target", str(report.parent / "nothing"), "--quiet"]
    pins = ["--constraint", str(ROOT / "constraints.txt"), "--report", str(report)]
    return int(pip([*dry, *only, *pins, *wanted()]))


def told(report: Path) -> dict[str, object]:
    """Name, version and wheel of everything that would be installed. Raises SystemExit where one is no wheel."""
    found = []
    for each in json.loads(report.read_text())["install"]:
        wheel = each["download_info"]["url"].rpartition("/")[2]
        if not wheel.endswith(".whl") or ("macosx" not in wheel and "none-any" not in wheel):
            raise SystemExit(f"This is no wheel for a Mac: {wheel}")
        found.append({"name": each["metadata"]["name"], "version": each["metadata"]["version"], "wheel": wheel})
    return {
        "day": datetime.now(UTC).date().isoformat(),
        "platform": PLATFORM,
        "python": PYTHON,
        "packages": sorted(found, key=lambda one: one["name"].lower()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, default=KEPT, help="where the result goes")
    keep = parser.parse_args().keep
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        if code := resolve(report):
            return code
        document = told(report)
    keep.write_text(json.dumps(document, indent=1) + "\n")
    packages = document["packages"]
    assert isinstance(packages, list)
    own = sum("macosx" in one["wheel"] for one in packages)
    print(f"{len(packages)} packages, all as wheels: {own} built for macOS, {len(packages) - own} for any system.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
