"""One spelling for a JSON document, so that equal documents have equal bytes and equal digests."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(document: Any) -> bytes:
    """`document` as UTF-8 JSON: keys sorted, no spaces, no escapes beyond what JSON needs.

    Takes None, bool, int, finite float, str, list, tuple and dict with text keys, to any depth. Raises ValueError for
    everything else (also NaN, infinity and lone surrogates), because what cannot be read back must not be signed.
    """
    _demand_plain(document, depth=0)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest(document: Any) -> str:
    """SHA-256 of the canonical bytes, as hex."""
    return hashlib.sha256(canonical(document)).hexdigest()


def _demand_plain(value: Any, depth: int) -> None:
    if depth > 64:
        raise ValueError("the document is nested more than 64 deep")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise ValueError("a key of the document is not text")
            _demand_plain(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _demand_plain(inner, depth + 1)
    elif value is not None and not isinstance(value, bool | int | float | str):
        raise ValueError(f"the document holds a {type(value).__name__}, which is no JSON")
