"""Seals on the lines of a ledger: who appends without the key is noticed.

A ledger adopts a key by a line of its own; from that line on every line carries the key's seal of its hash. A reader
who has the key refuses a line without a right seal; a reader who lacks it checks the chain of hashes alone and says so.
A later line may adopt another key (the first is lost, or was opened): an *epoch* ends and another begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hlearn.trust import PLAIN, Key

ADOPTION = "key_adopted"  # the event with which a ledger takes a key; data["key"] is its id

FindKey = Callable[[str], Key | None]


class Seals:
    """Follows a ledger line by line and knows which key seals.

    Args:
        find: returns a key by its id, None where it is not here.

    Attributes:
        epoch: id of the present key, "" before the first was adopted.
    """

    def __init__(self, find: FindKey | None = None) -> None:
        self._find: FindKey = find or (lambda _: None)
        self.checking = find is not None
        self.epoch = PLAIN
        self._key: Key | None = None
        self.coming: Key | None = None  # the key that the next line adopts

    @property
    def can_seal(self) -> bool:
        """Whether a line may be appended now: there is no key yet, or it is here."""
        return self.epoch == PLAIN or self._key is not None

    def check(self, event: object, data: Mapping[str, object], digest: str, seal: object) -> str:
        """Takes in the next line; returns why its seal is not right, "" where it is, or cannot be told."""
        if event == ADOPTION:
            self._turn(str(data.get("key", "")), None)
        if self._key is None or self._key.is_sealed(digest, seal):
            return ""
        return "has no seal" if seal is None else "has a wrong seal"

    def seal(self, event: str, data: Mapping[str, object], digest: str) -> str | None:
        """Returns the seal of a line that is about to be written, None where the ledger has no key."""
        if event == ADOPTION and self.coming is not None:
            return self.coming.seal(digest)
        return None if self._key is None else self._key.seal(digest)

    def written(self, event: str, data: Mapping[str, object]) -> None:
        """Takes in a line that this process wrote."""
        if event == ADOPTION:
            self._turn(str(data["key"]), self.coming)

    def _turn(self, key_id: str, key: Key | None) -> None:
        self.epoch = key_id
        self._key = key or self._find(key_id)
