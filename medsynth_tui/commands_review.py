"""The actions of the review queue."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import command

ReviewAccept = command("review.accept", "a", "Accept", Permission.REVIEW, footer=True)(
    "Nothing in this picture identifies anybody: take it."
)
ReviewMask = command("review.mask", "m", "Mask", Permission.REVIEW, footer=True)(
    "Paint over the text that was found, and take the rest; where none was found, you say what to paint over."
)
ReviewBoxes = command("review.boxes", "b", "Mask boxes", Permission.REVIEW, footer=True)(
    "Say yourself what to paint over, in pixels of the picture."
)
ReviewReject = command("review.reject", "r", "Reject", Permission.REVIEW, footer=True)(
    "Do not take this picture; its pixels are deleted when the decisions are applied."
)
ReviewUndo = command("review.undo", "u", "Undo", Permission.REVIEW, footer=True)(
    "Take the decision about this picture back, as long as it was not applied."
)
ReviewApply = command("review.apply", "A", "Apply", Permission.REVIEW, footer=True)(
    "Make the dataset's next version from what is decided so far. With its last decision this begins by itself."
)
ReviewLarger = command("review.larger", "enter", "Larger", footer=True, palette=False)(
    "Show the picture as large as the window, or beside the list again."
)
ReviewAgain = command("review.again", "f5", "Refresh")("Ask for the list again.")
