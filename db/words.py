"""The words of an audit record: one clean line each, of bounded length; the detail plain JSON."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from db.canonical import canonical
from db.errors import BadRecord

LIMITS = {
    "actor": 100,
    "actor_id": 64,
    "role": 20,
    "session": 64,
    "face": 20,
    "object": 200,
    "outcome": 20,
    "reason": 500,
}
"""The longest each may be, in characters; what is longer is cut."""
DETAIL_LIMIT = 16_384


def clean(value: object, limit: int) -> str:
    """One line without control, escape, bidirectional or unassigned characters, at most `limit` long."""
    kept = "".join(
        " " if character in "\n\r\t" else character
        for character in str(value)[: limit * 4]
        if character in "\n\r\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    ).strip()
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def plain_detail(detail: Mapping[str, Any]) -> str:
    """The canonical spelling of `detail` with clean texts. Raises BadRecord where it is no JSON, or too long."""
    try:
        spelled = canonical(_clean_inside(dict(detail))).decode()
    except (ValueError, RecursionError) as error:
        raise BadRecord("bad_detail", "The detail of an audit record must be plain JSON.", "") from error
    if len(spelled) > DETAIL_LIMIT:
        raise BadRecord("long_detail", "The detail of an audit record is too long.", "Record a digest instead.")
    return spelled


def _clean_inside(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value, 1000)
    if isinstance(value, dict):
        return {clean(key, 100) if isinstance(key, str) else key: _clean_inside(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_inside(inner) for inner in value]
    return value
