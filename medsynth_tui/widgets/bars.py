"""Composition as bars: how many of each value, beside a second series where there is one (training, or a target)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.content import Content

from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import count, plain, share

if TYPE_CHECKING:
    pass

COUNT, SHARE = 8, 6


@dataclass(frozen=True)
class Attribute:
    """One attribute's counts by value; a small cell is a word such as `<11`. `against` is another series' shares."""

    name: str
    counts: Mapping[str, Any]
    against: Mapping[str, float] | None = None
    total: int | None = None
    """Of all records, where small cells are hidden; otherwise the sum of the counts."""


class Bars(Drawn):
    """`F  ██████████  120  62 %`; a mark on the bar shows where the other series stands."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.attributes: tuple[Attribute, ...] = ()
        self.versus = ""

    def show(self, attributes: Sequence[Attribute], versus: str = "") -> None:
        """`versus` names the other series in words."""
        self.attributes, self.versus = tuple(attributes), versus
        self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        for attribute in self.attributes:
            lines.extend(self._lines(attribute, width))
            lines.append(Content(""))
        if self.versus and any(attribute.against for attribute in self.attributes):
            glyphs = self.glyphs
            lines.append(Content.assemble((glyphs.text(f"│ marks {self.versus}"), "$muted")))
        return lines

    def _lines(self, attribute: Attribute, width: int) -> list[Content]:
        glyphs = self.glyphs
        numbers = {value: n for value, n in attribute.counts.items() if isinstance(n, int | float)}
        total = attribute.total or sum(numbers.values()) or 1
        most = max([*(n / total for n in numbers.values()), *(attribute.against or {}).values(), 1e-9])
        label = min(22, max(8, width // 3))
        room = max(4, width - label - COUNT - SHARE - 1)
        lines = [Content.assemble((plain(attribute.name, 40).replace("_", " "), "bold $primary"))]
        for value, n in attribute.counts.items():
            part = numbers.get(value, 0) / total
            bar = list(glyphs.span * round(room * part / most) + " " * room)[:room]
            styles = "$primary"
            pieces: list[tuple[str, str]] = [(f"{plain(value, label - 1):<{label}.{label}}", "$foreground")]
            expected = (attribute.against or {}).get(value)
            if expected is None:
                pieces.append(("".join(bar), styles))
            else:
                at = min(room - 1, round((room - 1) * expected / most))
                mark = glyphs.text("│")
                pieces += [("".join(bar[:at]), styles), (mark, "bold $accent"), ("".join(bar[at + 1 :]), styles)]
            pieces.append((f"{count(n):>{COUNT}}", "$foreground"))
            pieces.append((f"{share(part) if value in numbers else '':>{SHARE}}", "$muted"))
            lines.append(Content.assemble(*pieces))
        return lines
