"""How many discriminator steps before the generator moves: more as soon as generated images are no longer recognised.

A noisy discriminator needs time to find what is wrong; steps of the generator are free but lead nowhere before (Bie,
Kamath, Zhang 2023, "Private GANs, revisited", section 4). Looks at generated images alone, so it costs no privacy.
"""

from __future__ import annotations

RUNGS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
LEAST_ACCURACY = 0.6
MEMORY = 0.98
WAIT = 50
"""Generator steps on a rung before the next one is thought of."""


class Ladder:
    def __init__(self) -> None:
        self.rung, self.waited, self.since = 0, 0, 0
        self.accuracy: float | None = None

    @property
    def steps(self) -> int:
        """Discriminator steps to one of the generator."""
        return RUNGS[self.rung]

    def discriminated(self) -> bool:
        """Count a discriminator step; True where it is the generator's turn."""
        self.since += 1
        if self.since < self.steps:
            return False
        self.since = 0
        return True

    def generated(self, accuracy: float) -> None:
        """Take in the share 0..1 of generated images that were recognised as such, after a generator step."""
        before = accuracy if self.accuracy is None else self.accuracy
        self.accuracy = MEMORY * before + (1 - MEMORY) * accuracy
        self.waited += 1
        if self.waited >= WAIT and self.accuracy <= LEAST_ACCURACY and self.rung + 1 < len(RUNGS):
            self.rung, self.waited, self.accuracy = self.rung + 1, 0, None

    def state(self) -> dict[str, float | None]:
        return {name: getattr(self, name) for name in ("rung", "waited", "since", "accuracy")}

    def restore(self, state: dict[str, float | None]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
