"""The JSON document of `datasets scan` and `datasets add`. Its counts are of records or cells."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd

from medsynth_engine.intake.assemble import FIXED, Placed
from medsynth_engine.intake.folds import ENOUGH_PATIENTS
from medsynth_engine.intake.identified import Identified
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.plan import Plan
from medsynth_engine.intake.reasons import outcome, sentence
from medsynth_engine.intake.report.look_at import look_at
from medsynth_engine.intake.rules import profile, safe_harbor
from medsynth_engine.kernel.escape import plain

PREVIEW_ROWS = 5
SHOWN_ONCE = ("preview", "value_maps", "roles", "unreadable")
"""Keys that may show values of single patients."""
MOVED_SHARE = 0.05
"""By so much of all records may the holdout grow or shrink by what is in quarantine before that is said."""
STAND_INS = "each record counts as a patient of its own, or those of one file, study or group as one"
SMALL_CELL = 10
"""Fewer patients than this in a group of people: it cannot be balanced for, and is easily singled out."""


def preview(records: pd.DataFrame) -> list[dict[str, Any]]:
    """A few records as they are kept, without their ids."""
    shown = records.drop(columns=[name for name in FIXED if name in records]).head(PREVIEW_ROWS)
    return [{name: _plain_value(value) for name, value in row.items()} for row in shown.to_dict("records")]


def _plain_value(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return plain(value, 80)
    return value.item() if hasattr(value, "item") else value


def fold_warnings(records: pd.DataFrame, known: bool, official: bool, spanning: int, grouped: bool) -> list[str]:
    """What a reader of the folds must know."""
    warnings = []
    holdout = records.loc[records["fold"] == "holdout", "patient"].nunique()
    if not known:
        instead = "each lesion or study counts as a patient" if grouped else STAND_INS
        warnings.append(f"There is no patient id: {instead}, which may split a patient.")
    if len(records) and holdout < ENOUGH_PATIENTS:
        warnings.append(
            f"The holdout has {holdout} {'patient' if holdout == 1 else 'patients'}. With fewer than {ENOUGH_PATIENTS} "
            "many questions about privacy and fidelity end in: not enough evidence."
        )
    if official:
        warnings.append("The source's own split is kept: test is the holdout, val is the validation fold.")
    if spanning:
        warnings.append(
            f"{spanning} {'picture is' if spanning == 1 else 'pictures are'} (nearly) the same as one in another fold "
            "of the source's own split; evidence on this dataset may look better than it is."
        )
    return warnings


def quarantine_warnings(records: pd.DataFrame, quarantined: pd.DataFrame) -> list[str]:
    """Where the share of the holdout is another one than it was drawn to be, because many of a fold are held back."""
    if not len(records) or not len(quarantined):
        return []
    accepted = int((records["fold"] == "holdout").sum())
    share = accepted / len(records)
    drawn = (accepted + int((quarantined["fold"] == "holdout").sum())) / (len(records) + len(quarantined))
    if abs(share - drawn) <= MOVED_SHARE:
        return []
    return [
        f"The holdout has {share:.0%} of the records; with the {len(quarantined)} in quarantine it would have "
        f"{drawn:.0%}. Review them before evidence is made."
    ]


def small_cells(records: pd.DataFrame) -> dict[str, list[str]]:
    """Attribute -> its groups of people that are small in the training fold."""
    training = records[records["fold"] == "training"]
    found = {}
    for name in ("sex", "age_band", "ethnicity"):
        if name not in training:
            continue
        people = training.groupby(name)["patient"].nunique()
        small = [plain(level, 40) for level in people.index[people < SMALL_CELL]]
        if small:
            found[name] = small
    return found


def small_cell_warnings(small: dict[str, list[str]]) -> list[str]:
    """One sentence an attribute."""
    return [
        f"Fewer than {SMALL_CELL} training patients have {name.replace('_', ' ')}: {', '.join(levels)}."
        for name, levels in small.items()
    ]


def count_reasons(codes: Iterable[str]) -> dict[str, int]:
    """code -> count, the commonest first; accepted ones (no code) do not count."""
    return dict(Counter(code for code in codes if code).most_common())


def reason_warnings(reasons: dict[str, int]) -> list[str]:
    """One sentence a reason, so that nobody has to look a code up."""
    return [f"{count} x {code.replace('_', ' ')}: {sentence(code)}" for code, count in reasons.items()]


def settled(document: dict[str, Any]) -> dict[str, Any]:
    """The document as JSON gives it back: no NaN, no numpy, warnings once each."""
    document["warnings"] = list(dict.fromkeys(document["warnings"]))
    return json.loads(json.dumps(document, allow_nan=False, default=lambda value: value.item()))


def document(
    plan: Plan,
    submitted: pd.DataFrame,
    found: Counter[str],
    base: pd.DataFrame,
    records: pd.DataFrame,
    quarantined: pd.DataFrame,
    schema: dict[str, Any],
    identified: Identified,
    placed: Placed,
    name: str,
) -> dict[str, Any]:
    """submitted: one row a submitted record (see submitted.py). found: kind -> count, of what files carried.
    base: one row a record with pixels or a table's row, its `code` empty where accepted. records: the accepted ones;
    quarantined: those that are held back."""
    codes = submitted["reason"].tolist()
    outcomes = Counter(outcome(code) for code in codes)
    reasons = count_reasons(codes)
    removed = Counter(plan.described.removed) + found
    small, options = small_cells(records), plan.options
    few, without = sum(map(len, small.values())), identified.without
    unreadable = plan.described.unreadable
    if not plan.table_alone and plan.source.arrays is None:
        removed["file_names"] += len(plan.items)
    folds = Counter(records["fold"])
    columns = plan.roles.document()
    if plan.source.arrays is not None:
        columns.pop("file", None)
    warnings = [
        *plan.warnings,
        *reason_warnings(reasons),
        *_frame_warnings(base),
        *_known_warnings(without, len(records)),
        *fold_warnings(
            records,
            without < len(records),
            any(item.split for item in plan.items),
            placed.spanning,
            "group" in plan.roles.single,
        ),
        *quarantine_warnings(records, quarantined),
        *small_cell_warnings(small),
    ]
    return settled(
        {
            "dataset": name,
            "submitted": len(codes),
            "accepted": outcomes["accepted"],
            "quarantined": outcomes["quarantined"],
            "rejected": outcomes["rejected"],
            "reasons": reasons,
            "patients": int(records["patient"].nunique()),
            "patients_known": schema["patients_known"],
            "patients_with_id": identified.patients,
            "duplicates": int((base["duplicate"] & (base["code"] == "")).sum()),
            "identifiers_removed": {kind: count for kind, count in sorted(removed.items()) if count},
            "train": folds["training"],
            "validation": folds["validation"],
            "holdout": folds["holdout"],
            "unmatched_rows": plan.match.unmatched,
            "columns": columns,
            "roles": plan.described.roles,
            "dropped_columns": plan.described.dropped,
            "table_columns": plan.table_columns,
            "value_maps": plan.described.value_maps,
            "unreadable": unreadable,
            "categories": safe_harbor.categories(removed, done_otherwise(options)),
            "rules": profile.edition().document(),
            "series": series_of(base),
            "look_at": look_at(reasons, removed, records, without, few, unreadable, options),
            "schema": schema,
            "preview": preview(records),
            "warnings": warnings,
        }
    )


def to_keep(document: dict[str, Any]) -> dict[str, Any]:
    """What of the document stays with the dataset: how single values were read is for who asked, and not kept.

    Of the roles stays who said so: `guessed_by` has mapped, name or values for each.
    """
    kept = {key: value for key, value in document.items() if key not in SHOWN_ONCE}
    said = {each["role"]: each["guessed_by"] for each in document.get("roles") or [] if each.get("guessed_by")}
    return {**kept, "guessed_by": said} if said else kept


def series_of(base: pd.DataFrame) -> list[dict[str, Any]]:
    """The DICOM series among the pictures, by their keyed ids: modality, body part, files and pictures of each."""
    if "series" not in base:
        return []
    found = []
    for series, pictures in base[base["series"] != ""].groupby("series", sort=True):
        words = [{name: one.get(name, "") for name in ("modality", "body_part")} for one in pictures["attributes"]]
        files = pictures["ordinal"].nunique()
        found.append({"series": series, **words[0], "files": int(files), "pictures": len(pictures)})
    return found


def done_otherwise(options: Options) -> dict[str, str]:
    """What this intake did otherwise than usual, by category."""
    done = {}
    if options.dates == "year":
        done["C"] = "Kept as years; none that tells of an age over 89. Ages of 90 and more are kept as 90 or older."
    if options.dates == "shift":
        done["C"] = "Shifted by a keyed number of days of each patient, which is not Safe Harbor. Ages stop at 90."
    if options.faces == "keep":
        done["Q"] = "Kept, because it was asked for: slices of heads are stored, and may show a face."
    return done


def _frame_warnings(base: pd.DataFrame) -> list[str]:
    """base: one row a picture; frames: how many its file holds."""
    if "frames" not in base:
        return []
    several = base[base["frames"] > 1].drop_duplicates("ordinal")
    if several.empty:
        return []
    held, taken = int(several["frames"].sum()), int((base["frames"] > 1).sum())
    files = "1 file holds" if len(several) == 1 else f"{len(several)} files hold"
    return [f"{files} several pictures ({held} in all); {taken} of these {'was' if taken == 1 else 'were'} taken."]


def _known_warnings(without: int, records: int) -> list[str]:
    if not 0 < without < records:
        return []
    return [f"{without / records:.0%} of the records have no patient id: {STAND_INS}."]
