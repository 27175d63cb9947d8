"""Whether the generator knows what is asked of it: an image for a value it never learned would be one of anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from medsynth_engine.cohort.population import Plan
from medsynth_engine.gan.cell import as_value
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain


def demand_learned(plan: Plan, learned: Mapping[str, Sequence[str]]) -> None:
    """Raise BadInput (`not_learned`) where a cell of `plan` asks for a value that the generator obeys in principle but
    has not learned: no training image had it, or fewer than 20.

    learned  for each attribute the generator obeys, the values that can be asked for (`Drawer.learned`)

    A cell that stands for several values (broadened, or mapped by a population file) needs one of them; images of the
    others are drawn with the attribute left open.
    """
    missing: dict[str, None] = {}
    for cell, count in zip(plan.allowed, plan.cells["n"], strict=True):
        for name in plan.attributes:
            if count and name in learned and not {as_value(value) for value in cell[name]} & set(learned[name]):
                asked = " or ".join(str(value) for value in cell[name])
                missing[f"{plain(name, 40)}={plain(asked, 80)}"] = None
    if missing:
        raise BadInput(
            "not_learned",
            f"The generator has not learned {', '.join(list(missing)[:12])}: it saw fewer than 20 such images.",
            "Ask for what it learned, widen the cells with --small-cells broaden, or train again with more images.",
        )
