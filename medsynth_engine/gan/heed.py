"""Wishes that come before the first step, where whoever measures and prepares for minutes asks for them in between, and
a pause that may be taken back while its checkpoint is written."""

from __future__ import annotations

from collections.abc import Callable

from medsynth_engine.kernel.errors import Interrupted
from medsynth_engine.kernel.folders import RunFolder, Wish

STATES = {"stop": "stopped", "pause": "paused"}
SENTENCE = {
    "stop": "Stopped before the first step: nothing was learned, and there is no generator.",
    "pause": "Paused before the first step: resuming begins anew.",
}


class Wished(Interrupted):
    """Somebody asked for an end before there was anything to save."""

    exit_code = 0

    def __init__(self, wish: str) -> None:
        super().__init__("ended_early", SENTENCE[wish], "")


def heed(folder: RunFolder) -> None:
    """Raise Wished where the run is wanted stopped or paused; it is so then."""
    if folder.wish() not in STATES:
        return
    with folder.undisturbed():
        wish = folder.wish()  # a pause may have been taken back meanwhile
        if wish in STATES:
            folder.set_state(STATES[wish])
            raise Wished(wish)


def heeding(folder: RunFolder, work: Callable[[], object]) -> Callable[[], object]:
    """`work` that looks at the wishes before each time it is done."""

    def looked() -> object:
        heed(folder)
        return work()

    return looked


def rest(folder: RunFolder, rested: Callable[[], None]) -> Wish:
    """Let `rested` write the pause down, where one is still wished; what is wished now."""
    with folder.undisturbed():
        wish = folder.wish()
        if wish == "pause":
            rested()
    if wish == "run":
        folder.log("The pause was taken back: it goes on.")
    return wish
