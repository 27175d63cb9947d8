"""Bech32 (BIP 173): keys as one word with a checksum, so that a slip of the pen is noticed."""

from __future__ import annotations

from collections.abc import Iterable

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def encoded(kind: str, data: bytes) -> str:
    """`data` as `kind1…`, in small letters."""
    values = _regrouped(data, 8, 5, pad=True)
    check = _checksum([*_expanded(kind), *values, *[0] * 6]) ^ 1
    return f"{kind}1" + "".join(_LETTERS[v] for v in [*values, *[check >> 5 * (5 - at) & 31 for at in range(6)]])


def decoded(kind: str, text: str, length: int) -> bytes:
    """The `length` bytes in `text`. Raises ValueError where it is not of this kind or does not check."""
    before, _, rest = text.rpartition("1")
    if before != kind or len(rest) < 6 or any(letter not in _LETTERS for letter in rest):
        raise ValueError("not of this kind")
    values = [_LETTERS.index(letter) for letter in rest]
    if _checksum([*_expanded(kind), *values]) != 1:
        raise ValueError("the checksum does not fit")
    data = bytes(_regrouped(values[:-6], 5, 8, pad=False))
    if len(data) != length:
        raise ValueError("of another length")
    return data


def _expanded(kind: str) -> list[int]:
    return [*(ord(letter) >> 5 for letter in kind), 0, *(ord(letter) & 31 for letter in kind)]


def _checksum(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit in range(5):
            check ^= _GENERATOR[bit] if top >> bit & 1 else 0
    return check


def _regrouped(data: Iterable[int], size: int, wanted: int, pad: bool) -> list[int]:
    """The same bits in groups of another size. Raises ValueError where what is left over is not padding."""
    held, bits, found = 0, 0, []
    for value in data:
        held, bits = held << size | value, bits + size
        while bits >= wanted:
            bits -= wanted
            found.append(held >> bits & (1 << wanted) - 1)
    if pad and bits:
        found.append(held << (wanted - bits) & (1 << wanted) - 1)
    elif not pad and (bits >= size or held & (1 << bits) - 1):
        raise ValueError("bits are left over")
    return found
