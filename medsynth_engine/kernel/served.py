"""What the door of a server (`deploy/door.py`) and its units say by the environment; nothing of it on a laptop."""

from __future__ import annotations

import os

KEY_HOLDER, SERVED = "MEDSYNTH_USER", "MEDSYNTH_SERVED"


def key_holder() -> str:
    """Whose key opened this connection: nobody else may log in by it. Empty where there is no such key."""
    return os.environ.get(KEY_HOLDER, "").strip().lower()


def served() -> bool:
    """Whether services of this machine (`jobs.serve`) start the work, so that who asks for it does not."""
    return os.environ.get(SERVED, "").lower() in ("1", "true", "yes")
