"""A system's key, and the three things that are derived from it.

From 32 random bytes two secrets follow by HMAC-SHA256 (RFC 2104), each under a word of its own:

- the *signing* secret seals lines of the ledger; it is never shown;
- the *seeds* secret turns the public label of an episode into the seed of its environment and the seed of its program.
  Opening a key shows this one, after which anybody can compute every seed and play every episode again.

The row with which a ledger adopts a key commits to both: it holds the key's id and the SHA-256 of the seeds secret, so
that another secret cannot be shown later.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from typing import Protocol

KEY_BYTES = 32
ID_LENGTH = 32  # hexadecimal digits


class Seeding(Protocol):
    """Turns labels into seeds."""

    def world(self, label: int) -> int:
        """The seed of the environment, 31 bits."""

    def policy(self, label: int) -> int:
        """The seed that a program is reset with, 32 bits; it says nothing of the environment's."""


@dataclass(frozen=True, slots=True)
class OpenedSeeds:
    """The seeds secret of a key.

    Args:
        secret: 32 bytes.
    """

    secret: bytes = field(repr=False)

    @property
    def commitment(self) -> str:
        """SHA-256 of the secret, which was written down before any episode was played."""
        return hashlib.sha256(self.secret).hexdigest()

    def world(self, label: int) -> int:
        """The seed of the environment, 31 bits.

        Two of n labels meet in the same seed with a chance of about n**2 / 2**32, which nobody can arrange.
        """
        return int.from_bytes(_derived(self.secret, f"world {label}")[:4]) >> 1

    def policy(self, label: int) -> int:
        """The seed that a program is reset with, 32 bits; it says nothing of the environment's."""
        return int.from_bytes(_derived(self.secret, f"policy {label}")[:4])


class Key:
    """The key of one system.

    Args:
        secret: 32 bytes.

    Raises:
        ValueError: it has another length.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, got {len(secret)}")
        self.secret = secret
        self.seeds = OpenedSeeds(_derived(secret, "hlearn seeds"))
        self._signing = _derived(secret, "hlearn signing")
        self.id = hashlib.sha256(b"hlearn key " + secret).hexdigest()[:ID_LENGTH]

    def __repr__(self) -> str:  # never the secret: keys turn up in tracebacks and logs
        return f"Key({self.id})"

    @classmethod
    def new(cls) -> Key:
        """Draws a key from the machine's entropy."""
        return cls(os.urandom(KEY_BYTES))

    @classmethod
    def from_words(cls, words: str) -> Key:
        """The key that a text stands for: for tests and examples, which want the same one every time."""
        return cls(hashlib.sha256(b"hlearn words " + words.encode()).digest())

    def seal(self, digest: str) -> str:
        """The seal of a ledger line with this hash."""
        return hmac.new(self._signing, f"line {digest}".encode(), hashlib.sha256).hexdigest()

    def is_sealed(self, digest: str, seal: object) -> bool:
        """Whether a line's seal is this key's."""
        return isinstance(seal, str) and seal.isascii() and hmac.compare_digest(self.seal(digest), seal)


def _derived(secret: bytes, label: str) -> bytes:
    return hmac.new(secret, label.encode(), hashlib.sha256).digest()
