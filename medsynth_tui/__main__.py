"""`medsynth`, and `python -m medsynth_tui`."""

from __future__ import annotations

import sys


def main() -> None:
    """Open the studio, or do what the command line says; ends the process with the exit code of DESIGN."""
    from medsynth_tui.cli.main import answer

    sys.exit(answer(sys.argv[1:]))


if __name__ == "__main__":
    main()
