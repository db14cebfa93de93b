"""The end of a run: the champion on holdout seeds, and how much of its score needs no eyes."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hlearn.evaluate.api import Job, Record, Result
from hlearn.lab import MeteredEvaluator
from hlearn.lab.purse import cost_so_far
from hlearn.ledger import Decision, HoldoutUsed, Ledger, Measured, Purpose, Refused, RunStarted, Trial
from hlearn.ledger.totals import totals
from hlearn.loop.blind import blind_program
from hlearn.loop.controls import Controls, ControlScores
from hlearn.loop.result import LearnResult
from hlearn.policy.randomness import uses_randomness
from hlearn.records import Episode, Evaluation, Failure, Program, Protocol, Split
from hlearn.system import System
from hlearn.tasks.environment import ActionSpace
from hlearn.tasks.registry import report_cap, seed_matters, traits
from hlearn.tasks.scores import human_normalized_score
from hlearn.tasks.seeds import split_of, split_seeds
from hlearn.tasks.task import Task

_BLIND_EPISODES = 10
_AT_ONCE = (
    3  # holdout episodes of each worker that are recorded together; who is stopped loses so many at most
)
_ALIKE = 5  # holdout episodes where every episode of learning had the same score, and these have it too
_LOOKED_AT = (
    50  # decisions of a replay whose observations are compared, to see whether its seeds differ at all
)


def play_holdout(
    meter: MeteredEvaluator,
    task: Task,
    champion: Program,
    episodes: int,
    why: str,
    heard: Callable[[Evaluation], None] = lambda evaluation: None,
) -> Evaluation:
    """Plays the first holdout episodes, whole, and records that they were used.

    Where the seed has no effect and the program uses none, one episode says all. Where all of learning had one score
    (no reward, in most cases), a few episodes of that score are enough; another score, and all are played. Where the
    environment has no time limit, episodes have a cap. After every few episodes ``heard`` is told what was played.
    """
    if not seed_matters(task) and not uses_randomness(champion):
        episodes = min(episodes, 1)
    only, cap = _only_score(meter.ledger), report_cap(task)
    outcomes: tuple[Episode | Failure, ...] = ()
    for count in (episodes,) if only is None else dict.fromkeys((min(_ALIKE, episodes), episodes)):
        used = HoldoutUsed(program=champion.sha256, first=0, episodes=count, why=why)
        if not any(row.event == used for row in meter.ledger.rows):
            meter.ledger.append(used)
        seeds = split_seeds(Split.HOLDOUT, 0, len(outcomes), count - len(outcomes))
        for some in _batched(seeds, _AT_ONCE * meter.run.workers):
            jobs = [Job(program=champion, seed=s, max_steps=cap) for s in some]
            outcomes += tuple(r.outcome for r in meter.measure(jobs, Purpose.REPORT))
            heard(Evaluation(program=champion.sha256, split=Split.HOLDOUT, outcomes=outcomes))
        if all(isinstance(o, Episode) and o.score == only for o in outcomes):
            break
    return Evaluation(program=champion.sha256, split=Split.HOLDOUT, outcomes=outcomes)


class Blind(NamedTuple):
    """The blind replay on holdout seeds.

    Attributes:
        scores: one per episode.
        counts: whether the seeds showed themselves: where every seed gives the same episode, a replay is that episode
            and says nothing about eyes.
    """

    scores: tuple[float, ...]
    counts: bool


def play_blind(
    meter: MeteredEvaluator, champion: Program, actions: ActionSpace, episodes: int
) -> Blind | None:
    """The champion's best development episode, replayed blindly on holdout seeds; None if it failed."""
    best, cap = _best_dev(meter.ledger, champion), report_cap(meter.task)
    if best is None:
        first = split_seeds(Split.DEV, meter.run.seed, 0, 1)[0]
        best = Job(program=champion, seed=first, max_steps=cap, record=Record.ACTIONS)
    shown = meter.measure([best], Purpose.REPORT)[0]
    assert shown.recording is not None
    blind = blind_program(shown.recording.actions, actions)
    count = blind_episodes(meter.task, episodes)
    known = meter.task.protocol is not Protocol.STANDARD  # whether seeds matter
    jobs = [
        Job(
            program=blind,
            seed=s,
            max_steps=cap,
            stall_steps=_stall(shown),
            record=Record.NOTHING if known else Record.STEPS,
            record_limit=None if known else _LOOKED_AT,
        )
        for s in split_seeds(Split.HOLDOUT, 0, 0, count)
    ]
    results = meter.measure(jobs, Purpose.REPORT)
    if any(isinstance(r.outcome, Failure) for r in results):
        return None
    counts = seed_matters(meter.task) and not _all_alike(results)
    return Blind(tuple(r.outcome.score for r in results), counts)


def _all_alike(results: Sequence[Result]) -> bool:
    """Whether episodes on several seeds showed the same, byte for byte, as far as was recorded."""
    seen = [(r.recording.observations.tobytes(), r.outcome.score) for r in results if r.recording is not None]
    return len(seen) > 1 and len(set(seen)) == 1


def _batched(seeds: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """The seeds in order, so many at a time."""
    return (seeds[i : i + size] for i in range(0, len(seeds), size))


def blind_episodes(task: Task, holdout: int) -> int:
    """How many episodes the blind replay is played where ``holdout`` episodes were."""
    return min(holdout, _BLIND_EPISODES if seed_matters(task) else 1)


def _stall(shown: Result) -> int:
    """When a replay is over: it went without reward for twice as long as the original ever did, and a minute."""
    assert shown.recording is not None
    rewarded = np.flatnonzero(shown.recording.rewards)
    longest = int(np.max(np.diff(rewarded, prepend=0, append=len(shown.recording.rewards)), initial=0))
    per_decision = shown.outcome.env_steps / max(shown.outcome.length, 1)
    return int(2 * longest * per_decision) + 3600


def _best_dev(ledger: Ledger, champion: Program) -> Job | None:
    best: tuple[float, Job] | None = None
    for row in ledger.rows:
        event = row.event
        if not isinstance(event, Measured) or event.program != champion.sha256 or event.key != ledger.epoch:
            continue
        for outcome in event.outcomes:
            if split_of(outcome.seed) is not Split.DEV or not isinstance(outcome, Episode):
                continue
            if best is None or outcome.score > best[0]:
                job = Job(
                    program=champion,
                    seed=outcome.seed,
                    max_steps=event.caps.max_steps,
                    stop_score=event.caps.stop_score,
                    stall_steps=event.caps.stall_steps,
                    hurdles=event.caps.hurdles,
                    record=Record.ACTIONS,
                )
                best = outcome.score, job
    return best[1] if best else None


def result_of(
    system: System,
    task: Task,
    run: RunStarted,
    *,
    holdout: Evaluation | None,
    blind: Blind | None,
    chance: ControlScores | None,
    controls: Controls | None,
    unmeasured: str | None,
    unjudged: Path | None,
    why: str,
    seconds: float,
    busy_s: float,
) -> LearnResult:
    """Rebuilds the result from the ledger, beside what was just played."""
    sums, cost = totals(system.ledger), cost_so_far(system.ledger)
    champion = system.champion()
    score = holdout.mean if holdout else None
    scores = holdout.scores if holdout else ()
    return LearnResult(
        score=score,
        score_min=min(scores, default=None),
        score_max=max(scores, default=None),
        hns=None if score is None else human_normalized_score(task.env_id, score),
        best_dev=sums.best_dev,
        blind_replay=None if blind is None else statistics.fmean(blind.scores),
        blind_counts=None if blind is None else blind.counts,
        random_play=chance.mean if chance else None,
        best_constant=controls.constant.mean if controls else None,
        best_constant_action=controls.constant.name if controls else None,
        best_trivial=controls.best.name if controls else None,
        better_than_trivial=controls.better if controls else None,
        trivial_verdict=controls.reason if controls else None,
        score_seen_always=_only_score(system.ledger),
        target=task.target,
        target_reached=None
        if task.target is None or unmeasured is not None
        else score is not None and score >= task.target,
        episodes=sums.episodes,
        env_steps=sums.env_steps,
        steps_to_target=_steps_to_target(system.ledger, task.target),
        trials=sums.trials,
        accepted=sums.accepted,
        seconds=round(seconds, 3),
        overhead_s=round(max(0.0, seconds - busy_s), 3),
        holdout_episodes=len(holdout.outcomes) if holdout else 0,
        holdout_env_steps=sums.report_steps,
        program_sha256=champion.sha256 if champion else None,
        system=str(system.path),
        task=task.env_id,
        access=task.access.value,
        protocol=task.protocol.value,
        editor=run.editor,
        seed=run.seed,
        why=why,
        refused=_last_refused(system.ledger, run.run),
        unmeasured=unmeasured,
        unjudged=str(unjudged) if unjudged is not None else None,
        taught_by_screen=_saw_screens(system.ledger),
        input_tokens=cost.input_tokens,
        output_tokens=cost.output_tokens,
        usd=round(cost.usd, 6),
        editor_seconds=round(cost.seconds, 3),
        model=task.model.value,
        variant=task.variant,
        planner_steps=sums.planner_steps,
        planner_steps_per_decision=_per_decision(holdout, lambda e: e.planner_steps),
        ms_per_decision=_per_decision(holdout, lambda e: 1000 * e.thought_s),
        dt_ms=1000 / traits(task).decisions_per_second,
    )


def _per_decision(holdout: Evaluation | None, of: Callable[[Episode], float]) -> float | None:
    """Mean over all decisions of completed holdout episodes; None where there are none."""
    episodes = holdout.episodes if holdout else ()
    decisions = sum(e.length for e in episodes)
    return round(sum(map(of, episodes)) / decisions, 3) if decisions else None


def _saw_screens(ledger: Ledger) -> bool:
    """Whether a search that learnt programs for other observations was shown the screen."""
    return any(
        isinstance(row.event, Measured) and row.event.caps.record is Record.SHOWN for row in ledger.rows
    )


def _only_score(ledger: Ledger) -> float | None:
    """The one score of every learning episode that was completed; None where they differ, or there is none."""
    measured = (row.event for row in ledger.rows if isinstance(row.event, Measured))
    scores = {
        o.score
        for event in measured
        if event.purpose is not Purpose.REPORT
        for o in event.outcomes
        if isinstance(o, Episode)
    }
    return scores.pop() if len(scores) == 1 else None


def _last_refused(ledger: Ledger, run: int) -> str | None:
    events = (row.event for row in reversed(ledger.rows))
    return next((e.why for e in events if isinstance(e, Refused) and e.run == run), None)


def _steps_to_target(ledger: Ledger, target: float | None) -> int | None:
    if target is None:
        return None
    for row in ledger.rows:
        event = row.event
        if isinstance(event, Trial) and event.decision is Decision.ACCEPTED:
            mean = event.challenger_mean
            if mean is not None and mean >= target:
                return event.env_steps
    return None
