"""Trivial play on the champion's fresh seeds: what a program must beat to be worth anything.

Random play, every constant action (doing nothing among them) and, where seeds matter, the blind replay. They are
measured as reports, outside of learning, and judged by the gate's own test. One code for games and vectors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

from hlearn.evaluate.api import EvaluatorMaker, Job, Result
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evidence.measure import WAIT_S, run_outside
from hlearn.gate.race import Race
from hlearn.lab import MeteredEvaluator
from hlearn.lab.recordings import Recordings
from hlearn.ledger import Decision, Purpose
from hlearn.policy.randomness import uses_randomness
from hlearn.probe.random_play import random_program
from hlearn.records import Evaluation, Program, Split
from hlearn.system import System
from hlearn.tasks.environment import ActionSpace, Discrete
from hlearn.tasks.registry import describe, report_cap, seed_matters
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task

Measure = Callable[[Sequence[Job]], list[Result]]
Say = Callable[[str, int], None]  # what plays now, and how many episodes are left at most, its own included

SHOWN = 10  # episodes of each control at least, where the champion has as many
_SCREENED = 3  # episodes on which constant actions are compared at most; the best one plays on
_STAYING = 3  # of so many constant actions one stays after each of these episodes, the best ones
_AT_LEAST = 3  # constant actions that play all of these episodes, where there are as many
_MOST = 18  # constant actions that are tried; of more actions so many, evenly spread
_STALL = 9_000  # environment steps without reward after which a control's episode is over, as at the gate
_SHORT = 1_000  # environment steps that a control may play in any case

_CONSTANT = '''"""One action, whatever is seen: {name}; written by hlearn as a control."""


class Constant:
    """Never looks."""

    def reset(self, seed):
        pass

    def act(self, observation):
        return {action}
'''


class Control(NamedTuple):
    """One trivial way to play; ``name`` says it in words ("random play", "doing nothing", "always LEFT")."""

    name: str
    program: Program


class ControlScores(NamedTuple):
    """A control's scores on the first holdout seeds, and their mean."""

    name: str
    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean score, higher is better."""
        return sum(self.scores) / len(self.scores)


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What trivial play scores on a champion's fresh seeds.

    Attributes:
        random: random play.
        constant: the best constant action.
        best: the best of these and, where seeds matter, the blind replay.
        better: whether the champion is better than ``best`` by the gate's test; None where there are too few episodes
            to tell.
        reason: the test's own words.
    """

    random: ControlScores
    constant: ControlScores
    best: ControlScores
    better: bool | None
    reason: str


def random_play(actions: ActionSpace) -> Control:
    """The program that draws every action anew."""
    return Control("random play", random_program(actions))


def constant_play(actions: ActionSpace) -> tuple[Control, ...]:
    """Programs of one action each: every discrete one (18 at most); of a box zero, middle, low and high ends."""
    if isinstance(actions, Discrete):
        step = max(1, math.ceil(actions.n / _MOST))
        return tuple(_constant(_called(actions, a), repr(a)) for a in range(0, actions.n, step))
    bounds = actions.finite_bounds
    choices = {
        "doing nothing (0)": [min(max(0.0, a), b) for a, b in bounds],
        "always the middle": [(a + b) / 2 for a, b in bounds],
        "always the lowest": [a for a, _ in bounds],
        "always the highest": [b for _, b in bounds],
    }
    named = {repr(action): name for name, action in reversed(choices.items())}  # of equals the first
    return tuple(_constant(named[repr(a)], repr(a)) for n, a in choices.items() if named[repr(a)] == n)


def most_episodes(actions: ActionSpace, champion: int) -> int:
    """How many episodes trivial play takes at most where the champion played so many."""
    return 2 * champion + _screening(len(constant_play(actions)), min(_SCREENED, champion))


def play_controls(
    measure: Measure,
    task: Task,
    actions: ActionSpace,
    champion: Evaluation,
    seeds: Sequence[int],
    *,
    blind: ControlScores | None = None,
    say: Say = lambda text, left: None,
    heard: Callable[[ControlScores], None] = lambda scores: None,
) -> Controls | None:
    """Plays trivial programs on holdout seeds and judges the champion against the best of them.

    Constant actions race: all play one episode, and after each the best third stays (three at least). Clear cases are
    decided on the first ten seeds; where they do not tell, the controls play all that the champion has, but for those
    that the best is clearly better than. An environment without a time limit is played no longer than twice the
    champion's longest episode.

    Args:
        measure: plays jobs as reports.
        task: what is played.
        actions: what it takes.
        champion: its holdout episodes.
        seeds: holdout seeds, as many as a control may play at most; the champion's come first.
        blind: the blind replay's scores where it counts: not where every seed gives the same episode.
        say: is told what plays.
        heard: is told the scores of random play as soon as they are known.

    Returns:
        None where the champion failed an episode.
    """
    ours = list(champion.scores)
    if champion.failures or not ours:
        return None
    if not seed_matters(task):
        ours = ours + [ours[-1]] * (len(seeds) - len(ours)) if len(ours) == 1 else ours
    most = len(ours)
    shown = min(SHOWN, most)
    chance, constants = random_play(actions), constant_play(actions)
    cap = report_cap(task)
    if cap is not None:  # no time limit: twice as long as the champion says enough
        cap = min(cap, max(_SHORT, 2 * max(o.env_steps for o in champion.outcomes)))

    def play(control: Control, seeds: Sequence[int]) -> ControlScores:
        says_all = not seed_matters(task) and not uses_randomness(control.program)
        different = seeds[:1] if says_all else seeds
        jobs = [Job(program=control.program, seed=s, max_steps=cap, stall_steps=_STALL) for s in different]
        scores = tuple(r.outcome.score for r in measure(jobs))
        return ControlScores(control.name, scores * len(seeds) if says_all else scores)

    rounds = min(_SCREENED, most)
    left = most + _screening(len(constants), rounds)
    say(f"control: {chance.name}", most + left)
    by_chance = play(chance, seeds[:shown])
    heard(by_chance)
    say("controls: constant actions", most - shown + left)
    best_constant = _race(constants, rounds, lambda control, i: play(control, seeds[i : i + 1]).mean)
    controls = [chance, best_constant]
    say(f"control: {best_constant.name}", 2 * most - shown)
    played = [by_chance, play(best_constant, seeds[:shown])]
    judged = _judged(ours, played, blind)
    if judged.better or most == shown or judged.best is blind:
        return judged
    for i, control in enumerate(controls):
        if not is_better(judged.best.scores, played[i].scores)[0]:
            say(f"control: {control.name}", (len(controls) - i) * (most - shown))
            played[i] = play(control, seeds)
    return _judged(ours, played, blind)


def _race(constants: Sequence[Control], rounds: int, play: Callable[[Control, int], float]) -> Control:
    """The best constant action: one episode each, then the best third one more, and so on; of equals the first."""
    sums = [0.0] * len(constants)
    staying = list(range(len(constants)))
    for count in range(rounds):
        for i in staying:
            sums[i] += play(constants[i], count)
        staying = sorted(staying, key=lambda i: -sums[i])[: _stay(len(staying))]
    return constants[staying[0]]


def _screening(constants: int, rounds: int) -> int:
    """Episodes of that race."""
    episodes = 0
    for _ in range(rounds):
        episodes += constants
        constants = _stay(constants)
    return episodes


def _stay(constants: int) -> int:
    return max(min(_AT_LEAST, constants), math.ceil(constants / _STAYING))


def _judged(ours: Sequence[float], played: Sequence[ControlScores], blind: ControlScores | None) -> Controls:
    """The champion against the best of those that played most seeds; the others lie clearly behind one of these."""
    most = max(len(p.scores) for p in played)
    every = [*(p for p in played if len(p.scores) == most), *([blind] if blind is not None else [])]
    common = min(len(p.scores) for p in every)
    best = max(every, key=lambda p: sum(p.scores[:common]))
    better, reason = is_better(ours, best.scores)
    return Controls(random=played[0], constant=played[1], best=best, better=better, reason=reason)


def is_better(champion: Sequence[float], control: Sequence[float]) -> tuple[bool | None, str]:
    """Whether the champion is better than a control on the same seeds, by the gate's test, and the test's words.

    None where fewer seeds were played than the test can decide on.
    """
    n = min(len(champion), len(control))
    race = Race()
    judgement = race.judge(champion[:n], control[:n], last=True, final=True)
    reason = judgement.reason.replace("gate seed", "fresh seed")
    if judgement.decision is Decision.ACCEPTED:
        return True, reason
    if judgement.decision is Decision.UNDECIDED and sum(champion[:n]) <= sum(control[:n]):
        reason = reason.replace("undecided: ", "no better: ", 1)
    return (False if race.may_decide(n) else None), reason


def play_controls_of(
    system: System,
    task: Task,
    champion: Evaluation,
    *,
    workers: int,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> Controls | None:
    """The same for a program that was measured on holdout seeds outside of any run."""
    actions = describe(task).actions
    with system.exclusive(wait_s=WAIT_S), closing(evaluators(task, workers=workers)) as evaluator:
        meter = MeteredEvaluator(
            task=task,
            run=run_outside(system, task, workers=workers),
            ledger=system.ledger,
            programs=system.programs,
            recordings=Recordings(system.path / "recordings"),
            evaluator=evaluator,
            worlds=system.worlds,
            replaying=False,
        )
        seeds = split_seeds(Split.HOLDOUT, 0, 0, max(len(champion.outcomes), SHOWN))
        controls = play_controls(
            lambda jobs: meter.measure(jobs, Purpose.REPORT), task, actions, champion, seeds
        )
        system.programs.sync()
    return controls


def _constant(name: str, action: str) -> Control:
    return Control(name, Program(source=_CONSTANT.format(name=name, action=action)))


def _called(actions: Discrete, action: int) -> str:
    if not actions.names:
        return f"always action {action}"
    name = actions.names[action]
    return "doing nothing (NOOP)" if name == "NOOP" else f"always {name}"
