"""What a training says of its own dangers: copies (an estimate), overfitting, the privacy budget that is spent."""

from __future__ import annotations

from textual.content import Content

from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import number, share

EXPECTED = 0.5
"""The share where nothing was copied: as often nearer to the one as to the other."""
BANDS = ((0.55, "no sign of copying", "$success"), (0.65, "a little nearer to training", "$warning"))
NEARER = ("nearer to training", "$warning")
JUDGED = {True: ("copies training images", "$error"), False: ("nearer, but no copies found", "$warning")}
"""From there on the evaluation itself says whether that is copying: a poor image may lie near a crowd without."""


TARGET = 0.5
"""The overfitting signal that augmentation is steered to (Karras et al. 2020, their `r_v`)."""
SIGNAL_BANDS = ((0.25, "little", "$success"), (TARGET, "some", "$foreground"))
SIGNAL_WORST = ("much: augmentation grows", "$warning")
ROOM_FOR_WORDS = 44
"""Columns from which the reading stands in words beside its bar."""


class Needle(Drawn):
    """A number on a bar, with a mark where it should lie or must not pass."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.value: float | None = None
        self.over = False
        """Whether nothing more will be measured."""

    def show(self, value: float | None, over: bool = False) -> None:
        if (value, over) != (self.value, self.over):
            self.value, self.over = value, over
            self.refresh(layout=True)

    @property
    def nothing(self) -> str:
        return "was not measured" if self.over else "not measured yet"

    def bar(self, value: float, mark: float, room: int, colour: str) -> list[tuple[str, str]]:
        """`value` and `mark` on 0..1; beyond its ends a value stands at the end."""
        at, half = round((room - 1) * min(1.0, max(0.0, value))), round((room - 1) * mark)
        bar = list(self.glyphs.rule * room)
        bar[half] = self.glyphs.text("│")
        bar[at] = self.glyphs.full
        return [(sign, f"bold {colour}" if index == at else "$line") for index, sign in enumerate(bar)]


class CopyRisk(Needle):
    """Are drawn images nearer to training than to unseen ones? A needle with a mark at one half, and words.

    `copying` is what the evaluation concluded; None where it says nothing of it.
    """

    copying: bool | None = None

    def judge(self, value: float | None, copying: object, over: bool) -> None:
        judged = copying if isinstance(copying, bool) else None
        if judged != self.copying:
            self.copying = judged
            self.refresh()
        self.show(value, over)

    def lines(self, width: int) -> list[Content]:
        what = "Copy risk (estimate; 50 % is chance)"
        what = what if width >= len(what) else "Copy risk (50 % is chance)"
        head = Content.assemble((what, "bold $primary"))
        if self.value is None:
            return [head, Content.assemble((self.nothing, "$muted"))]
        worst = NEARER if self.copying is None else JUDGED[self.copying]
        bands = () if self.copying else BANDS
        words, colour = next(((word, shade) for edge, word, shade in bands if self.value < edge), worst)
        bar = self.bar(self.value, EXPECTED, max(10, width - 7), colour)
        reading = Content.assemble(*bar, (f" {share(self.value):>5}", "$foreground"))
        return [head, reading, Content.assemble((words, colour))]


class Overfitting(Needle):
    """How much better the discriminator knows training images than unseen ones, on one line: 0 none, 1 all there is."""

    def lines(self, width: int) -> list[Content]:
        head = ("Overfitting ", "bold $primary")
        if self.value is None:
            return [Content.assemble(head, (self.nothing, "$muted"))]
        words, colour = next(((word, shade) for edge, word, shade in SIGNAL_BANDS if self.value < edge), SIGNAL_WORST)
        reading = f" {number(self.value, 2):>5}"
        reading += f" {words}" if width >= ROOM_FOR_WORDS else ""
        bar = self.bar(self.value, TARGET, max(6, min(24, width - 12 - len(reading))), colour)
        return [Content.assemble(head, *bar, (reading, "$foreground"))]


class Spent(Drawn):
    """How much of a promised privacy budget a training has spent."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.spent: tuple[float, float] | None = None

    def show(self, epsilon: object, promised: object) -> None:
        numbers = isinstance(epsilon, int | float) and isinstance(promised, int | float)
        spent = (float(epsilon), float(promised)) if numbers else None  # type: ignore[arg-type]
        if spent != self.spent:
            self.spent = spent
            self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        if self.spent is None:
            return []
        epsilon, promised = self.spent
        reading = f" {number(epsilon)} of {number(promised)}"
        room = max(6, width - len(reading))
        filled = round(room * min(1.0, epsilon / promised)) if promised > 0 else room
        bar = ((self.glyphs.full * filled, "$secondary"), (self.glyphs.empty * (room - filled), "$muted"))
        head = Content.assemble(("Privacy spent (epsilon)", "bold $primary"))
        return [head, Content.assemble(*bar, (reading, "$foreground"))]
