"""What a check of the doctor says: whether it is well, in a sentence, and what to do where it is not."""

from __future__ import annotations

from typing import Any

Check = dict[str, Any]
"""name, ok, says, what_to_do."""


def check(name: str, ok: bool, good: str, bad: str, what_to_do: str) -> Check:
    return {"name": name, "ok": ok, "says": good if ok else bad, "what_to_do": "" if ok else what_to_do}
