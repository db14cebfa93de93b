"""One run of one system: the champion, one trial at a time, with everything recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from hlearn.editors.api import Brief, Editor, Proposal
from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Evaluator, Job, Result
from hlearn.gate import Gate, Verdict, floor_of
from hlearn.gate.statistics import p_two_samples
from hlearn.lab import Meter, Progress, SystemLab
from hlearn.lab.lab import SEEDS_PER_RUN
from hlearn.lab.recordings import Recordings
from hlearn.ledger import Decision, Purpose, RunEnded, RunStarted, Trial
from hlearn.loop.opening import is_deterministic
from hlearn.policy.source import check_source
from hlearn.records import Evaluation, Failure, Program, Split
from hlearn.system import Case, System, cases_in
from hlearn.system.checks import run_system_tests
from hlearn.tasks.environment import ActionSpace, ObservationSpec
from hlearn.tasks.registry import seed_matters
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task

_DEV_EPISODES = 2  # what a brief says of a champion whose editor did not measure it
_FIRST_LOOK = 4  # episodes before a race can be decided: three of the challenger, one more of the champion
_RESERVE = 0.08  # share of the budget that is kept for judging the last proposal
_OVERDRAFT = 0.08  # share that the gate may overdraw, once, for what is clearly better in development
_LEFTOVERS = 5  # programs that an editor measured and did not propose, which are judged at most
_CLEARLY = 0.05  # the p-value of "clearly better"
_REMEMBERED = 30  # turned-down proposals that a brief names
_IDLE_TRIALS = 20  # proposals in a row that were judged before: the editor goes in circles


class Session:
    """One run.

    Args:
        system: where it happens; the caller holds it exclusively.
        run: the run's first row.
        task: the system's task, with the target of this run.
        editor: who proposes.
        gate: who decides.
        evaluator: who plays.
        progress: who is told.
        monotonic: seconds, for durations.
    """

    def __init__(
        self,
        *,
        system: System,
        run: RunStarted,
        task: Task,
        observation: ObservationSpec,
        actions: ActionSpace,
        editor: Editor,
        gate: Gate,
        evaluator: Evaluator,
        progress: Progress,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.system = system
        self.run = run
        self.task = task
        self.editor = editor
        self.gate = gate
        self.progress = progress
        self.replaying = is_deterministic(editor)
        self.meter = Meter(
            task=task,
            run=run,
            ledger=system.ledger,
            programs=system.programs,
            recordings=Recordings(system.path / "recordings"),
            evaluator=evaluator,
            replaying=self.replaying,
            progress=progress,
            monotonic=monotonic,
        )
        self.lab = SystemLab(
            task=task,
            observation=observation,
            actions=actions,
            meter=self.meter,
            workers=run.workers,
            reserve=self._reserve,
            worktree=system.worktree,
        )
        self.champion = self._first_champion()
        self.champion_dev: Evaluation | None = None
        self.target_reached = False
        self._before = [r.event for r in system.ledger.rows if isinstance(r.event, Trial)]
        self._rejected = [
            _note(t)
            for t in self._before
            if t.decision is not Decision.ACCEPTED and not (self.replaying and t.run == run.run)
        ]
        self._judged: set[tuple[str, str | None]] = set()
        self._idle = 0
        self._overdraft = self._leftovers = 0
        self._asked_last = False  # whether the editor was asked after the budget's end
        self.meter.trials = 0 if self.replaying else sum(t.run == run.run for t in self._before)
        if self.champion is not None:
            sha256 = self.champion.sha256
            scores = [
                t.challenger_mean
                for t in self._before
                if t.program == sha256 and t.decision is Decision.ACCEPTED
            ]
            self.meter.champion, self.meter.champion_score = sha256, scores[-1] if scores else None

    # The recipe's steps -----------------------------------------------------------------------------------

    def propose(self) -> Proposal | None:
        """Asks the editor; None when it has nothing more to try, goes in circles or ran out of budget.

        A run does not end without a champion if any program completed a development episode: where the editor leaves
        none, those that it measured are proposed, the best first.
        """
        if self._idle >= _IDLE_TRIALS:
            return None
        if self._asked_last and self.champion is None and not self.replaying:
            return self._leftover()  # asking a coding agent once more would cost and bring nothing
        self._asked_last = self.lab.remaining <= 0
        return self._ask() or self._leftover()

    def _ask(self) -> Proposal | None:
        brief = Brief(
            task=self.task,
            observation=self.lab.observation,
            actions=self.lab.actions,
            champion=self.champion,
            champion_dev=self.champion_dev,
            rejected=tuple(self._rejected[-_REMEMBERED:]),
        )
        try:
            return self.editor.propose(brief, self.lab)
        except BudgetExhausted:
            return None

    def judge(self, proposal: Proposal) -> Verdict:
        """Static checks, then the gate; a proposal judged before against the same champion is turned down."""
        program, champion = proposal.program, self.champion
        pair = (program.sha256, champion.sha256 if champion else None)
        if pair in self._judged:
            self._idle += 1
            return _refused("no change: this program was judged before against this champion")
        self._judged.add(pair)
        self._idle = 0
        refusals = check_source(program.source)
        if refusals:
            return _refused("the program may not be run: " + "; ".join(refusals[:5]))
        try:
            verdict = self._judge(proposal)
        except BudgetExhausted as spent:
            verdict = self._without_gate(proposal, spent.results)
        starved = (
            verdict.decision is Decision.UNDECIDED and len(verdict.pairs) < self.gate.race.looks[0].pairs
        )
        if starved and not self._overdraft and self._is_clearly_better(program):
            self._overdraft = int((self.run.steps - self.run.spent) * _OVERDRAFT)
            try:
                return self._judge(proposal)
            except BudgetExhausted:
                return verdict
        return verdict

    def _judge(self, proposal: Proposal) -> Verdict:
        return self.gate.judge(
            proposal.program,
            self.champion,
            court=self,
            budget=self._share() // 2 if self.lab.remaining else max(self._share(), self._left()),
            limit=self._left(),
            stop_score=self.task.target,
            cases=(*self._cases(), *cases_in(proposal.files)),
            run_seed=self.run.seed,
            seed_matters=seed_matters(self.task),
            system_tests=lambda _: self._system_tests(proposal),
        )

    def settle(self, proposal: Proposal, verdict: Verdict) -> Trial:
        """Writes the verdict down and makes an accepted program the champion."""
        program = proposal.program
        trial = self._past(program) or self._record(proposal, verdict)
        self._before = [t for t in self._before if t is not trial]
        self.meter.trials += 1
        if trial.decision is Decision.ACCEPTED:
            self._accept(trial, proposal, verdict)
        else:
            self.system.remember(trial, program, self.champion)
            self._rejected.append(_note(trial))
        for evaluation in (proposal.dev, verdict.challenger):
            if evaluation is not None and evaluation.failures:
                self.system.remember_failures(trial.trial, program, evaluation.failures, evaluation.split)
        self.progress.judged(trial, self.meter.standing())
        return trial

    @property
    def is_over(self) -> bool:
        """Whether no budget is left and what came of it was proposed.

        After the budget's end a search is asked once more, for the best that it has found since its last proposal.
        Where there is no champion yet, :meth:`propose` says when nothing is left.
        """
        if self.lab.remaining > 0 or self.champion is None:
            return False
        return self._asked_last or not self.replaying

    def end(self, why: str) -> None:
        """Writes the run's end down and commits the ledger and the memory."""
        self.system.ledger.append(
            RunEnded(
                run=self.run.run,
                why=why,
                champion=self.champion.sha256 if self.champion else None,
                seconds=round(seconds := self.meter.monotonic() - self.meter.started, 3),
                overhead_s=round(max(0.0, seconds - self.meter.busy_s), 3),
            )
        )
        self.system.close_run(f"Run {self.run.run} ends: {why}")

    # The gate's court -------------------------------------------------------------------------------------

    def measure(self, jobs: Sequence[Job], purpose: Purpose) -> list[Result]:
        """Plays jobs for the gate, which may spend all that is left.

        Raises:
            BudgetExhausted: nothing is left to spend.
        """
        return self.meter.measure(jobs, purpose, allowance=self._left)

    def seeds(self, start: int, count: int) -> list[int]:
        """Gate seeds; development seeds where the seed has no effect and the splits would hide nothing."""
        if not seed_matters(self.task):
            return self.lab.seeds(start, count)
        return split_seeds(Split.GATE, self.run.seed, self._first_seed + start, count)

    def spent(self) -> int:
        """Environment steps charged so far."""
        return self.meter.spent

    # Details ----------------------------------------------------------------------------------------------

    @property
    def _first_seed(self) -> int:
        return (self.run.run - 1) * SEEDS_PER_RUN

    def _first_champion(self) -> Program | None:
        if not self.replaying:
            return self.system.champion()
        return self.system.programs.get(self.run.champion) if self.run.champion else None

    def _share(self) -> int:
        """What the gate may still spend in this run beyond the first look of each race."""
        share = int((self.run.steps - self.run.spent) * self.gate.budget_fraction)
        return max(
            0,
            share - self.meter.account.by_purpose[Purpose.GATE] - self.meter.account.by_purpose[Purpose.CASE],
        )

    def _reserve(self) -> int:
        """What editors must leave for the last proposal: the gate's share, and enough for a first look.

        Nothing where the seed has no effect: the gate's episode is then the one that development has played.
        """
        if not seed_matters(self.task):
            return 0
        own = self.run.steps - self.run.spent
        look = _FIRST_LOOK * max(self.meter.account.usual, self.meter.account.best_steps)
        return max(self._share(), int(own * _RESERVE), min(look, own // 3))

    def _left(self) -> int:
        """Environment steps that the gate may spend."""
        return self.run.steps - self.meter.spent + self._overdraft

    def _without_gate(self, proposal: Proposal, results: Sequence[Result | None]) -> Verdict:
        """What is decided where no step is left: a first program may stand on its development episodes."""
        reason = "the step budget is spent, the gate could not play"
        if self.champion is not None:
            return Verdict(decision=Decision.UNDECIDED, reasons=(reason,))
        program = proposal.program
        failed = any(isinstance(r.outcome, Failure) for r in results if r is not None)
        mean = self.meter.account.dev.mean(program.sha256)
        if failed or mean is None:
            why = "fails in the gate" if failed else "no development episode stands for it"
            return Verdict(decision=Decision.REJECTED, reasons=(f"{why}; {reason}",))
        broken = self._system_tests(proposal)
        if broken is not None:
            return Verdict(decision=Decision.REJECTED, reasons=(f"a system test fails:\n{broken}", reason))
        scored = f"first program; completes its development episodes, mean {mean:g}"
        return Verdict(decision=Decision.ACCEPTED, reasons=(scored, reason))

    def _is_clearly_better(self, program: Program) -> bool:
        """Whether development episodes leave little doubt that it beats the champion."""
        if self.champion is None or self.meter.account.dev.failed(program.sha256):
            return False
        ours, theirs = self.meter.account.dev.pairs(program.sha256, self.champion.sha256)
        if not seed_matters(self.task):
            return min(len(ours), len(theirs)) > 0 and min(ours) > max(theirs)
        return min(len(ours), len(theirs)) > 2 and p_two_samples(ours, theirs) <= _CLEARLY

    def _leftover(self) -> Proposal | None:
        """The best program of those that were measured and not proposed, while there is no champion."""
        if self.champion is not None or self._leftovers >= _LEFTOVERS:
            return None
        for sha256 in self.meter.account.dev.ranking():
            if (sha256, None) not in self._judged:
                self._leftovers += 1
                mean = self.meter.account.dev.mean(sha256)
                note = f"the best of what was measured, {mean:g} in development"
                return Proposal(program=self.system.programs.get(sha256), note=note)
        return None

    def _system_tests(self, proposal: Proposal) -> str | None:
        """What fails of the system's tests; on a replay, what they said the first time."""
        past = self._past(proposal.program)
        if past is not None:
            return None if past.decision is Decision.ACCEPTED else "; ".join(past.reasons)
        return run_system_tests(self.system.path, proposal.program, files=proposal.files)

    def _past(self, program: Program) -> Trial | None:
        """This very trial, if it was decided before the run was resumed."""
        champion = self.champion.sha256 if self.champion else None
        if not self.replaying:
            return None
        for trial in self._before:
            if (trial.run, trial.program, trial.champion) == (self.run.run, program.sha256, champion):
                return trial
        return None

    def _cases(self) -> tuple[Case, ...]:
        """The cases that stood when this trial was judged the first time."""
        numbers = {t.trial for t in self._before if t.run == self.run.run} if self.replaying else set()
        return tuple(c for c in self.system.cases() if c.trial not in numbers)

    def _record(self, proposal: Proposal, verdict: Verdict) -> Trial:
        self.system.add_program(proposal.program, proposal.note)
        numbers = [r.event.trial for r in self.system.ledger.rows if isinstance(r.event, Trial)]
        trial = Trial(
            run=self.run.run,
            trial=max(numbers, default=0) + 1,
            program=proposal.program.sha256,
            champion=self.champion.sha256 if self.champion else None,
            note=proposal.note,
            decision=verdict.decision,
            reasons=verdict.reasons,
            pairs=len(verdict.pairs),
            challenger_mean=verdict.challenger.mean if verdict.challenger else None,
            champion_mean=verdict.champion.mean if verdict.champion else None,
            env_steps=self.meter.spent,
        )
        self.system.ledger.append(trial)
        return trial

    def _accept(self, trial: Trial, proposal: Proposal, verdict: Verdict) -> None:
        self.system.commit(trial, proposal.program, self._new_cases(trial, verdict), proposal.files)
        self.champion = proposal.program
        self.meter.accepted += 1
        self.meter.champion = proposal.program.sha256
        self.meter.champion_score = trial.challenger_mean
        target = self.task.target
        if target is not None and trial.challenger_mean is not None and trial.challenger_mean >= target:
            self.target_reached = True
        self.champion_dev = proposal.dev or self._measure_dev(proposal.program)

    def _new_cases(self, trial: Trial, verdict: Verdict) -> list[Case]:
        """What must stay: the skill that this trial stands on, on the first gate seed, which all trials play."""
        matters = seed_matters(self.task)
        split = Split.GATE if matters else Split.DEV
        floor = floor_of(verdict, exact=not matters)
        known = [
            c.min_score for c in self.system.cases() if c.number == self._first_seed and c.split is split
        ]
        if any(k is not None and (floor is None or k >= floor) for k in known) or (known and floor is None):
            return []
        why = f"every champion since trial {trial.trial} "
        why += "completes this episode" if floor is None else "does at least this well"
        return [
            Case(
                name=f"trial-{trial.trial:04d}",
                why=why,
                split=split,
                number=self._first_seed,
                min_score=floor,
                trial=trial.trial,
            )
        ]

    def _measure_dev(self, program: Program) -> Evaluation | None:
        jobs = [Job(program=program, seed=seed) for seed in self.lab.seeds(0, _DEV_EPISODES)]
        try:
            results = self.lab.measure(jobs)
        except BudgetExhausted:
            return None
        return Evaluation(program=program.sha256, split=Split.DEV, outcomes=tuple(r.outcome for r in results))


def _refused(reason: str) -> Verdict:
    return Verdict(decision=Decision.REJECTED, reasons=(reason,))


def _note(trial: Trial) -> str:
    return f"trial {trial.trial}: {trial.note}\n" + "\n".join(trial.reasons)
