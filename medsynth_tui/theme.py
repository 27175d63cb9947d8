"""Four palettes: dark, light, high contrast, and one that is safe for the colour-blind.

In each, text on its ground reaches a contrast of 4.5:1 (7:1 in high contrast), and what is no text but must be seen
(lines, the row under the cursor) 3:1 (WCAG 2.2, 1.4.3, 1.4.6 and 1.4.11). tests/studio/test_themes.py computes it, and
how far apart the colours of good, doubtful and bad are for people who see fewer colours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from textual.theme import Theme

WORDS = ("foreground", "muted", "primary", "secondary", "accent", "success", "warning", "error")
GROUNDS = ("background", "surface", "panel")


@dataclass(frozen=True)
class Palette:
    """Named colours, `#rrggbb`.

    ink     words on a ground filled with `primary` or `warning`
    cursor  ground of the row under the cursor, `cursor_ink` the words on it
    field   ground of the field that is typed into
    line    borders, axes, the handle of a scroll bar
    """

    title: str
    says: str
    dark: bool
    background: str
    surface: str
    panel: str
    foreground: str
    muted: str
    primary: str
    secondary: str
    accent: str
    success: str
    warning: str
    error: str
    ink: str
    cursor: str
    cursor_ink: str
    field: str
    line: str

    def words(self) -> dict[str, str]:
        """The colours in which words are written."""
        return {name: value for name, value in asdict(self).items() if name in WORDS}

    def grounds(self) -> dict[str, str]:
        """The grounds on which they are written."""
        return {name: value for name, value in asdict(self).items() if name in GROUNDS}


DARK = Palette(
    title="Dark",
    says="Calm, for a dim room.",
    dark=True,
    background="#10161b",
    surface="#151d24",
    panel="#1e2830",
    foreground="#dfe7ea",
    muted="#97a8b2",
    primary="#6cc5b7",
    secondary="#93b6e0",
    accent="#dfbb78",
    success="#a6e8b4",
    warning="#efc24e",
    error="#e27b69",
    ink="#10161b",
    cursor="#2f7d88",
    cursor_ink="#ffffff",
    field="#23474c",
    line="#6a7c88",
)
LIGHT = Palette(
    title="Light",
    says="Dark on light, for a bright room.",
    dark=False,
    background="#faf8f3",
    surface="#f3f0e9",
    panel="#e8e4da",
    foreground="#1f272d",
    muted="#515d66",
    primary="#0b645c",
    secondary="#2a5390",
    accent="#7a5000",
    success="#1f6b4a",
    warning="#8a5800",
    error="#7a1210",
    ink="#faf8f3",
    cursor="#468a82",
    cursor_ink="#06090b",
    field="#c4dfda",
    line="#807f76",
)
CONTRAST = Palette(
    title="High contrast",
    says="Black and bright: every word at 7:1 or more.",
    dark=True,
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    foreground="#ffffff",
    muted="#d0d0d0",
    primary="#5fe8ff",
    secondary="#b3ccff",
    accent="#ffd98a",
    success="#9dffc4",
    warning="#ffd23f",
    error="#ff8f80",
    ink="#000000",
    cursor="#ffffff",
    cursor_ink="#000000",
    field="#003a52",
    line="#b0b0b0",
)
SAFE = replace(
    DARK,
    title="Colour-blind safe",
    says="Good is blue, doubtful yellow, bad a dull red.",
    primary="#8fd0f0",
    accent="#e3c98f",
    success="#64c6f7",
    warning="#f2e94e",
    error="#d8746a",
    cursor="#2f7aa3",
    field="#22455c",
)
PALETTES = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST, "safe": SAFE}
"""By the word that is kept for a user (`operations.preferences`); Textual knows them as medsynth-WORD."""


def theme_name(word: str) -> str:
    """Textual's name of a palette; of a word that is not known the dark one's."""
    return f"medsynth-{word if word in PALETTES else 'dark'}"


def palette_of(theme: str) -> Palette:
    """The palette behind Textual's name."""
    return PALETTES.get(theme.removeprefix("medsynth-"), DARK)


def themes(edge: str) -> list[Theme]:
    """Textual's themes of all palettes; `edge` is the kind of border (`round`, or `ascii` where fonts are poor)."""
    return [_theme(theme_name(word), palette, edge) for word, palette in PALETTES.items()]


def _theme(name: str, palette: Palette, edge: str) -> Theme:
    return Theme(
        name=name,
        primary=palette.primary,
        secondary=palette.secondary,
        accent=palette.accent,
        warning=palette.warning,
        error=palette.error,
        success=palette.success,
        foreground=palette.foreground,
        background=palette.background,
        surface=palette.surface,
        panel=palette.panel,
        dark=palette.dark,
        text_alpha=1.0,
        variables={
            "muted": palette.muted,
            "ink": palette.ink,
            "line": palette.line,
            "cursor-row": palette.cursor,
            "cursor-ink": palette.cursor_ink,
            "field": palette.field,
            "edge": edge,
            "border": palette.primary,
            "border-blurred": palette.line,
            "block-cursor-background": palette.cursor,
            "block-cursor-foreground": palette.cursor_ink,
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-background": palette.panel,
            "block-cursor-blurred-foreground": palette.foreground,
            "block-cursor-blurred-text-style": "none",
            "input-cursor-background": palette.foreground,
            "input-cursor-foreground": palette.background,
            "input-selection-background": palette.cursor,
            "input-selection-foreground": palette.cursor_ink,
            "scrollbar": palette.line,
            "scrollbar-hover": palette.line,
            "scrollbar-active": palette.primary,
            "scrollbar-background": palette.surface,
            "scrollbar-background-hover": palette.surface,
            "scrollbar-background-active": palette.surface,
        },
    )


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(ground: str, colour: str, share: float) -> str:
    """`colour` laid over `ground` with opacity `share` (0..1), as `#rrggbb`."""
    channels = [
        round(int(ground[at : at + 2], 16) * (1 - share) + int(colour[at : at + 2], 16) * share) for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{channel:02x}" for channel in channels)
