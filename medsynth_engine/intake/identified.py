"""Of how many patients an id tells. Where none does, the records of one file, study or group count as one patient, and
else each record does: the number of patients less this one is of such stand-ins, and says nothing of records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

UNKNOWN = "patients_unknown"
"""What `look_at` says of records without a patient's id."""


@dataclass(frozen=True)
class Identified:
    """Of the accepted records.

    patients  how many are known by an id; None where that is no longer to be told
    without   records that have none
    """

    patients: int | None
    without: int

    @classmethod
    def of(cls, base: pd.DataFrame) -> Identified:
        """Of an intake's records alone; base: one row a record, `code` empty where accepted, `known` and `patient`."""
        accepted = base[base["code"] == ""]
        named = accepted["known"].astype(bool)
        return cls(int(accepted.loc[named, "patient"].nunique()), int((~named).sum()))

    @classmethod
    def told(cls, document: Mapping[str, Any], known: bool, records: int) -> Identified:
        """As the document of a dataset tells it; one of an earlier version may say nothing of either."""
        looked = document.get("look_at") or []
        without = next((int(one["count"]) for one in looked if one["code"] == UNKNOWN), 0 if known else records)
        patients = document.get("patients_with_id")
        return cls(patients if isinstance(patients, int) else None, min(without, records))

    def beside(self, there: Identified, base: pd.DataFrame, patients: pd.Series) -> Identified:
        """With those of the dataset that the records are added to; patients: the pseudonyms of its accepted records.

        A pseudonym that an id gave is never one that a record, file, study or group gave: who is there already was
        known there by an id too.
        """
        fresh = base[(base["code"] == "") & base["known"].astype(bool) & ~base["patient"].isin(patients)]
        whole = None if there.patients is None else there.patients + int(fresh["patient"].nunique())
        return Identified(whole, there.without + self.without)


def reviewed(document: Mapping[str, Any], before: pd.DataFrame, now: pd.DataFrame) -> int | None:
    """How many patients are known by an id when other records are accepted than before; `document` tells of those.

    Which record had an id is kept nowhere: where some left, it is told only if all had one, or none.
    """
    known = document.get("patients_with_id")
    left, came = set(before["record"]) - set(now["record"]), set(now["record"]) - set(before["record"])
    if not left and not came:
        return known if isinstance(known, int) else None
    if came or known not in (0, document["patients"]):
        return None
    return int(now["patient"].nunique()) if known else 0
