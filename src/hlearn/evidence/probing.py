"""A look at an environment by random play, put into words for people; the search probes on its own account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hlearn.evaluate.api import Recording
from hlearn.records import Access, Split
from hlearn.tasks.environment import ActionSpace, Discrete, ObservationSpec, draw_action
from hlearn.tasks.registry import open_apart
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task

_HOLDS = ((2, 16), (20, 120))  # shortest and longest time an action is held, in turn (decisions)
_VECTOR_HOLDS = ((1, 8), (1, 8))
_EPISODE = 2_000  # environment steps of one episode at most
_SCREENS = 2_500  # frames of the screen that are looked at


class Finding(NamedTuple):
    """One thing that was found: what it is called in programs, what it does, how that shows."""

    name: str
    kind: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """What random play showed.

    Attributes:
        env_steps: environment steps played.
        episodes: episodes begun.
        mean_score: mean return of the episodes as far as they were played, at most 2,000 steps each.
        mean_length: mean decisions of these.
    """

    task: Task
    observation: ObservationSpec
    actions: ActionSpace
    env_steps: int
    episodes: int
    mean_score: float
    mean_length: float
    findings: tuple[Finding, ...]


def probe_randomly(task: Task, *, steps: int, seed: int) -> ProbeReport:
    """Plays at random, holding each action for a while, and tells what is found.

    Args:
        task: what is played; on development seeds.
        steps: environment steps to play.
        seed: decides seeds and actions.
    """
    environment = open_apart(task)
    try:
        spec, space = environment.observation, environment.actions
        rng = np.random.default_rng(seed)
        holds = _VECTOR_HOLDS if task.access is Access.VECTOR else _HOLDS
        budget = min(steps, _SCREENS) if task.access is Access.PIXELS else steps
        recordings: list[Recording] = []
        used = 0
        while used < budget:
            number = len(recordings)
            (start,) = split_seeds(Split.DEV, seed, number, 1)
            observation = np.empty(spec.shape, spec.dtype)
            spent = environment.reset(start, observation)
            seen, acted, rewards = [], [], []
            left = 0
            action: int | np.ndarray = 0
            over = False
            while not over and spent < min(_EPISODE, budget - used):
                if left <= 0:
                    left = int(rng.integers(*holds[number % 2], endpoint=True))
                    action = draw_action(space, rng)
                left -= 1
                seen.append(observation.copy())
                acted.append(action)
                reward, terminated, truncated, cost = environment.step(action, observation)
                rewards.append(reward)
                spent += cost
                over = terminated or truncated
            used += spent
            if not seen:
                break
            recordings.append(
                Recording(
                    observations=np.stack(seen), actions=np.asarray(acted), rewards=np.asarray(rewards, float)
                )
            )
    finally:
        environment.close()
    scores = [float(r.rewards.sum()) for r in recordings]
    return ProbeReport(
        task=task,
        observation=spec,
        actions=space,
        env_steps=used,
        episodes=len(recordings),
        mean_score=float(np.mean(scores)) if scores else 0.0,
        mean_length=float(np.mean([len(r.rewards) for r in recordings])) if scores else 0.0,
        findings=_findings(task.access, recordings, space, spec, scores),
    )


def _findings(
    access: Access,
    recordings: Sequence[Recording],
    space: ActionSpace,
    spec: ObservationSpec,
    scores: Sequence[float],
) -> tuple[Finding, ...]:
    if not recordings:
        return ()
    if access is Access.VECTOR:
        return _vector(recordings, space, spec, scores)
    names = space.names if isinstance(space, Discrete) else ()
    if not names:
        return ()
    episodes = [(r.observations, r.actions) for r in recordings]
    return _ram(episodes, names) if access is Access.RAM else _screen(episodes, names)


def _ram(episodes: Sequence[tuple[np.ndarray, np.ndarray]], names: Sequence[str]) -> tuple[Finding, ...]:
    from hlearn.probe.ram import find_motions

    found = []
    for byte in find_motions(episodes, names):
        motion = byte.motion
        told = f"{motion.low:g} to {motion.high:g}, moves in {motion.moving:.0%} of the steps by {motion.speed:g}"
        kind = "moves by itself"
        if motion.axis is not None:
            kind = f"driven along {motion.axis}"
            told += f"; commands explain {motion.explained:.0%} of its motion"
        found.append(Finding(f"ram[{byte.index}]{' decoded' if byte.coded else ''}", kind, told))
    return tuple(found)


def _screen(episodes: Sequence[tuple[np.ndarray, np.ndarray]], names: Sequence[str]) -> tuple[Finding, ...]:
    from hlearn.probe.pixels import find_things, record_screens

    scene = find_things(record_screens(episodes, names))
    return tuple(Finding(t.name, t.kind.value, t.evidence) for t in scene.things)


def _vector(
    recordings: Sequence[Recording], space: ActionSpace, spec: ObservationSpec, scores: Sequence[float]
) -> tuple[Finding, ...]:
    from hlearn.probe.vector.draw import draw_sketch

    sketch = draw_sketch(recordings, space, spec, scores=scores)
    found = []
    for signal in sketch.signals:
        rate = f"; rate of change of {signal.rate_of}" if signal.rate_of else ""
        peak = "" if signal.target is None else f"; the reward peaks where it is {signal.target:.3g}"
        told = f"{signal.source}: mean {signal.centre:.3g}, spread {signal.scale:.3g}{rate}{peak}"
        found.append(Finding(signal.name, signal.kind, told))
    for axis in sketch.axes:
        drives = (
            ", ".join(f"{name} {effect:+.2g}" for name, effect in axis.drives[:4]) or "nothing for certain"
        )
        which = f"action {axis.plus}" + ("" if axis.minus is None else f" against {axis.minus}")
        if not sketch.discrete:
            which = f"channel {axis.plus}"
        found.append(Finding(axis.name, "push", f"{which} drives {drives} (spreads per step)"))
    return tuple(found)
