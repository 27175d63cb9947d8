"""How an audit record is spelled for other programs: a table, ArcSight's CEF, FHIR's AuditEvent. Pure functions.

Only JSON lines prove themselves (`db.exported`); these are for reading, filtering and alarms.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from medsynth_engine.kernel.escape import csv_row

FIELDS = ("seq", "at", "actor", "role", "action", "object", "outcome", "reason", "detail", "hash")
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
ROLE_SYSTEM = "urn:medsynth:role"
_SPACE = uuid.UUID("6f1a2f0e-6f0b-5c5e-9b0a-6d656473796e")
SEVERITY = {"done": 3, "denied": 7, "refused": 6, "failed": 6}
OUTCOMES = {"done": "0", "denied": "4", "refused": "4", "failed": "8"}
"""FHIR R4, audit-event-outcome: success, minor failure, serious failure."""
_KINDS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("session.", "accounts.", "access."), "110114", "User Authentication"),
    (("audit.",), "110101", "Audit Log Used"),
    (("datasets.", "intake."), "110107", "Import"),
    (("export", "releases.", "weights.export", "store.backup"), "110106", "Export"),
    (("user.", "users.", "settings.", "gate."), "110113", "Security Alert"),
)
_VERBS = {
    "C": ("add", "create", "train", "generate", "draft", "make", "import", "taken_in", "drawn", "start"),
    "R": ("list", "show", "verify", "gallery", "export", "look", "sample", "backup", "prove"),
    "D": ("remove", "delete", "purge", "swept", "expired"),
    "U": ("update", "set", "role", "share", "disable", "reset", "append", "applied"),
}


def csv_line(record: dict[str, Any], first: bool) -> bytes:
    """A row that no spreadsheet takes for a formula; with the names of the columns before the first."""
    cells = {**record, "detail": json.dumps(record["detail"], sort_keys=True)}
    return (csv_row(FIELDS) if first else b"") + csv_row(cells[field] for field in FIELDS)


def cef_line(record: dict[str, Any], first: bool = False) -> bytes:
    """Common Event Format, revision 25: in the header `|` and `\\` are escaped, in the extension `=` and `\\`."""
    header = (
        "CEF:0", "MedSynth", "MedSynth", record["version"], record["action"],
        f"{record['action']} {record['outcome']}", SEVERITY.get(record["outcome"], 5),
    )  # fmt: skip
    extension = {
        "rt": record["ts_ns"] // 1_000_000,
        "externalId": record["seq"],
        "suser": record["actor"],
        "suid": record["actor_id"],
        "spriv": record["role"],
        "act": record["action"],
        "outcome": record["outcome"],
        "reason": record["reason"],
        "sourceServiceName": record["face"],
        "cs1Label": "object",
        "cs1": record["object"],
        "cs2Label": "hash",
        "cs2": record["hash"],
        "cs3Label": "detail",
        "cs3": json.dumps(record["detail"], sort_keys=True, ensure_ascii=False),
    }
    said = " ".join(f"{key}={_cef_value(value)}" for key, value in extension.items() if value not in ("", "{}"))
    return ("|".join(str(part).replace("\\", "\\\\").replace("|", "\\|") for part in header) + f"|{said}\n").encode()


def _cef_value(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace("=", "\\=")
    return text.replace("\r", "\\r").replace("\n", "\\n")


def fhir_line(record: dict[str, Any], first: bool = False) -> bytes:
    return (json.dumps(fhir(record), ensure_ascii=False, sort_keys=True) + "\n").encode()


def fhir(record: dict[str, Any]) -> dict[str, Any]:
    """The record as an AuditEvent of FHIR R4 (4.0.1), one resource a line as in its bulk export.

    Types are DICOM's (PS3.16, CID 400); what none of them fits is an Application Activity (110100).
    """
    code, display = next(
        ((code, said) for families, code, said in _KINDS if any(record["action"].startswith(f) for f in families)),
        ("110100", "Application Activity"),
    )
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": str(uuid.uuid5(_SPACE, record["hash"])),
        "type": {"system": DICOM, "code": code, "display": display},
        "subtype": [{"system": "urn:medsynth:action", "code": record["action"]}],
        "action": _verb(record["action"]),
        "recorded": record["at"],
        "outcome": OUTCOMES.get(record["outcome"], "8"),
        "agent": [_agent(record)],
        "source": {"observer": {"display": "MedSynth"}, "site": "MedSynth " + record["version"]},
        "entity": [_entity(record)],
    }
    if record["reason"]:
        event["outcomeDesc"] = record["reason"]
    return event


def _agent(record: dict[str, Any]) -> dict[str, Any]:
    agent: dict[str, Any] = {"requestor": True, "name": record["actor"] or "unknown"}
    if record["actor_id"]:
        agent["altId"] = record["actor_id"]
    if record["role"]:
        agent["role"] = [{"coding": [{"system": ROLE_SYSTEM, "code": record["role"]}]}]
    return agent


def _entity(record: dict[str, Any]) -> dict[str, Any]:
    told = {"record": str(record["seq"]), "hash": record["hash"]}
    if record["detail"]:
        told["detail"] = json.dumps(record["detail"], sort_keys=True, ensure_ascii=False)
    return {
        "name": record["object"] or "store",
        "detail": [{"type": key, "valueString": value} for key, value in told.items()],
    }


def _verb(action: str) -> str:
    """Create, read, update, delete, or execute."""
    verb = action.rpartition(".")[2]
    return next((letter for letter, verbs in _VERBS.items() if verb in verbs), "E")


LINES: dict[str, Callable[[dict[str, Any], bool], bytes]] = {"csv": csv_line, "cef": cef_line, "fhir": fhir_line}
EXTENSIONS = {"jsonl": "jsonl", "csv": "csv", "cef": "cef", "fhir": "ndjson"}
