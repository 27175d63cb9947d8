"""`python -m medsynth_engine.phantom FOLDER [--patients N] [--seed S] [--size PX]`: draw the phantom hospital."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_engine.phantom import write


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m medsynth_engine.phantom", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=64)
    chosen = parser.parse_args()
    try:
        write(chosen.folder, chosen.patients, chosen.seed, chosen.size)
    except MedSynthError as error:
        print(f"{error.message} {error.hint}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
