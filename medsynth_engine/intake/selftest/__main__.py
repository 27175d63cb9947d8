"""`python -m medsynth_engine.intake.selftest [--json]`: exit 0 where de-identification holds, 9 where it does not."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from medsynth_engine.intake.selftest.show import lines
from medsynth_engine.intake.selftest.suite import run
from medsynth_engine.kernel.errors import CheckFailed


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="medsynth-selftest-") as folder:
        document = run(Path(folder).resolve())
    if "--json" in arguments:
        print(json.dumps(document, indent=2))
    else:
        print("\n".join(lines(document)))
    return 0 if document["ok"] else CheckFailed.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
