"""Bytes to a stream without a buffer: all of them, or an error."""

from __future__ import annotations

from io import RawIOBase


def write_all(stream: RawIOBase, data: bytes) -> None:
    """Every byte, to a stream without a buffer.

    A disk that is nearly full takes a part and says nothing about the rest; asked again it raises OSError.
    """
    left = memoryview(data)
    while left:
        left = left[stream.write(left) or 0 :]
