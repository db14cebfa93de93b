"""The worlds of a system: which key each label is to be read with, as far as this machine knows."""

from __future__ import annotations

from collections.abc import Mapping

from hlearn.errors import UsageError
from hlearn.trust.keys import Key, Seeding

PLAIN = ""  # in place of a key's id: labels are themselves the seeds, as before systems had keys


class Worlds:
    """Seeds of every epoch of a system.

    Args:
        current: id of the present key, :data:`PLAIN` where there is none.
        seedings: the seeds of the keys that are here, or were opened.
        folder: where keys are looked for, for messages.
    """

    def __init__(
        self, current: str = PLAIN, seedings: Mapping[str, Seeding] | None = None, *, folder: str = ""
    ) -> None:
        self.current = current
        self._seedings = dict(seedings or {})
        self._folder = folder

    @classmethod
    def of_key(cls, key: Key) -> Worlds:
        """The worlds of a system that has had one key."""
        return cls(key.id, {key.id: key.seeds})

    def has(self, key_id: str) -> bool:
        """Whether the seeds of a key can be told."""
        return key_id == PLAIN or key_id in self._seedings

    def of(self, key_id: str) -> Seeding | None:
        """The seeds of a key, None where labels are seeds.

        Raises:
            UsageError: the key is not on this machine and was not opened.
        """
        if key_id == PLAIN:
            return None
        if key_id not in self._seedings:
            raise UsageError(
                f"key {key_id} is not on this machine, and without it nobody knows how its episodes were seeded; bring "
                f"{key_id}.key to {self._folder or 'the folder of keys'}, or have it opened where it is: hl open DIR"
            )
        return self._seedings[key_id]
