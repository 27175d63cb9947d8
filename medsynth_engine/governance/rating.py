"""How a person may rate a risk of the register: upwards as they like, downwards only with a reason or a measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medsynth_engine.governance.risks import SEEDED, rescored
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain

LONGEST_ANSWER = 5_000
RISK_TEXTS = ("measures", "reason", "owner", "due", "cause", "harm")
RISK_NUMBERS = ("likelihood", "severity", "residual_likelihood", "residual_severity")
_SEEDED_SEVERITY = {risk.id: risk.severity for risk in SEEDED}


def changed_risk(row: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`row` of the register with a person's `change`, its levels computed anew. Raises BadInput.

    A likelihood or severity under the proposed one needs a reason; less residual risk a reason or another measure.
    """
    name = row["id"]
    new = dict(row)
    for key, value in change.items():
        if key in RISK_NUMBERS:
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 4:
                raise BadInput("answers_wrong", f"{key} of the risk {name} is a whole number from 1 to 4.")
            new[key] = value
        elif key in RISK_TEXTS:
            new[key] = plain(value, LONGEST_ANSWER)
        elif key != "id":
            known = ", ".join((*RISK_NUMBERS, *RISK_TEXTS))
            raise BadInput("answers_wrong", f"The risk {name} has no field {plain(key, 60)}.", f"Known: {known}.")
    if "residual_likelihood" not in change:  # the measures take away as much as before
        moved = row["residual_likelihood"] + new["likelihood"] - row["likelihood"]
        new["residual_likelihood"] = min(4, max(1, moved))
    if "residual_severity" not in change:
        new["residual_severity"] = min(4, max(1, row["residual_severity"] + new["severity"] - row["severity"]))
    if new["likelihood"] < new["proposed_likelihood"] and not new["reason"].strip():
        raise BadInput(
            "reason_missing",
            f"The likelihood of the risk {name} is lower than the evidence proposes ({new['basis']}).",
            "Say why in its reason, or leave the proposal.",
        )
    if new["severity"] < _SEEDED_SEVERITY.get(name, 1) and not new["reason"].strip():
        raise BadInput(
            "reason_missing",
            f"The severity of the risk {name} is lower than the register proposes.",
            "Say why in its reason, or leave the proposal.",
        )
    measures = str(change.get("measures", "")).strip()
    named = new["reason"].strip() or (measures and measures != row["measures"])
    for number in ("likelihood", "severity"):
        if f"residual_{number}" in change and _takes_away_more(row, new, number) and not named:
            raise BadInput(
                "reason_missing",
                f"The residual {number} of the risk {name} is lowered without a measure or a reason.",
                "Name the measure that lowers it.",
            )
    return rescored(new)


def _takes_away_more(row: Mapping[str, Any], new: Mapping[str, Any], number: str) -> bool:
    """Whether less remains than before, or the measures take away more than before of what was raised."""
    before, after = row[f"residual_{number}"], new[f"residual_{number}"]
    return bool(after < before or new[number] - after > max(0, row[number] - before))
