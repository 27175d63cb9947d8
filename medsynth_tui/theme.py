"""Two calm palettes. Every pair of text and ground reaches a contrast of 4.5:1 (WCAG 2.2 AA); a test computes it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from textual.theme import Theme


@dataclass(frozen=True)
class Palette:
    """Named colours; `ink` is for words on filled ground of a role's colour."""

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
    line: str

    def words(self) -> dict[str, str]:
        """The colours in which words are written."""
        names = ("foreground", "muted", "primary", "secondary", "accent", "success", "warning", "error")
        return {name: value for name, value in asdict(self).items() if name in names}

    def grounds(self) -> dict[str, str]:
        """The grounds on which they are written."""
        return {name: value for name, value in asdict(self).items() if name in ("background", "surface", "panel")}


DARK = Palette(
    background="#10161b",
    surface="#151d24",
    panel="#1e2830",
    foreground="#dfe7ea",
    muted="#97a8b2",
    primary="#6cc5b7",
    secondary="#93b6e0",
    accent="#dfbb78",
    success="#8bd196",
    warning="#e9b75f",
    error="#f39a91",
    ink="#10161b",
    cursor="#23474c",
    line="#40515d",
)
LIGHT = Palette(
    background="#faf8f3",
    surface="#f3f0e9",
    panel="#e8e4da",
    foreground="#1f272d",
    muted="#515d66",
    primary="#0b645c",
    secondary="#2a5390",
    accent="#7a5000",
    success="#1c6332",
    warning="#7d4a00",
    error="#9f2620",
    ink="#faf8f3",
    cursor="#c4dfda",
    line="#a9a89f",
)
PALETTES = {"medsynth-dark": DARK, "medsynth-light": LIGHT}


def themes(edge: str) -> list[Theme]:
    """Textual's themes of both palettes; `edge` is the kind of border (`round`, or `ascii` where fonts are poor)."""
    return [_theme(name, palette, edge) for name, palette in PALETTES.items()]


def _theme(name: str, palette: Palette, edge: str) -> Theme:
    dark = palette is DARK
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
        dark=dark,
        text_alpha=1.0,
        variables={
            "muted": palette.muted,
            "ink": palette.ink,
            "line": palette.line,
            "cursor-row": palette.cursor,
            "edge": edge,
            "border": palette.primary,
            "border-blurred": palette.line,
            "block-cursor-background": palette.cursor,
            "block-cursor-foreground": palette.foreground,
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-background": palette.panel,
            "block-cursor-blurred-foreground": palette.foreground,
            "block-cursor-blurred-text-style": "none",
            "input-cursor-background": palette.foreground,
            "input-cursor-foreground": palette.background,
            "input-selection-background": palette.cursor,
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
