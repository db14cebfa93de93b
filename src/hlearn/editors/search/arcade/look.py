"""Probing: playing at random for a while and turning what was seen into signals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.editors.api import Lab
from hlearn.editors.search.arcade.signals import Sight, Signal
from hlearn.evaluate.api import Job, Record, Recording
from hlearn.probe.ram import ByteMotion, find_motions
from hlearn.records import Program
from hlearn.tasks.environment import Discrete

EPISODES = 4
PROBE_STEPS = 2500  # environment steps per probe episode at most


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a probe found.

    Attributes:
        own: positions that commands move, the best explained first.
        movers: positions that move by themselves, the busiest first.
        flags: other numbers that take few values, for guards.
        length: mean length of a random episode (environment steps).
        score: mean score of random play.
    """

    own: tuple[Signal, ...]
    movers: tuple[Signal, ...]
    flags: tuple[Signal, ...]
    length: float
    score: float


def wanderer(buttons: tuple[str, ...]) -> Program:
    """A program that holds random actions for random times: the probe."""
    return Program(
        source=f'''"""Holds a random action for a random while: shows what actions do."""

from hlearn.policy import RulePolicy, rule


class Wanderer(RulePolicy):
    buttons = {buttons!r}

    def setup(self):
        self.left = 0
        self.choice = 0

    @rule
    def wander(self, s):
        if self.left == 0:
            self.choice = self.rng.randrange(len(self.buttons))
            self.left = self.rng.randrange(2, 16)
        self.left -= 1
        return self.choice
'''
    )


def look_at_ram(lab: Lab) -> View:
    """Plays the probe and reads the bytes.

    Raises:
        BudgetExhausted: the budget ends before the probe does.
    """
    assert isinstance(lab.actions, Discrete)
    program = wanderer(lab.actions.names)
    jobs = [
        Job(program=program, seed=seed, max_steps=PROBE_STEPS, record=Record.STEPS)
        for seed in lab.seeds(0, EPISODES)
    ]
    results = lab.measure(jobs)
    recordings = [r.recording for r in results if r.recording is not None]
    episodes = [(r.observations, r.actions) for r in recordings]
    motions = _distinct(find_motions(episodes, lab.actions.names), recordings)
    own = tuple(_signal(m) for m in motions if m.axis is not None)
    movers = tuple(_signal(m) for m in motions if m.axis is None)
    return View(
        own=own,
        movers=movers,
        flags=_flags(recordings, {m.index for m in motions}),
        length=float(np.mean([r.outcome.env_steps for r in results])),
        score=float(np.mean([r.outcome.score for r in results])),
    )


def _distinct(motions: Sequence[ByteMotion], recordings: Sequence[Recording]) -> list[ByteMotion]:
    """Drops bytes that move just as another does (copies of a position, shifted at most by a constant)."""
    seen: set[bytes] = set()
    kept = []
    for motion in motions:
        print_ = b"".join(np.diff(r.observations[:, motion.index].astype(np.int16)).tobytes() for r in recordings)
        if print_ not in seen:
            seen.add(print_)
            kept.append(motion)
    return kept


def _signal(motion: ByteMotion) -> Signal:
    return Signal(
        sight=_byte(motion.index, coded=motion.coded),
        low=motion.low,
        high=motion.high,
        turns=None if np.isnan(motion.turns[0]) or motion.turns[0] == motion.turns[1] else motion.turns,
        speed=motion.speed,
        moving=motion.moving,
        drive=motion.axis,
        pending=_trim(motion.pending),
        explained=motion.explained,
    )


def _trim(pending: tuple[float, ...]) -> tuple[float, ...]:
    end = len(pending)
    while end and abs(pending[end - 1]) < 0.05:
        end -= 1
    return pending[:end]


def _byte(index: int, *, coded: bool = False) -> Sight:
    if coded:
        return Sight(
            key=f"ram[{index}] as fine and coarse",
            imports=("from hlearn.parts import fine_coarse",),
            body=(f"return fine_coarse(obs[{index}])",),
        )
    return Sight(key=f"ram[{index}]", body=(f"return int(obs[{index}])",))


def _flags(recordings: Sequence[Recording], taken: set[int]) -> tuple[Signal, ...]:
    """Bytes that take a few values and change now and then."""
    every = np.concatenate([r.observations for r in recordings])
    changed = np.mean(np.concatenate([np.diff(r.observations.astype(np.int16), axis=0) != 0 for r in recordings]), axis=0)
    found = []
    for index in range(every.shape[1]):
        distinct = len(np.unique(every[:, index]))
        if index not in taken and 2 <= distinct <= 24 and 0.0005 < changed[index] < 0.3:
            low, high = float(every[:, index].min()), float(every[:, index].max())
            found.append(Signal(sight=_byte(index), low=low, high=high, moving=float(changed[index])))
    return tuple(found)
