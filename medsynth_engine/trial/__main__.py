"""`python -m medsynth_engine.trial [--seeds N] [--holdout N,...] [--json]`: 0 where the gauge holds, 9 where not."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from medsynth_engine.kernel.errors import CheckFailed, Interrupted
from medsynth_engine.trial.trial import HELD_OUT, SEEDS, run


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m medsynth_engine.trial", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--holdout", default=str(HELD_OUT), help="held-out patients, with commas between")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    try:
        document = run(max(1, chosen.seeds), [int(n) for n in chosen.holdout.split(",")], _say)
    except KeyboardInterrupt:
        return Interrupted.exit_code  # who started this says so
    document["seconds"] = round(time.monotonic() - began, 1)
    if chosen.json:
        print(json.dumps(document, indent=2))
    else:
        print("\n".join(lines(document)))
    return 0 if document["ok"] else CheckFailed.exit_code


def _say(done: int, total: int, say: str) -> None:
    print(f"{done}/{total} {say}", file=sys.stderr, flush=True)


def lines(document: dict[str, Any]) -> Iterator[str]:
    """The document in lines of at most eighty characters; plain ASCII."""
    yield f"Cohorts of {document['synthetic']:,} records whose leak is known, {document['seeds']} seeds"
    for check in document["checks"]:
        yield f"{'ok  ' if check['ok'] else 'FAIL'} {check['what']}"
        yield f"       {check['says']}"
    yield ""
    yield f"{'held out':>8} {'records':<7}{'generator':<10}{'leak':<14}{'needle':>7}   refused for"
    yield f"{'':>8} {'':<7}{'':<10}{'':<14}{'':>7}   internal recipient public"
    for one in document["rates"]:
        leak = "none" if one["how"] == "clean" else f"{one['share']:.0%} {one['how']}"
        refused = "".join(
            f"{one['refused'][who]:>4}/{one['cohorts']:<4}" for who in ("internal", "recipient", "public")
        )
        yield (
            f"{one['held_out']:>8} {one['medium']:<7}{one['generator']:<10}{leak:<14}{one['needle']:>7.3f}   {refused}"
        )
    yield ""
    yield f"{'The gauge holds' if document['ok'] else 'THE GAUGE DOES NOT HOLD'} ({document['seconds']} s)."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
