"""What cannot be learned or drawn from. Knows no tables: every step of a job names this error, most hold no rows."""

from __future__ import annotations


class UnusableTable(ValueError):
    """A table, a request or a stored model that rows cannot be learned or drawn from.

    Carries `code`, `message` and `hint` like the engine's own errors, so that a caller can raise it on as bad input.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
