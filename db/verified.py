"""What a verification of the audit chain answers, and the sentences that it may add."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from db.chain import START

UNANCHORED = (
    "Without an anchor it cannot be told whether the end was cut off after the last checkpoint, an older copy was put "
    "back, or everything was written anew by somebody who holds the key."
)
UNREADABLE = "This is no ledger that can be read, or it is damaged."
OWN_KEY = (
    "Who signed is not known: the log names the key itself, so somebody with a key of their own could have written all "
    "of it. Compare with a key (--key) or an anchor that you have from elsewhere."
)


@dataclass(frozen=True)
class Verification:
    """`head` is the hex hash of the last record, `root` the tree's root; `anchored`: an anchor was given and holds.

    signed   records that a checkpoint with a good signature covers
    sealed   records that were archived, of which only the sum is here
    keys     the verifier keys that signed, in the order in which the log announced them
    notes    what is no fault and should be known
    key_known   a key that is known from elsewhere signed, or an anchor that holds vouches for the key
    anchor_fits   whether what was given as anchors agrees with the records; None: none given, or none could be compared
    anchor_apart   all holds but that an anchor is about more records than are here (of an extract: none is about the
                   records that it is out of): it is of another moment, or the end was cut off
    unreadable   "damaged": a log that cannot be read; "no_log": a file that never was one; else empty
    """

    ok: bool
    records: int
    head: str
    anchored: bool
    problems: list[str]
    root: str = ""
    signed: int = 0
    sealed: int = 0
    checkpoints: int = 0
    keys: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    key_known: bool = False
    anchor_fits: bool | None = None
    unreadable: str = ""
    anchor_apart: bool = False

    def document(self) -> dict[str, Any]:
        return asdict(self)


def failed(problem: str, unreadable: str = "") -> Verification:
    return Verification(False, 0, START.hex(), False, [problem], unreadable=unreadable)
