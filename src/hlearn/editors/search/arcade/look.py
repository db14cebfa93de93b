"""Probing: playing at random for a while and turning what was seen into signals and relations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.editors.api import Lab
from hlearn.editors.search.arcade.events import Reading
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.lanes import Lanes
from hlearn.editors.search.arcade.outlook import WorldModel
from hlearn.editors.search.arcade.relations import DistanceAssociation, ProbeTrajectory, find_relations
from hlearn.editors.search.arcade.signals import DetectorTemplate, Signal
from hlearn.evaluate.api import Job, Record, Recording, Result
from hlearn.probe.effects import SampledEpisode
from hlearn.probe.motion import Motion
from hlearn.probe.random_play import HOLDING
from hlearn.records import Program
from hlearn.tasks.environment import Discrete

EPISODES = 3  # of each kind of probe
PROBE_STEPS = 2_000  # environment steps per probe episode at most
HOLDS = ((2, 16), (20, 120))  # shortest and longest time an action is held, per kind of probe (steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeFindings:
    """What a probe found.

    Attributes:
        own: positions that commands move, the best explained first.
        movers: positions that move by themselves, the busiest first.
        flags: other numbers that take few values, for guards.
        targets: every number that may be the place of something.
        steered: numbers per axis that commands move in some way, the clearest first, for want of own positions.
        watch: reads looks at the player and at things from further recordings.
        world: the player, things and what they do; None where no player is seen.
        relations: what goes with gains and losses, the strongest first.
        lanes: rows of things that run over a player who crosses their lanes.
        perils: lists of everything that comes down on a player who walks along an edge.
        tally: the score as it is shown, None if nothing tells it.
        length: mean length of a random episode (environment steps).
        score: mean score of random play.
        recordings: the probe's episodes.
        record: what has to be recorded of further episodes,
        program: of which program (given what it was written from),
        read: and how they are read: as numbers, and which numbers may be coordinates of things.
    """

    own: tuple[Signal, ...]
    movers: tuple[Signal, ...]
    flags: tuple[Signal, ...]
    targets: tuple[Signal, ...] = ()
    steered: tuple[Signal, ...] = ()
    world: WorldModel | None = None
    watch: Callable[[Sequence[Recording]], tuple[SampledEpisode, ...]] | None = None
    relations: tuple[DistanceAssociation, ...]
    lanes: tuple[Lanes, ...] = ()
    perils: tuple[Signal, ...] = ()
    tally: Signal | None = None
    length: float
    score: float
    recordings: tuple[Recording, ...]
    record: Record
    read: Callable[[Sequence[Recording]], Reading]
    program: Callable[[Genome, Program], Program]


def wanderer(
    buttons: Sequence[str], hold: tuple[int, int], sights: Sequence[DetectorTemplate] = ()
) -> Program:
    """A program that holds random actions for random times: the probe.

    Args:
        buttons: the environment's action names.
        hold: shortest and longest time an action is held (steps).
        sights: detectors it carries along, so that its trace tells what they see.
    """
    imports = sorted({line for s in sights for line in s.imports})
    constants = [line for i, s in enumerate(sights) for line in s.written(s.constants, f"sight_{i}")]
    setup = [line for i, s in enumerate(sights) for line in s.written(s.setup, f"sight_{i}")]
    lines = [f'{HOLDING} for a random while: shows what actions do."""', "", *imports]
    lines += ["from hlearn.policy import RulePolicy, detect, rule", "", *constants, ""]
    lines += ["", "class Wanderer(RulePolicy):", "    def setup(self):"]
    lines += [f"        {line}" for line in ("self.left = 0", "self.choice = 0", *setup)]
    for i, sight in enumerate(sights):
        lines += ["", "    @detect", f"    def sight_{i}(self, obs):"]
        body = sight.written(sight.body, f"sight_{i}", "sight_0" if i else "")
        lines += [f"        {line}" for line in body]
    lines += [
        "",
        "    @rule",
        "    def wander(self, s):",
        "        if self.left == 0:",
        f"            self.choice = self.rng.randrange({len(buttons)})",
        f"            self.left = self.rng.randrange({hold[0]}, {hold[1]})",
        "        self.left -= 1",
        "        return self.choice",
        "",
    ]
    return Program(source="\n".join(lines))


def play_probe(lab: Lab, record: Record, sights: Sequence[DetectorTemplate] = ()) -> list[Result]:
    """Plays the probe's episodes, short and long holds in turn.

    Raises:
        BudgetExhausted: the budget ends before the probe does.
    """
    assert isinstance(lab.actions, Discrete)
    jobs = [
        Job(
            program=wanderer(lab.actions.names, hold, sights),
            seed=seed,
            max_steps=PROBE_STEPS,
            record=record,
        )
        for at, hold in enumerate(HOLDS)
        for seed in lab.seeds(at * EPISODES, EPISODES)
    ]
    return lab.measure(jobs)


def signal(sight: DetectorTemplate, motion: Motion, field: str = "") -> Signal:
    """A signal with what was measured of its motion."""
    return Signal(
        sight=sight,
        field=field,
        low=motion.low,
        high=motion.high,
        turns=motion.turns,
        speed=motion.speed,
        moving=motion.moving,
        drive=motion.axis,
        pending=motion.pending,
        coasting=motion.coasting,
        reach=motion.step or float(sum(motion.response)),
        explained=motion.explained,
    )


def relate(
    passages: Sequence[ProbeTrajectory], own: Sequence[Signal], others: Sequence[Signal]
) -> tuple[DistanceAssociation, ...]:
    """Every relation of one's own best coordinate on each axis, the strongest first."""
    found: list[DistanceAssociation] = []
    for axis in ("x", "y"):
        best = next((s for s in own if s.drive == axis), None)
        if best is not None:
            comparable = [o for o in others if o.axis is None or best.axis is None or o.axis == best.axis]
            found += find_relations(passages, best, comparable)
    return tuple(sorted(found, key=lambda r: -r.strength))


def unseen(results: Sequence[Result]) -> ProbeFindings:
    """What is left to go by if no probe episode could be recorded: nothing."""
    length, score = means(results)
    return ProbeFindings(
        own=(),
        movers=(),
        flags=(),
        relations=(),
        length=length,
        score=score,
        recordings=(),
        record=Record.NOTHING,
        read=lambda recordings: Reading([], (), ()),
        program=lambda genome, program: program,
    )


def means(results: Sequence[Result]) -> tuple[float, float]:
    """Mean length (environment steps) and mean score of episodes; 0 where there are none."""
    if not results:
        return 0.0, 0.0
    return (
        float(np.mean([r.outcome.env_steps for r in results])),
        float(np.mean([r.outcome.score for r in results])),
    )
