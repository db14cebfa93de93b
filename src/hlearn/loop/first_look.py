"""A first look at a task before its budget is spent: what a user should know at the start, in words.

A few episodes of random play, a few seconds at most, neither recorded nor charged. Nothing of it reaches an editor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.evaluate.api import Evaluator, Job, Record, Recording, Result
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.loop.controls import random_play
from hlearn.records import Access, Episode, Split
from hlearn.tasks.environment import ActionSpace, ObservationSpec
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

_SEEDS = 800_000  # where in the development seeds these episodes begin; probes lie elsewhere
_EPISODES = 8
_TRIED = 10  # environment steps by which the speed is estimated first
_SECONDS = 3.0  # for all of it, about
_LONGEST = 1_000  # environment steps of an episode at most
_BYTES = 1 << 22  # of observations that are looked at, per episode
_SLOW_S = 1_200.0  # a run that is likely to take longer is told beforehand
_NAMED = 5  # components that a note names


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLook:
    """What random play showed.

    Attributes:
        length: environment steps of an episode, its mean; as far as it was played.
        steps_per_s: environment steps per second with all workers.
        notes: sentences for people, each worth knowing before the budget is spent.
    """

    length: float
    steps_per_s: float
    notes: tuple[str, ...]


def look_first(
    evaluator: Evaluator,
    task: Task,
    workers: int,
    observation: ObservationSpec,
    actions: ActionSpace,
    *,
    steps: int,
    seed: int,
    searches: bool,
    worlds: Worlds | None = None,
) -> FirstLook:
    """Plays a few random episodes and puts into words what stands in the way of learning.

    Args:
        evaluator: who plays.
        task: what is to be learnt.
        workers: episodes that the evaluator plays side by side.
        observation: what the task shows.
        actions: what it takes.
        steps: the budget, environment steps.
        seed: learning seed.
        worlds: what labels stand for.
        searches: whether the embedded search will spend it; it probes before it proposes.

    Raises:
        EnvironmentFault: the environment raised, or ended its process.
    """
    chance = random_play(actions).program
    size = int(np.prod(observation.shape)) * np.dtype(observation.dtype).itemsize
    seeds = split_seeds(Split.DEV, seed, _SEEDS, _EPISODES)

    def play(chosen: Sequence[int], longest: int) -> list[Result]:
        shown = max(1, _BYTES // max(size, 1))
        return KeyedEvaluator(evaluator, worlds or Worlds()).run(
            [
                Job(program=chance, seed=s, max_steps=longest, record=Record.STEPS, record_limit=shown)
                for s in chosen
            ]
        )

    played = play(seeds[:1], _TRIED)
    room = _SECONDS * _rate(played) * workers
    longest = int(min(_LONGEST, room / _EPISODES))
    if longest > _TRIED:
        played = play(seeds, longest)
    recordings = [r.recording for r in played if r.recording is not None]
    length = float(np.mean([max(1, r.outcome.env_steps) for r in played]))
    rate = _rate(played) * workers
    notes = [f"left out of what a program sees: {part}" for part in observation.left_out]
    notes += _unreadable(recordings, observation)
    notes += _rewards(played)
    notes += _slow(steps, rate)
    if searches:
        notes += _small(steps, length, task.access)
    return FirstLook(length=length, steps_per_s=rate, notes=tuple(notes))


def _rate(played: Sequence[Result]) -> float:
    """Environment steps per second of one worker, by the quickest episode: others met a busy machine."""
    return max(max(1, r.outcome.env_steps) / max(r.outcome.wall_s, 1e-6) for r in played)


def _unreadable(recordings: Sequence[Recording], observation: ObservationSpec) -> list[str]:
    """Numbers that are none, and observations that never change."""
    if observation.dtype == "uint8" or not any(len(r.observations) for r in recordings):
        return []
    seen = np.concatenate([r.observations for r in recordings])
    notes = []
    for word, wrong in (("NaN", np.isnan(seen)), ("infinite", np.isinf(seen))):
        places = np.flatnonzero(wrong.any(axis=0))
        if len(places):
            share = wrong.any(axis=1).mean()
            named = ", ".join(_named(int(p), observation) for p in places[:_NAMED])
            more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
            notes.append(
                f"the observation is {word} in {share:.0%} of the steps of random play, at {named}{more}; programs "
                "that calculate with it go astray, so mend the environment or leave these numbers out"
            )
    if len(seen) > 1 and not notes and (seen == seen[0]).all():
        notes.append("nothing that is observed changed in random play: a program has nothing to go by")
    return notes


def _named(place: int, observation: ObservationSpec) -> str:
    part = next((p for p in observation.parts if p.start <= place < p.start + p.size), None)
    return f"component {place}" + (f" ({part.name})" if part is not None else "")


def _rewards(played: Sequence[Result]) -> list[str]:
    episodes = [r.outcome for r in played if isinstance(r.outcome, Episode)]
    steps = sum(e.env_steps for e in episodes)
    paid = any(r.recording is not None and np.any(r.recording.rewards) for r in played)
    if not episodes or paid or any(e.score for e in episodes):
        return []
    return [
        f"random play saw no reward in {len(episodes)} episodes ({steps:,} steps): where it stays like that there is "
        "nothing to learn from. Rewards on the way (shaping), or a larger --steps, may help"
    ]


def _slow(steps: int, rate: float) -> list[str]:
    seconds = steps / rate
    if seconds <= _SLOW_S:
        return []
    long = f"{seconds / 3600:.1f} hours" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"
    if seconds < 7_200:
        long = f"{seconds / 60:.0f} minutes"
    return [
        f"slow: about {rate:,.0f} steps per second, so {steps:,} steps may take {long}; "
        f"--steps {_round_up(600 * rate)} takes about ten minutes"
    ]


def _small(steps: int, length: float, access: Access) -> list[str]:
    """Whether the search's probe and its first candidates would use up the budget."""
    probe = 12_000.0 if access is not Access.VECTOR else min(max(1_500.0, 8 * length), 40 * length)
    if steps >= 2 * probe + 24 * length:
        return []
    enough = _round_up(4 * probe + 200 * length)
    return [
        f"{steps:,} steps are too few for a search: looking around takes about {probe:,.0f} and every episode about "
        f"{length:,.0f}; give at least --steps {enough}"
    ]


def _round_up(value: float) -> int:
    """The next number of two digits and zeros."""
    unit = int(10 ** max(0, math.floor(math.log10(max(value, 1.0))) - 1))
    return math.ceil(value / unit) * unit
