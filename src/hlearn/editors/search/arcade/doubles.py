"""Candidates that would do the same as others did: their first episode is known without playing it.

All candidates play their first episode on one seed. Whoever acts there as another did sees what that one saw, so
whoever does so to the end of its episode would play that very episode. Many children are such doubles: a constant
changed that no situation asks for, a condition that never holds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hlearn.editors.search.race import Runner
from hlearn.evaluate.api import Recording
from hlearn.evaluate.loading import Unfit, compile_program, load_policy, unload
from hlearn.policy.base import Policy
from hlearn.policy.randomness import uses_randomness

ROOM = 48 << 20  # bytes of observations that are kept
LARGEST = 4_096  # bytes of one observation: pictures would fill the room in a few episodes


class Doubles:
    """First episodes of candidates, as they saw them and as they acted.

    Candidates are programs that the search wrote itself, so they act here, without walls, on what was seen.

    Args:
        room: bytes of observations that are kept; beyond it the episodes of those who scored least go.

    Attributes:
        found: how many candidates were doubles.
    """

    def __init__(self, room: int = ROOM) -> None:
        self.found = 0
        self._room = room
        self._episodes: dict[Runner, tuple[np.ndarray, list[int]]] = {}
        self._ways: dict[Runner, bytes | None] = {}  # since the last episode was taken in

    def keep(self, runner: Runner, recording: Recording) -> None:
        """Takes in the first episode of a candidate, as far as it was played."""
        if uses_randomness(runner.program) or not len(recording.actions):
            return
        self._episodes[runner] = recording.observations, recording.actions.tolist()
        self._ways.clear()
        while len(self._episodes) > 1 and sum(s.nbytes for s, _ in self._episodes.values()) > self._room:
            del self._episodes[min(self._episodes, key=lambda r: (r.mean, -r.number))]

    def has(self, runner: Runner) -> bool:
        """Whether a candidate would play an episode that is known, to its end."""
        same = self._way(runner) is None
        self.found += same
        return same

    def unlike(self, runners: Sequence[Runner]) -> list[Runner]:
        """One of those that act alike as far as is known, of each such group: the others may be doubles of it."""
        first: dict[bytes, Runner] = {}
        for runner in runners:
            if (way := self._way(runner)) is not None:
                first.setdefault(way, runner)
        return list(first.values())

    def _way(self, runner: Runner) -> bytes | None:
        """How a candidate acts until it leaves what is known; None where it never does."""
        if runner not in self._ways:
            self._ways[runner] = self._acted(runner)
        return self._ways[runner]

    def _acted(self, runner: Runner) -> bytes | None:
        own = runner.program.sha256.encode()  # nobody else's
        if uses_randomness(runner.program):
            return own
        loadable = compile_program(runner.program)
        if isinstance(loadable, Unfit):
            return own  # it fails where it is played, and that is recorded
        try:
            policy = load_policy(loadable)
            policy.reset(0)
            return self._followed(policy)
        except Exception:  # noqa: BLE001 - likewise: only an episode makes its failure a record
            return own
        finally:
            unload()

    def _followed(self, policy: Policy) -> bytes | None:
        alike, way = list(self._episodes.values()), bytearray()
        while alike:
            # Those who acted alike so far on the one seed have seen the same: any of them shows what comes next.
            action, step = int(policy.act(alike[0][0][len(way)])), len(way)
            way.append(action)
            alike = [(seen, acted) for seen, acted in alike if acted[step] == action]
            if any(len(acted) == len(way) for _, acted in alike):
                return None
        return bytes(way)
