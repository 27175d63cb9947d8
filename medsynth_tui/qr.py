"""A text as a QR code (ISO/IEC 18004, level L) in half blocks: two rows of modules a line."""

from __future__ import annotations


def picture(text: str) -> list[str]:
    """Lines of blocks, to be shown in white on black: light is what is drawn. 39 by 20 for a provisioning text."""
    import segno

    code = segno.make(text, error="l", boost_error=False)
    rows = [[int(bool(dark)) for dark in row] for row in code.matrix_iter(border=1)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    blocks = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    return [
        "".join(blocks[above, below] for above, below in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]
