"""What can go wrong with the ledger. The engine turns each into an error of its own family with an exit code."""

from __future__ import annotations


class LedgerError(Exception):
    """`code` is a stable word for programs, `message` says what happened, `hint` what to do."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class LedgerMissing(LedgerError):
    """There is no store at this place."""


class LedgerUnreachable(LedgerError):
    """The database does not answer, or lets this account not in."""


class LedgerBusy(LedgerError):
    """Another process held the ledger for longer than the busy timeout."""


class LedgerFull(LedgerError):
    """The disk is full or fails; the transaction was undone."""


class LedgerUnsafe(LedgerError):
    """Others than the owner can reach the store."""


class LedgerConflict(LedgerError):
    """The change contradicts what the ledger holds: a name that is taken, a rule of a trigger."""


class BadRecord(LedgerError):
    """An audit record that must not be written: no plain JSON, or too long."""


class UnrecordedChange(LedgerError):
    """A transaction changed rows and wrote no audit record; it was rolled back. Always a defect of the program."""


def moved(where: str, first: str) -> LedgerMissing:
    """For who had a store open that another place is in charge of now: there is nothing to be restored."""
    return LedgerMissing(
        "store_moved",
        f"The store was moved {where}; nothing was changed here.",
        f"End MedSynth, {first}, and log in again.",
    )
