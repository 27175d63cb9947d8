"""Wishes that come before the first step: whoever measures and prepares for minutes asks for them in between."""

from __future__ import annotations

from collections.abc import Callable

from medsynth_engine.kernel.errors import Interrupted
from medsynth_engine.kernel.folders import RunFolder

STATES = {"stop": "stopped", "pause": "paused"}
SENTENCE = {
    "stop": "Stopped before the first step: nothing was learned, and there is no generator.",
    "pause": "Paused before the first step: resuming begins anew.",
}


class Wished(Interrupted):
    """Somebody asked for an end before there was anything to save; the run is `state` then."""

    exit_code = 0

    def __init__(self, wish: str) -> None:
        super().__init__("ended_early", SENTENCE[wish], "")
        self.state = STATES[wish]


def heed(folder: RunFolder) -> None:
    """Raise Wished where the run is wanted stopped or paused."""
    wish = folder.wish()
    if wish in STATES:
        raise Wished(wish)


def heeding(folder: RunFolder, work: Callable[[], object]) -> Callable[[], object]:
    """`work` that looks at the wishes before each time it is done."""

    def looked() -> object:
        heed(folder)
        return work()

    return looked
