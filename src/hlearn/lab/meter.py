"""The meter: plays jobs, counts their steps, records them, and answers from the ledger what it knows already.

Replaying a run. An editor is a deterministic function of its brief, its seed and what it measured. After a crash
it is simply started again: everything it measured before comes from the ledger, charged to the budget at the very
moment at which it was charged the first time, so that ``remaining`` takes the same values and the editor the same
way, until it asks for something new.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Evaluator, Job, Record, Result
from hlearn.gate.randomness import uses_randomness
from hlearn.lab.progress import Progress, Silent, Standing
from hlearn.lab.recordings import Recordings
from hlearn.lab.tallies import Tallies
from hlearn.ledger import Caps, Ledger, Measured, Note, ProgramStore, Purpose, RunStarted, Spent
from hlearn.records import Episode, Failure, Outcome, Program, Split
from hlearn.tasks.registry import seed_matters
from hlearn.tasks.seeds import split_of, split_seeds
from hlearn.tasks.task import Task

_BATCH = 64  # jobs recorded with one sync; a kill loses at most what such a batch has not finished
_EPISODE = 20_000  # environment steps that an unknown program's episode may take, until a time limit was seen
_TELL_EVERY_S = 0.25  # how often a listener hears of a batch that goes on

Key = tuple[str, int, Caps]


class _Known(NamedTuple):
    key: Key
    outcome: Outcome
    run: int


class Meter:
    """Measures for one run of one system.

    Args:
        task: what is played.
        run: the run's first row; results of its task only are reused.
        ledger: where every result goes.
        programs: where every program goes.
        recordings: where recordings go.
        evaluator: who plays.
        replaying: True for a deterministic editor: this run's earlier results are charged when they are asked for
            again. False: they are charged from the start, and free from then on.
        progress: who is told.
        monotonic: seconds, for durations.
    """

    def __init__(
        self,
        *,
        task: Task,
        run: RunStarted,
        ledger: Ledger,
        programs: ProgramStore,
        recordings: Recordings,
        evaluator: Evaluator,
        replaying: bool = True,
        progress: Progress | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.task = task
        self.run = run
        self.ledger = ledger
        self.programs = programs
        self.recordings = recordings
        self.evaluator = evaluator
        self.progress: Progress = progress or Silent()
        self.monotonic = monotonic
        self.started = monotonic()
        self.busy_s = 0.0  # wall time in which at least one episode was being played
        self.spent = run.spent
        self.by_purpose = dict.fromkeys(Purpose, 0)
        self._whole = self._whole_steps = 0  # episodes without a cap, and their steps
        self._longest: dict[str, int] = {}  # the longest of them, by program
        self._limit = 0  # the environment's time limit, 0 until an episode ran into it
        self.dev = Tallies()
        self.episodes = 0
        self.best_dev: float | None = None
        self.best_steps = 0  # environment steps of the best development episode without a cap
        self._best_whole = -math.inf
        self.saying = ""
        self.champion: str | None = None
        self.champion_score: float | None = None
        self.trials = 0
        self.accepted = 0
        self._single = not seed_matters(task)
        self._seed = split_seeds(Split.DEV, run.seed, 0, 1)[0]
        self._known: dict[Key, _Known] = {}
        self._finished: dict[tuple[str, int], list[_Known]] = {}
        self._charged: set[Key] = set()
        for row in ledger.rows:
            event = row.event
            if isinstance(event, Measured) and event.task == run.task:
                for outcome in event.outcomes:
                    key = (event.program, outcome.seed, event.caps)
                    self._learn(_Known(key, outcome, event.run))
                    if not replaying or event.run != run.run:
                        self._count(key, outcome, event.purpose, charge=event.run == run.run)

    # Measuring --------------------------------------------------------------------------------------------

    def measure(
        self, jobs: Sequence[Job], purpose: Purpose, *, allowance: Callable[[], int] | None = None
    ) -> list[Result]:
        """Plays jobs, or answers them from the ledger, in the order of the jobs.

        Args:
            jobs: what to play.
            purpose: what for; reports are not charged.
            allowance: environment steps that may still be spent; no limit where None. An episode that would run
                beyond it is stopped there.

        Raises:
            BudgetExhausted: the allowance is spent and a job was not measured before. Where it ended within these
                jobs, the exception carries the results of those that were played to their end.
        """
        if self._single and purpose is not Purpose.REPORT:
            return self._on_one_seed(jobs, purpose, allowance)
        return self._measure(jobs, purpose, allowance)

    def _on_one_seed(
        self, jobs: Sequence[Job], purpose: Purpose, allowance: Callable[[], int] | None
    ) -> list[Result]:
        """Where the seed has no effect, a program that uses none plays the same episode whatever the seed."""
        same = [j if uses_randomness(j.program) else replace(j, seed=self._seed) for j in jobs]
        try:
            results = self._measure(same, purpose, allowance)
        except BudgetExhausted as spent:
            paid = [r and _on_seed(r, j.seed) for j, r in zip(jobs, spent.results, strict=True)]
            raise BudgetExhausted(str(spent), paid) from None
        return [_on_seed(result, job.seed) for job, result in zip(jobs, results, strict=True)]

    def _measure(
        self, jobs: Sequence[Job], purpose: Purpose, allowance: Callable[[], int] | None
    ) -> list[Result]:
        results: list[Result | None] = [None] * len(jobs)
        waiting: dict[Key, list[int]] = {}
        again: list[tuple[Job, list[int]]] = []
        for i, job in enumerate(jobs):
            waiting.setdefault(_key(job), []).append(i)
        # What a replayed run measured but did not ask for yet takes its place in the batches, so that they, and with
        # them the steps left for each, are those of the first time.
        queue = [
            places
            for places in waiting.values()
            if not (
                self._is_paid(jobs[places[0]])
                and self._answer(jobs[places[0]], purpose, results, places, again)
            )
        ]
        self._replay(again, results)
        while queue:
            left = None if allowance is None else allowance()
            if left is not None and left <= 0:
                break
            count = self._affordable([jobs[places[0]] for places in queue], left)
            batch, queue = queue[:count], queue[count:]
            self._play(jobs, batch, purpose, left, results)
        if any(r is None for r in results):
            said = f"the step budget is spent ({self.spent} of {self.run.steps})"
            raise BudgetExhausted(said, results)
        return [r for r in results if r is not None]

    def _is_paid(self, job: Job) -> bool:
        known = self._lookup(job)
        return known is not None and known.key in self._charged

    def _lookup(self, job: Job) -> _Known | None:
        key = _key(job)
        return self._known.get(key) or self._covered(key)

    def _answer(
        self,
        job: Job,
        purpose: Purpose,
        results: list[Result | None],
        places: list[int],
        again: list[tuple[Job, list[int]]],
    ) -> bool:
        """Answers from the ledger if it can; ``again`` collects what must be replayed for its recording."""
        key, known = _key(job), self._lookup(job)
        if known is None:
            return False
        self._count(known.key, known.outcome, purpose, charge=known.run == self.run.run)
        recording = None
        if job.record is not Record.NOTHING:
            recording = self.recordings.load(*key)
            if recording is None:
                again.append((job, places))
        for place in places:
            results[place] = Result(known.outcome, recording)
        return True

    def _learn(self, known: _Known) -> None:
        program, seed, caps = known.key
        self._known[known.key] = known
        outcome = known.outcome
        if isinstance(outcome, Failure) or not outcome.stopped or _reached(outcome, caps):
            self._finished.setdefault((program, seed), []).append(known)

    def _covered(self, key: Key) -> _Known | None:
        """A finished episode that would have gone the same way under the caps asked for."""
        program, seed, asked = key
        if asked.record is not Record.NOTHING:
            return None
        return next((k for k in self._finished.get((program, seed), ()) if _same(k, asked)), None)

    def _affordable(self, jobs: Sequence[Job], left: int | None) -> int:
        """How many of the next jobs fit into what is left, by a careful guess; at least one."""
        if left is None:
            return min(len(jobs), _BATCH)
        unknown = self._limit or max(_EPISODE, 2 * max(self._longest.values(), default=0))
        cost = 0
        for i, job in enumerate(jobs[:_BATCH]):
            guess = self._longest.get(job.program.sha256, unknown)
            cost += guess if job.max_steps is None else min(job.max_steps, guess)
            if cost > left:
                return max(i, 1)
        return min(len(jobs), _BATCH)

    def _play(
        self,
        jobs: Sequence[Job],
        batch: Sequence[list[int]],
        purpose: Purpose,
        left: int | None,
        results: list[Result | None],
    ) -> None:
        again: list[tuple[Job, list[int]]] = []
        unknown: list[tuple[Job, list[int]]] = []
        for places in batch:
            asked = jobs[places[0]]
            job = _capped(asked, left)
            before = self._known.get(_key(job)) if job is not asked else None
            if before is not None and _was_cut(before.outcome, job):
                self._count(before.key, before.outcome, purpose, charge=before.run == self.run.run)
            elif not self._answer(asked, purpose, results, places, again):
                unknown.append((job, places))
        self._replay(again, results)
        played = self._run([job for job, _ in unknown], purpose)
        groups: dict[tuple[str, Split, Caps], list[Outcome]] = {}
        kept: list[tuple[Key, Result]] = []
        for (job, places), result in zip(unknown, played, strict=True):
            asked = jobs[places[0]]
            # An episode that ended before the allowance did is the very episode that was asked for.
            cut = job is not asked and _was_cut(result.outcome, job)
            program, seed, caps = key = _key(job if cut else asked)
            groups.setdefault((program, split_of(seed) or Split.DEV, caps), []).append(result.outcome)
            kept.append((key, result))
            for place in places if not cut else ():
                results[place] = result
        if not played:
            return
        self._record(groups, purpose, [job.program for job, _ in unknown])
        for key, result in kept:
            self._learn(_Known(key, result.outcome, self.run.run))
            self._count(key, result.outcome, purpose, charge=True)
            if result.recording is not None:
                self.recordings.keep(*key, result.recording)
        self.progress.measured(purpose, [r.outcome for r in played], self.standing())

    def _record(
        self, groups: dict[tuple[str, Split, Caps], list[Outcome]], purpose: Purpose, programs: list[Program]
    ) -> None:
        run = self.run
        self.programs.add(*programs)
        self.ledger.append(
            *(
                Measured(
                    run=run.run,
                    program=program,
                    task=run.task,
                    env_id=run.env_id,
                    access=run.access,
                    protocol=run.protocol,
                    split=split,
                    purpose=purpose,
                    caps=caps,
                    outcomes=tuple(outcomes),
                )
                for (program, split, caps), outcomes in groups.items()
            )
        )

    def _replay(self, again: Sequence[tuple[Job, list[int]]], results: list[Result | None]) -> None:
        """Plays known episodes again for the sake of their recordings; that buys nothing new and costs nothing."""
        played = self._run([job for job, _ in again], None)
        for (job, places), result in zip(again, played, strict=True):
            known = results[places[0]]
            assert known is not None
            if isinstance(known.outcome, Episode) and _shape(known.outcome) != _shape(result.outcome):
                self.ledger.append(
                    Note(
                        text=f"program {job.program.sha256} on seed {job.seed} gave {_shape(result.outcome)} when "
                        f"played again, the ledger says {_shape(known.outcome)}; the ledger's result stands "
                        f"(were packages changed, or is the task not repeatable?)"
                    )
                )
            for place in places:
                results[place] = Result(known.outcome, result.recording)

    def _run(self, jobs: Sequence[Job], purpose: Purpose | None) -> list[Result]:
        """Plays jobs and tells of it meanwhile; without a purpose they cost nothing."""
        if not jobs:
            return []
        start = told = self.monotonic()
        done = steps = 0

        def tell(result: Result) -> None:
            nonlocal told, done, steps
            done, steps = done + 1, steps + result.outcome.env_steps
            if (now := self.monotonic()) - told >= _TELL_EVERY_S:
                told = now
                charged = 0 if purpose in (None, Purpose.REPORT) else steps
                standing = replace(self.standing(), steps=self.spent + charged)
                self.progress.playing(purpose or Purpose.REPORT, done, len(jobs), standing)

        results = self.evaluator.run(jobs, tell)
        self.busy_s += min(self.monotonic() - start, sum(r.outcome.wall_s for r in results))
        return results

    @property
    def usual(self) -> int:
        """Mean environment steps of the episodes without a cap that were charged so far."""
        return self._whole_steps // max(self._whole, 1)

    # Counting ---------------------------------------------------------------------------------------------

    def charge(self, event: Spent) -> None:
        """Records environment steps that were used without a program."""
        self.ledger.append(event)
        self.spent += event.env_steps

    def _count(self, key: Key, outcome: Outcome, purpose: Purpose, *, charge: bool) -> None:
        if key in self._charged:
            return
        self._charged.add(key)
        if not charge:
            return
        if purpose is Purpose.EDIT:
            self.dev.add(key[0], key[2], outcome)
        self.by_purpose[purpose] += outcome.env_steps
        if purpose is Purpose.REPORT:
            return
        self.spent += outcome.env_steps
        self.episodes += 1
        if key[2].max_steps is None:
            self._whole += 1
            self._whole_steps += outcome.env_steps
            self._longest[key[0]] = max(self._longest.get(key[0], 0), outcome.env_steps)
            if isinstance(outcome, Episode):
                self._note_whole(outcome, purpose)
        if purpose is Purpose.EDIT and isinstance(outcome, Episode):
            self.best_dev = outcome.score if self.best_dev is None else max(self.best_dev, outcome.score)

    def _note_whole(self, outcome: Episode, purpose: Purpose) -> None:
        if outcome.truncated:
            self._limit = max(self._limit, outcome.env_steps)
        better = (outcome.score, -outcome.env_steps) > (self._best_whole, -self.best_steps)
        if purpose is Purpose.EDIT and better:  # of equals the shortest
            self._best_whole, self.best_steps = outcome.score, outcome.env_steps

    # Telling ----------------------------------------------------------------------------------------------

    def standing(self) -> Standing:
        """Where the run stands now."""
        return Standing(
            saying=self.saying,
            champion=self.champion,
            champion_score=self.champion_score,
            best_dev=self.best_dev,
            trials=self.trials,
            accepted=self.accepted,
            steps=self.spent,
            steps_total=self.run.steps,
            episodes=self.episodes,
            seconds=self.monotonic() - self.started,
        )

    def say(self, text: str) -> None:
        """Tells the listener what is being tried."""
        self.saying = text
        self.progress.said(text, self.standing())


def _key(job: Job) -> Key:
    return job.program.sha256, job.seed, Caps.of(job)


def _reached(outcome: Episode, caps: Caps) -> bool:
    return outcome.stopped and caps.stop_score is not None and outcome.score >= caps.stop_score


def _same(known: _Known, asked: Caps) -> bool:
    """Whether a finished episode would have gone the same way under other caps."""
    outcome, caps = known.outcome, known.key[2]
    if asked.max_steps is not None and outcome.env_steps >= asked.max_steps:
        return False
    if asked.stall_steps is not None and (caps.stall_steps is None or caps.stall_steps > asked.stall_steps):
        return False
    if asked.stop_score == caps.stop_score:
        return True
    return asked.stop_score is None and not (isinstance(outcome, Episode) and outcome.stopped)


def _capped(job: Job, left: int | None) -> Job:
    """The job, stopped where the allowance ends."""
    if left is None or (job.max_steps is not None and job.max_steps <= left):
        return job
    return replace(job, max_steps=left)


def _was_cut(outcome: Outcome, job: Job) -> bool:
    """Whether an episode ended because its cap was reached."""
    stopped = isinstance(outcome, Episode) and outcome.stopped
    return stopped and job.max_steps is not None and outcome.env_steps >= job.max_steps


def _on_seed(result: Result, seed: int) -> Result:
    return Result(replace(result.outcome, seed=seed), result.recording)


def _shape(outcome: Outcome) -> tuple[float, int, int]:
    return outcome.score, outcome.length, outcome.env_steps
