"""How much is sent, by the line: `fast` as on one machine, `slow` as over a modem, `auto` begins by what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from medsynth_tui.terminal.inks import Depth


@dataclass(frozen=True)
class Profile:
    """`auto` lets the link meter change between fast and slow. Seconds and lines as a person would count them."""

    name: str
    auto: bool
    depth: Depth
    """The most colours; the terminal may have fewer."""
    look_seconds: float
    """Between two looks at a training."""
    log_lines: int | None
    """Of a fixed strip, newest in place; None: as many as there is room for."""
    pictures: bool
    """Whether pictures are drawn unasked."""
    whole_frames: bool
    """Whether a frame is shown at once (DEC mode 2026); on a slow line one sees it come."""

    @property
    def slow(self) -> bool:
        return self.name == "slow"


FAST = Profile("fast", False, Depth.all, 1.0, None, True, True)
SLOW = Profile("slow", False, Depth.many, 5.0, 5, False, False)
AUTO_FAST = Profile("fast", True, Depth.all, 1.0, None, True, True)
AUTO_FAST_REMOTE = Profile("fast", True, Depth.many, 1.0, None, True, True)
AUTO_SLOW = Profile("slow", True, Depth.many, 5.0, 5, False, False)
LINKS = ("auto", "fast", "slow")


def profile_for(link: str, environment: Mapping[str, str]) -> Profile:
    """`link` is one of `LINKS`. Over ssh `auto` begins with 256 colours, as the first screen is the largest frame."""
    if link == "fast":
        return FAST
    if link == "slow":
        return SLOW
    return AUTO_FAST_REMOTE if environment.get("SSH_CONNECTION") else AUTO_FAST


def after_measuring(profile: Profile, slow: bool | None, remote: bool) -> Profile:
    """The profile once the meter says `slow`; one that was chosen by hand stays."""
    if not profile.auto or slow is None or slow == profile.slow:
        return profile
    found = AUTO_SLOW if slow else AUTO_FAST_REMOTE if remote else AUTO_FAST
    return replace(found, depth=profile.depth)  # what is on the screen keeps its colours
