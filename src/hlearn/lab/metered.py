"""The meter: plays jobs, counts their steps, records them, and answers from the ledger what it knows already.

Replaying a run. An editor is a deterministic function of its brief, its seed and what it measured. After a crash
it is simply started again: everything it measured before comes from the ledger, charged to the budget at the very
moment at which it was charged the first time, so that ``remaining`` takes the same values and the editor the same
way, until it asks for something new.

Keeping to the budget. Jobs are played in slices whose caps together never exceed what is left. An episode that
reaches its cap while others left steps over is played on: again from its beginning, since the same episode is the
same bit for bit, and only what comes after the cap is paid. So what is measured does not depend on which of several
workers is quicker. Where nothing is left, an episode is cut: recorded and charged, but no answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Evaluator, Job, Record, Result
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.lab.budget import BudgetAccount
from hlearn.lab.episode_cache import Entry, Key, key_of, was_cut
from hlearn.lab.measurements import MeasurementLog
from hlearn.lab.progress import Progress, RunStatus, Silent
from hlearn.lab.recordings import Recordings
from hlearn.ledger import Ledger, ProgramStore, Purpose, RunStarted, Spent
from hlearn.policy.randomness import uses_randomness
from hlearn.records import Budget, Split
from hlearn.tasks.registry import report_cap, seed_matters
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

_BATCH = 64  # jobs recorded with one sync; a kill loses at most what such a batch has not finished
_TELL_EVERY_S = 0.25  # how often a listener hears of a batch that goes on
_LONGEST = 0.015  # share of the budget for one episode
_STALL = 9_000  # environment steps without reward after which an episode is given up (2.5 minutes of an Atari game)
_PATIENCE = 0.005  # share of the budget that may go by so where there is a target: the last points are rare
_SHORT = 10_000  # environment steps: no episode is cut earlier, however small the budget is,
_SHORT_ENDLESS = 1_000  # or this where the environment has no time limit: few episodes would be all


@dataclass(slots=True)
class _Pending:
    """One of the episodes asked for.

    Attributes:
        job: as it was asked for.
        places: where its result goes.
        got: the cap that it has reached so far, 0 before it was played.
        result: what was played until there, None where that is only known.
    """

    job: Job
    places: list[int]
    got: int = 0
    result: Result | None = None


class MeteredEvaluator:
    """Measures for one run of one system.

    Args:
        task: what is played.
        run: the run's first row; results of its task only are reused.
        ledger: where every result goes.
        programs: where every program goes.
        recordings: where recordings go.
        evaluator: who plays.
        worlds: of the system; labels are seeds where None.
        replaying: True for a deterministic editor: this run's earlier results are charged when they are asked for
            again. False: they are charged from the start, and free from then on.
        progress: who is told.
        monotonic: seconds, for durations.

    Attributes:
        longest: environment steps at which an episode is cut, so that none costs too much of the budget; None: never.
        stall: environment steps without reward after which an episode is given up.
        report_left: episodes that the report at the end plays yet at most; None while it does not play.
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
        worlds: Worlds | None = None,
        replaying: bool = True,
        progress: Progress | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.task = task
        self.run = run
        self.ledger = ledger
        self.recordings = recordings
        self.worlds = worlds or Worlds()
        self.evaluator = KeyedEvaluator(evaluator, self.worlds)
        self.progress: Progress = progress or Silent()
        self.monotonic = monotonic
        self.started = monotonic()
        self.busy_s = 0.0  # wall time in which at least one episode was being played
        self.longest = _longest(task, run)
        self.stall = _stall(task, run)
        self.account = BudgetAccount(run.spent, self.longest)
        self.saying = ""
        self.report_left: int | None = None
        self.champion: str | None = None
        self.champion_score: float | None = None
        self.trials = 0
        self.accepted = 0
        self._single = not seed_matters(task)
        self._seed = split_seeds(Split.DEV, run.seed, 0, 1)[0]
        self.books = MeasurementLog(
            run=run,
            ledger=ledger,
            programs=programs,
            recordings=recordings,
            account=self.account,
            replaying=replaying,
        )
        self._known = self.books.known

    @property
    def spent(self) -> int:
        """Environment steps charged so far, those of earlier runs included."""
        return self.account.spent

    @property
    def budget(self) -> Budget:
        """What may be spent in all, and what was; the loop says how much of the rest is kept for the gate."""
        return Budget(total=self.run.steps, spent=self.spent)

    # Measuring --------------------------------------------------------------------------------------------

    def measure(
        self, jobs: Sequence[Job], purpose: Purpose, *, left: Callable[[], int] | None = None
    ) -> list[Result]:
        """Plays jobs, or answers them from the ledger, in the order of the jobs.

        Args:
            jobs: what to play.
            purpose: what for; reports are not charged.
            left: environment steps that may still be spent on it; no limit where None. An episode that would run
                beyond them is stopped there.

        Raises:
            BudgetExhausted: nothing is left and a job was not measured before. Where it ended within these
                jobs, the exception carries the results of those that were played to their end.
        """
        jobs = [j if j.key is not None else replace(j, key=self.worlds.current) for j in jobs]
        if self._single and purpose is not Purpose.REPORT:
            return self._on_one_seed(jobs, purpose, left)
        return self._measure(jobs, purpose, left)

    def _on_one_seed(
        self, jobs: Sequence[Job], purpose: Purpose, left: Callable[[], int] | None
    ) -> list[Result]:
        """Where the seed has no effect, a program that uses none plays the same episode whatever the seed."""
        same = [j if uses_randomness(j.program) else replace(j, seed=self._seed) for j in jobs]
        try:
            results = self._measure(same, purpose, left)
        except BudgetExhausted as spent:
            paid = [r and _on_seed(r, j.seed) for j, r in zip(jobs, spent.results, strict=True)]
            raise BudgetExhausted(str(spent), paid) from None
        return [_on_seed(result, job.seed) for job, result in zip(jobs, results, strict=True)]

    def _measure(self, jobs: Sequence[Job], purpose: Purpose, left: Callable[[], int] | None) -> list[Result]:
        results: list[Result | None] = [None] * len(jobs)
        asked: dict[Key, _Pending] = {}
        for i, job in enumerate(jobs):
            asked.setdefault(key_of(job), _Pending(job, [])).places.append(i)
        # What a replayed run measured but did not ask for yet takes its place in the slices, so that they, and with
        # them the steps left for each, are those of the first time.
        queue: list[_Pending] = []
        paid: list[tuple[_Pending, Entry]] = []
        for pending in asked.values():
            entry = self._known.find(key_of(pending.job))
            if entry is not None and self.account.has(entry.key):
                paid.append((pending, entry))
            else:
                queue.append(pending)
        self._answer(paid, purpose, results)
        while queue:
            if left is None:
                caps: list[int | None] = [None] * min(len(queue), _BATCH)
            else:
                unspent = left() - sum(p.got for p in queue)
                if unspent <= 0:
                    break
                caps = [*self.account.slices([(p.job, p.got) for p in queue[:_BATCH]], unspent)]
            self._play(queue[: len(caps)], caps, purpose, results)
            queue = [p for p in queue if results[p.places[0]] is None]
        self._cut([p for p in queue if p.got], purpose)
        if any(r is None for r in results):
            said = f"the step budget is spent ({self.spent} of {self.budget.total})"
            raise BudgetExhausted(said, results)
        return [r for r in results if r is not None]

    def _play(
        self,
        batch: Sequence[_Pending],
        caps: Sequence[int | None],
        purpose: Purpose,
        results: list[Result | None],
    ) -> None:
        """Plays episodes as far as their caps; those that end before are answered and recorded."""
        known: list[tuple[_Pending, Entry]] = []
        unknown: list[tuple[_Pending, Job]] = []
        for pending, cap in zip(batch, caps, strict=True):
            asked = pending.job
            capped = cap is not None and (asked.max_steps is None or asked.max_steps > cap)
            entry = self._known.find(key_of(asked))
            if entry is not None and (cap is None or not capped or entry.outcome.env_steps <= cap):
                known.append((pending, entry))
            elif cap is not None and capped and self._known.outlasts(key_of(asked), cap):
                pending.got, pending.result = cap, None
            else:
                unknown.append((pending, replace(asked, max_steps=cap) if capped else asked))
        self._answer(known, purpose, results)
        played = self._run([job for _, job in unknown], purpose, sum(p.got for p, _ in unknown))
        ended: list[tuple[Job, Result]] = []
        for (pending, job), result in zip(unknown, played, strict=True):
            if (
                job is not pending.job
                and job.max_steps is not None
                and was_cut(result.outcome, job.max_steps)
            ):
                pending.got, pending.result = job.max_steps, result
                continue
            # An episode that ended before its cap is the very episode that was asked for.
            ended.append((pending.job, result))
            for place in pending.places:
                results[place] = result
        self._keep(ended, purpose)

    def _cut(self, queue: Sequence[_Pending], purpose: Purpose) -> None:
        """Records and charges what the budget's end cut short; that answers nothing."""
        cut: list[tuple[Job, Result]] = []
        for pending in queue:
            job = replace(pending.job, max_steps=pending.got)
            before = self._known.exact(key_of(job))
            if before is not None:
                self.account.count(before.key, before.outcome, purpose, charge=before.run == self.run.run)
            else:
                cut.append((job, pending.result or self._run([job], purpose, pending.got)[0]))
        self._keep(cut, purpose)

    def _answer(
        self, known: Sequence[tuple[_Pending, Entry]], purpose: Purpose, results: list[Result | None]
    ) -> None:
        """Answers from the ledger; what must be seen again for its recording is played again."""
        again: list[_Pending] = []
        for pending, entry in known:
            self.account.count(entry.key, entry.outcome, purpose, charge=entry.run == self.run.run)
            recording = None
            if pending.job.record is not Record.NOTHING:
                recording = self.recordings.load(*key_of(pending.job))
                if recording is None:
                    again.append(pending)
            for place in pending.places:
                results[place] = Result(entry.outcome, recording)
        self._report(len(known))
        self._replay(again, results)

    def _keep(self, played: Sequence[tuple[Job, Result]], purpose: Purpose) -> None:
        """Records and charges episodes."""
        if not played:
            return
        self.books.record(played, purpose)
        self._report(len(played))
        self.progress.measured(purpose, [r.outcome for _, r in played], self.standing())

    def _replay(self, again: Sequence[_Pending], results: list[Result | None]) -> None:
        """Plays known episodes again for the sake of their recordings; that buys nothing new and costs nothing."""
        played = self._run([pending.job for pending in again], None)
        for pending, result in zip(again, played, strict=True):
            known = results[pending.places[0]]
            assert known is not None
            self.books.compare(pending.job, known.outcome, result.outcome)
            for place in pending.places:
                results[place] = Result(known.outcome, result.recording)

    def _run(self, jobs: Sequence[Job], purpose: Purpose | None, again: int = 0) -> list[Result]:
        """Plays jobs and tells of it meanwhile; without a purpose they cost nothing.

        Args:
            jobs: what to play.
            purpose: what for.
            again: how many of their steps were played before.
        """
        if not jobs:
            return []
        start = told = self.monotonic()
        done = steps = 0

        def tell(result: Result) -> None:
            nonlocal told, done, steps
            done, steps = done + 1, steps + result.outcome.env_steps
            if (now := self.monotonic()) - told >= _TELL_EVERY_S:
                told = now
                charged = 0 if purpose in (None, Purpose.REPORT) else max(0, steps - again)
                standing = self.standing()
                spent = replace(standing.budget, spent=self.spent + charged)
                standing = replace(standing, budget=spent)
                if standing.episodes_left is not None and purpose is not None:
                    standing = replace(standing, episodes_left=max(0, standing.episodes_left - done))
                self.progress.playing(purpose or Purpose.REPORT, done, len(jobs), standing)

        results = self.evaluator.run(jobs, tell)
        self.busy_s += min(self.monotonic() - start, sum(r.outcome.wall_s for r in results))
        return results

    def charge(self, event: Spent) -> None:
        """Records environment steps that were used without a program."""
        self.ledger.append(event)
        self.account.spent += event.env_steps

    # Telling ----------------------------------------------------------------------------------------------

    def standing(self) -> RunStatus:
        """Where the run stands now."""
        return RunStatus(
            saying=self.saying,
            champion=self.champion,
            champion_score=self.champion_score,
            best_dev=self.account.best_dev,
            trials=self.trials,
            accepted=self.accepted,
            budget=self.budget,
            episodes=self.account.episodes,
            seconds=self.monotonic() - self.started,
            episodes_left=self.report_left,
        )

    def _report(self, episodes: int) -> None:
        """Counts episodes of the report that were played, or known."""
        if self.report_left is not None:
            self.report_left = max(0, self.report_left - episodes)

    def say(self, text: str, report_left: int | None = None) -> None:
        """Tells the listener what is being tried; in the report also how many episodes are left at most."""
        self.saying, self.report_left = text, report_left
        self.progress.said(text, self.standing())


def _on_seed(result: Result, seed: int) -> Result:
    return Result(replace(result.outcome, seed=seed), result.recording)


def _longest(task: Task, run: RunStarted) -> int | None:
    if task.target is not None or not seed_matters(task):
        return None  # an episode ends at the target; and one episode is all there is
    least = _SHORT if report_cap(task) is None else _SHORT_ENDLESS
    return max(least, round(int(_LONGEST * (run.steps - run.spent)), -2))


def _stall(task: Task, run: RunStarted) -> int:
    return _STALL if task.target is None else max(_STALL, int(_PATIENCE * (run.steps - run.spent)))
