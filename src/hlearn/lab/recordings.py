"""Recorded episodes on disk, so that a resumed run sees what it saw before.

Only what is cheaper to read than to play again is kept: small observations without traces or pictures. A screen has
100,800 bytes, and unpacking one takes longer than emulating the frame; such episodes are played again, at no cost to
the budget, since the same program, seed and caps give the same episode.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np

from hlearn.evaluate.api import Record, Recording
from hlearn.ledger import Caps
from hlearn.ledger.codec import encode
from hlearn.ledger.journal import canonical

_OBSERVATION_LIMIT = 4096  # bytes per decision


class Recordings:
    """Recordings by program, seed, caps and the key of the seeds.

    Args:
        folder: conventionally ``recordings`` of a system; git ignores it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, program: str, seed: int, caps: Caps, key: str, recording: Recording) -> None:
        """Stores a recording if that is cheaper than playing the episode again; a full disk is no failure."""
        size = recording.observations[:1].nbytes
        if caps.record in (Record.SHOWN, Record.TRACE, Record.TRACES) or size > _OBSERVATION_LIMIT:
            return
        path = self._path(program, seed, caps, key)
        part = path.with_suffix(".part")
        try:
            self.folder.mkdir(exist_ok=True)
            with part.open("wb") as file:
                np.savez_compressed(
                    file,
                    observations=recording.observations,
                    actions=recording.actions,
                    rewards=recording.rewards,
                    lives=recording.lives,
                )
            os.replace(part, path)
        except OSError:
            part.unlink(missing_ok=True)

    def load(self, program: str, seed: int, caps: Caps, key: str) -> Recording | None:
        """Returns a stored recording, None where there is none or it cannot be read."""
        try:
            with np.load(self._path(program, seed, caps, key), allow_pickle=False) as data:
                return Recording(
                    observations=data["observations"],
                    actions=data["actions"],
                    rewards=data["rewards"],
                    lives=data["lives"],
                )
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
            return None

    def _path(self, program: str, seed: int, caps: Caps, key: str) -> Path:
        name = canonical([program, seed, encode(caps), *([key] if key else [])])
        return self.folder / f"{hashlib.sha256(name.encode()).hexdigest()[:40]}.npz"
