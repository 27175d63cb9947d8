"""The actions of the review queue."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import Command


class ReviewAccept(Command):
    """Nothing in this picture identifies anybody: take it."""

    id, keys, title, permission, footer = "review.accept", "a", "Accept", Permission.REVIEW, True


class ReviewMask(Command):
    """Paint over the text that was found, and take the rest; where none was found, you say what to paint over."""

    id, keys, title, permission, footer = "review.mask", "m", "Mask", Permission.REVIEW, True


class ReviewBoxes(Command):
    """Say yourself what to paint over, in pixels of the picture."""

    id, keys, title, permission, footer = "review.boxes", "b", "Mask boxes", Permission.REVIEW, True


class ReviewReject(Command):
    """Do not take this picture; its pixels are deleted when the decisions are applied."""

    id, keys, title, permission, footer = "review.reject", "r", "Reject", Permission.REVIEW, True


class ReviewUndo(Command):
    """Take the decision about this picture back, as long as it was not applied."""

    id, keys, title, permission, footer = "review.undo", "u", "Undo", Permission.REVIEW, True


class ReviewApply(Command):
    """Make the dataset's next version from what is decided so far. With its last decision this begins by itself."""

    id, keys, title, permission, footer = "review.apply", "A", "Apply", Permission.REVIEW, True


class ReviewLarger(Command):
    """Show the picture as large as the window, or beside the list again."""

    id, keys, title, footer, palette = "review.larger", "enter", "Larger", True, False


class ReviewAgain(Command):
    """Ask for the list again."""

    id, keys, title = "review.again", "f5", "Refresh"
