"""Encrypted files in the format of age (age-encryption.org/v1, C2SP age.md), so that any age program opens them too.

A random file key encrypts 64 KiB chunks with ChaCha20-Poly1305 (a chunk that was moved, cut off or changed does not
open). The file key is wrapped for a passphrase (scrypt) or for recipients (X25519), and an HMAC covers the header.
"""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from medsynth_engine.kernel.bech32 import decoded, encoded
from medsynth_engine.kernel.errors import BadInput, Denied

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

VERSION_LINE = b"age-encryption.org/v1\n"
CHUNK = 64 * 1024
TAG = 16
WORK = 18
"""log2 of scrypt's cost: 256 MiB and about a second."""
MOST_WORK = 20
_LONGEST_HEADER = 64 * 1024
_RECIPIENT, _IDENTITY = "age", "AGE-SECRET-KEY-"


@dataclass(frozen=True)
class Stanza:
    """One way to the file key: a kind, its arguments, the wrapped key."""

    arguments: tuple[str, ...]
    body: bytes

    def text(self) -> bytes:
        body = _spell(self.body)
        lines = [body[at : at + 64] for at in range(0, len(body) + 1, 64)]
        return "".join(f"{line}\n" for line in [f"-> {' '.join(self.arguments)}", *lines]).encode()


def new_identity() -> tuple[str, str]:
    """A fresh pair: the identity, to be kept secret and elsewhere, and the recipient that may be known."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    key = X25519PrivateKey.generate()
    identity = encoded(_IDENTITY.lower(), key.private_bytes_raw()).upper()
    return identity, encoded(_RECIPIENT, key.public_key().public_bytes_raw())


def check_recipient(text: str) -> str:
    """`text` where it is a recipient's key (`age1…`), else BadInput."""
    _key_bytes(_RECIPIENT, text)
    return text.strip()


class Writer:
    """Encrypts what is written to it; `finish` writes the end, without which the file does not open."""

    def __init__(self, target: IO[bytes], passphrase: str | None = None, recipients: Sequence[str] = ()) -> None:
        if bool(passphrase) == bool(recipients):
            raise BadInput("one_key", "Encrypt with a passphrase, or for recipients.", "Give one of the two.")
        file_key = os.urandom(16)
        stanzas = (
            [_wrap_scrypt(file_key, passphrase)] if passphrase else [_wrap_x25519(file_key, r) for r in recipients]
        )
        header = VERSION_LINE + b"".join(stanza.text() for stanza in stanzas) + b"---"
        target.write(header + b" " + _spell(_header_mac(file_key, header)).encode() + b"\n")
        nonce = os.urandom(16)
        target.write(nonce)
        self._target, self._cipher = target, _payload_cipher(file_key, nonce)
        self._held, self._counter = bytearray(), 0

    def write(self, data: bytes) -> int:
        self._held += data
        while len(self._held) > CHUNK:  # the last chunk is only known at the end
            self._put(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]
        return len(data)

    def finish(self) -> None:
        self._put(bytes(self._held), last=True)
        self._held.clear()

    def _put(self, chunk: bytes, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_chunk_nonce(self._counter, last), chunk, None))
        self._counter += 1


def opened(source: IO[bytes], passphrase: str | None = None, identity: str | None = None) -> Iterator[bytes]:
    """The chunks of what is inside, each only after it was proved. Raises Denied where the key does not fit, BadInput
    where the file is none, was changed, or is cut off: then also at its end."""
    header, stanzas, mac = _read_header(source)
    file_key = _unwrap(stanzas, passphrase, identity)
    if not hmac.compare_digest(_header_mac(file_key, header), mac):
        raise _damaged()
    nonce = source.read(16)
    if len(nonce) != 16:
        raise _damaged()
    return _chunks(source, _payload_cipher(file_key, nonce))


def _chunks(source: IO[bytes], cipher: ChaCha20Poly1305) -> Iterator[bytes]:
    counter, held = 0, source.read(CHUNK + TAG)
    while True:
        following = source.read(CHUNK + TAG) if len(held) == CHUNK + TAG else b""
        last = not following
        yield _open_chunk(cipher, counter, held, last)
        if last:
            return
        counter, held = counter + 1, following


def _open_chunk(cipher: ChaCha20Poly1305, counter: int, sealed: bytes, last: bool) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        chunk = cipher.decrypt(_chunk_nonce(counter, last), sealed, None)
    except (InvalidTag, ValueError) as error:
        raise _damaged() from error
    if not chunk and counter:
        raise _damaged()
    return chunk


def _read_header(source: IO[bytes]) -> tuple[bytes, list[Stanza], bytes]:
    if source.readline(len(VERSION_LINE)) != VERSION_LINE:
        raise BadInput("no_backup", "That is no encrypted file of this kind.", "A backup is made by: medsynth backup")
    header, stanzas = bytearray(VERSION_LINE), list[Stanza]()
    while True:
        line = source.readline(512)
        if line.startswith(b"--- "):
            return bytes(header + b"---"), stanzas, _read_spelled(line[4:-1])
        if not line.startswith(b"-> ") or not line.endswith(b"\n") or len(header) > _LONGEST_HEADER:
            raise _damaged()
        header += line
        body = b""
        while True:
            part = source.readline(128)
            header += part
            if not part.endswith(b"\n") or len(part) > 65:
                raise _damaged()
            body += part[:-1]
            if len(part) < 65:
                break
        stanzas.append(Stanza(tuple(line[3:-1].decode(errors="replace").split(" ")), _read_spelled(body)))


def _unwrap(stanzas: Sequence[Stanza], passphrase: str | None, identity: str | None) -> bytes:
    for stanza in stanzas:
        kind = stanza.arguments[0]
        if kind == "scrypt" and len(stanzas) > 1:
            raise _damaged()
        if kind == "scrypt" and passphrase:
            found = _unwrap_scrypt(stanza, passphrase)
        elif kind == "X25519" and identity:
            found = _unwrap_x25519(stanza, identity)
        else:
            continue
        if found is not None:
            return found
    kinds = {stanza.arguments[0] for stanza in stanzas}
    if "scrypt" in kinds and passphrase:
        why = "That is not the passphrase of this backup."
        raise Denied("wrong_key", why, "Type it as it was when the backup was made; capitals and spaces count.")
    needs = "Its passphrase opens it." if "scrypt" in kinds else "The identity (AGE-SECRET-KEY-…) opens it."
    raise Denied("wrong_key", "That key does not open this backup.", needs)


def _wrap_scrypt(file_key: bytes, passphrase: str) -> Stanza:
    salt = os.urandom(16)
    return Stanza(("scrypt", _spell(salt), str(WORK)), _sealed(_stretched(passphrase, salt, WORK), file_key))


def _unwrap_scrypt(stanza: Stanza, passphrase: str) -> bytes | None:
    _, salt, work = (*stanza.arguments, "", "")[:3]
    if not work.isdigit() or not 1 <= int(work) <= MOST_WORK or len(_read_spelled(salt.encode())) != 16:
        raise _damaged()
    return _unsealed(_stretched(passphrase, _read_spelled(salt.encode()), int(work)), stanza.body)


def _stretched(passphrase: str, salt: bytes, work: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 2**work, 8, 1).derive(passphrase.encode())


def _wrap_x25519(file_key: bytes, recipient: str) -> Stanza:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    public = _key_bytes(_RECIPIENT, recipient)
    once = X25519PrivateKey.generate()
    share = once.public_key().public_bytes_raw()
    shared = once.exchange(X25519PublicKey.from_public_bytes(public))
    return Stanza(
        ("X25519", _spell(share)), _sealed(_derived(shared, share + public, b"age-encryption.org/v1/X25519"), file_key)
    )


def _unwrap_x25519(stanza: Stanza, identity: str) -> bytes | None:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    key = X25519PrivateKey.from_private_bytes(_key_bytes(_IDENTITY.lower(), identity.lower()))
    share = _read_spelled(stanza.arguments[1].encode()) if len(stanza.arguments) == 2 else b""
    if len(share) != 32:
        raise _damaged()
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(share))
    except ValueError as error:  # a share of low order
        raise _damaged() from error
    salt = share + key.public_key().public_bytes_raw()
    return _unsealed(_derived(shared, salt, b"age-encryption.org/v1/X25519"), stanza.body)


def _sealed(key: bytes, file_key: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)


def _unsealed(key: bytes, body: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    if len(body) != 16 + TAG:
        raise _damaged()
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), body, None)
    except InvalidTag:
        return None


def _payload_cipher(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))


def _header_mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")


def _derived(secret: bytes, salt: bytes, what: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(hashes.SHA256(), 32, salt, what).derive(secret)


def _chunk_nonce(counter: int, last: bool) -> bytes:
    return counter.to_bytes(11) + (b"\x01" if last else b"\x00")


def _spell(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _read_spelled(text: bytes) -> bytes:
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise _damaged() from error
    if _spell(data).encode() != text:
        raise _damaged()
    return data


def _key_bytes(kind: str, text: str) -> bytes:
    try:
        return decoded(kind, text.strip(), 32)
    except ValueError as error:
        what = "AGE-SECRET-KEY-…" if kind != _RECIPIENT else "age1…"
        raise BadInput("bad_key", "That is no key of this kind.", f"It is one word that begins with {what}") from error


def _damaged() -> BadInput:
    return BadInput("damaged_backup", "The backup is damaged, cut off, or was changed.", "Take another copy of it.")
