"""Random numbers that nobody without the key can tell from chance: a ChaCha20 key stream, as uniforms and normals.

torch's own generators can be predicted from their output. This one costs a few milliseconds for a hundred thousand
numbers. What it does not mend: normals are rounded to floating point, whose lowest bits a determined reader of the
exact sums could exploit (Mironov 2012); docs/differential_privacy.md says so.
"""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

KEY_BYTES = 32


class Stream:
    """Numbers from `key` on, each used once. The state is the key and how many requests were answered."""

    def __init__(self, key: bytes | None = None, request: int = 0) -> None:
        self.key = secrets.token_bytes(KEY_BYTES) if key is None else key
        self.request = request

    def uniform(self, count: int) -> np.ndarray:
        """float64 (count,) in (0, 1]."""
        nonce = (0).to_bytes(4, "little") + self.request.to_bytes(12, "little")  # block counter, then the nonce
        self.request += 1
        encryptor = Cipher(algorithms.ChaCha20(self.key, nonce), mode=None).encryptor()
        words = np.frombuffer(encryptor.update(bytes(8 * count)), "<u8")
        return ((words >> np.uint64(11)) + 1.0) * 2.0**-53

    def normal(self, count: int) -> np.ndarray:
        """float64 (count,), standard normal (Box and Muller 1958)."""
        half = (count + 1) // 2
        drawn = self.uniform(2 * half)
        radius, angle = np.sqrt(-2 * np.log(drawn[:half])), 2 * np.pi * drawn[half:]
        return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]

    def integer(self) -> int:
        """Below 2^62: a seed for a generator of what needs no secrecy."""
        return int(self.uniform(1)[0] * (2**62 - 1))

    def state(self) -> dict[str, Any]:
        """For a checkpoint, which is as private as the images: who has the key can take the noise off again."""
        return {"key": self.key.hex(), "request": self.request}

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Stream:
        return cls(bytes.fromhex(state["key"]), int(state["request"]))
