"""Signed notes and checkpoints in the form of C2SP (signed-note, tlog-checkpoint), as Sigstore has them.

A checkpoint's text is three lines: origin, number of records, base64 of the tree's root. A line `— name base64` signs
it; the base64 is four bytes that name the key, then the Ed25519 signature of the text with its last newline.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass

from db.errors import LedgerError

ED25519 = b"\x01"
_NAME = re.compile(r"[^\s+\x00-\x1f]{1,200}")
_NOTE = re.compile(  # from the beginning of a line only: else a long line is read from each of its characters on
    r"(?m)^(?P<text>[^\n]+\n(?:0|[1-9]\d{0,17})\n[A-Za-z0-9+/]{43}=\n)\n(?P<signatures>(?:\u2014 [^ \n]+ \S+\n)+)"
)


@dataclass(frozen=True)
class Checkpoint:
    """What a log's keeper says of its state: it held `size` records, and `root` stands for all of them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class Signed:
    """A checkpoint with the signatures below it: (name of the key, four bytes that name it, signature)."""

    checkpoint: Checkpoint
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def by(self, *keys: str) -> bool:
        """Whether one of these verifier keys signed it; a signature that claims a known key and fails spoils all.

        What is no key signs nothing.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        known = {}
        for key in keys:
            with suppress(LedgerError):
                name, mark, public = _verifier(key)
                known[(name, mark)] = public
        signed = False
        for name, mark, signature in self.signatures:
            if (name, mark) not in known:
                continue
            try:
                Ed25519PublicKey.from_public_bytes(known[(name, mark)]).verify(
                    signature, self.checkpoint.text().encode()
                )
            except InvalidSignature:
                return False
            signed = True
        return signed


class Signer:
    """A private key with its name; `line` is how it is kept, `verifier` what everybody may know."""

    def __init__(self, name: str, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if not _NAME.fullmatch(name) or len(seed) != 32:
            raise _bad_key()
        self.name, self._seed = name, seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._key.public_key().public_bytes_raw()

    @property
    def line(self) -> str:
        packed = base64.b64encode(ED25519 + self._seed).decode()
        return f"PRIVATE+KEY+{self.name}+{_mark(self.name, self._public).hex()}+{packed}"

    @classmethod
    def from_line(cls, line: str) -> Signer:
        """Raises LedgerError (`bad_key`) where `line` is no private key of this kind."""
        parts = line.strip().split("+", 4)
        if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
            raise _bad_key()
        seed = _decoded(parts[4])
        if seed[:1] != ED25519:
            raise _bad_key()
        made = cls(parts[2], seed[1:])
        if _mark(made.name, made._public).hex() != parts[3]:
            raise _bad_key()
        return made

    @property
    def verifier(self) -> str:
        """The verifier key `name+hash+base64`, to be given to whoever checks."""
        packed = base64.b64encode(ED25519 + self._public).decode()
        return f"{self.name}+{_mark(self.name, self._public).hex()}+{packed}"

    def sign(self, checkpoint: Checkpoint) -> str:
        """The signed note."""
        text = checkpoint.text()
        packed = _mark(self.name, self._public) + self._key.sign(text.encode())
        return f"{text}\n\u2014 {self.name} {base64.b64encode(packed).decode()}\n"


def read_notes(text: str) -> list[Signed]:
    """Every signed checkpoint in `text`, in its order; what is none is passed over."""
    return [_signed(found) for found in _NOTE.finditer(text.replace("\r\n", "\n"))]


def _signed(found: re.Match[str]) -> Signed:
    origin, size, root = found["text"].splitlines()
    signatures = []
    for line in found["signatures"].splitlines():
        _, name, packed = line.split(" ")
        try:
            data = base64.b64decode(packed, validate=True)
        except binascii.Error:
            continue
        signatures.append((name, data[:4], data[4:]))
    return Signed(Checkpoint(origin, int(size), base64.b64decode(root)), tuple(signatures))


def demand_verifier(key: str) -> str:
    """The verifier key without the space around it. Raises LedgerError (`bad_key`) where it is none."""
    _verifier(key)
    return key.strip()


def _verifier(key: str) -> tuple[str, bytes, bytes]:
    parts = key.strip().split("+", 2)
    data = _decoded(parts[2]) if len(parts) == 3 else b""
    if len(data) != 33 or data[:1] != ED25519 or _mark(parts[0], data[1:]).hex() != parts[1]:
        raise _bad_key()
    return parts[0], bytes.fromhex(parts[1]), data[1:]


def _mark(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise _bad_key() from error


def _bad_key() -> LedgerError:
    return LedgerError("bad_key", "That is no key of an audit log.", "A key is one line, as it was given out.")
