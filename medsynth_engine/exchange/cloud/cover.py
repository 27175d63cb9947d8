"""What a bundle says of itself, in the open and, proved, inside what is encrypted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from medsynth_engine.kernel.errors import BadInput

FORMAT = 1
NAME = "bundle.json"
SEALED = "run.tar.age"
MEMBERS = ("config.json", "rows.json", "train.npz", NAME)
"""What lies in the encrypted part; nothing else is ever taken out of it."""


@dataclass(frozen=True)
class Cover:
    """bundle        its id, that of the release in the ledger it left
    dataset       the dataset's name
    recipient     who it was made for, in words
    purpose       what it may be used for
    made, expires ISO dates; after `expires` it is not opened any more
    images, patients  of the training and validation folds, patients rounded
    preset        network and size of images
    marks         DEVELOPMENT, OVERRIDDEN: borne for ever
    """

    bundle: str
    dataset: str
    recipient: str
    purpose: str
    made: str
    expires: str
    images: int
    patients: str
    preset: str
    resolution: int
    marks: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}


def demand_valid(document: dict[str, Any], today: date | None = None) -> None:
    """Raise BadInput where a bundle is of another format, or its time is over."""
    if document.get("format") != FORMAT:
        raise BadInput("bundle_format", "This bundle was written by another version.", "Make it again.")
    try:
        expires = date.fromisoformat(str(document.get("expires")))
    except ValueError:
        raise BadInput(
            "bundle_damaged", "The bundle does not say until when it may be used.", "Fetch it again."
        ) from None
    if (today or datetime.now(UTC).date()) > expires:
        raise BadInput(
            "bundle_expired",
            f"This bundle could be used until {expires.isoformat()}.",
            "Delete it, and ask whoever sent it for another one.",
        )
