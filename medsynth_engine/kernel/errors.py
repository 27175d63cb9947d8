"""One family of errors. A face turns each into a sentence, a hint and an exit code; nothing else is caught broadly."""

from __future__ import annotations


class MedSynthError(Exception):
    """Something a person can understand and act on.

    `code` is a stable word for programs, `message` says what happened, `hint` what to do. None of them may hold an
    identifier of a patient, a secret, or the path of a source file. `exit_code` is part of the command line's contract.
    """

    exit_code = 1

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def document(self) -> dict[str, str]:
        """The `error` object of the command line's JSON."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class WrongUsage(MedSynthError):
    exit_code = 2


class Denied(MedSynthError):
    """Not logged in, or not permitted."""

    exit_code = 3


class BadInput(MedSynthError):
    exit_code = 4


class Refused(MedSynthError):
    """The release gate said no. `reasons` holds documents with `code`, `why` and `what_to_do`."""

    exit_code = 5

    def __init__(self, message: str, reasons: list[dict[str, str]], hint: str = "") -> None:
        super().__init__("refused_by_gate", message, hint)
        self.reasons = reasons


class NotFound(MedSynthError):
    exit_code = 6


class Busy(MedSynthError):
    """Locked, or somebody else is at it."""

    exit_code = 7


def name_taken(what: str, name: str, hint: str = "Choose another name.") -> Busy:
    """`what` has its article: "a cohort". The name was checked before it came this far: it may be shown."""
    return Busy("name_taken", f"There is {what} {name!r} already.", hint)


class NoRoom(MedSynthError):
    """Disk or memory is short."""

    exit_code = 8


class CheckFailed(MedSynthError):
    exit_code = 9


class Interrupted(MedSynthError):
    exit_code = 130


FAMILY: dict[int, type[MedSynthError]] = {
    kind.exit_code: kind
    for kind in (MedSynthError, WrongUsage, Denied, BadInput, NotFound, Busy, NoRoom, CheckFailed, Interrupted)
}


def from_document(document: dict[str, object], exit_code: int) -> MedSynthError:
    """Rebuild an error that a job's process wrote down, so that the face sees what the worker raised."""
    code, message, hint = (str(document.get(key, "")) for key in ("code", "message", "hint"))
    reasons = document.get("reasons")
    if exit_code == Refused.exit_code and isinstance(reasons, list):
        return Refused(message, reasons, hint)
    return FAMILY.get(exit_code, MedSynthError)(code or "unexpected", message, hint)
