"""One run of one system: the champion, one trial at a time, with everything recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from hlearn.editors.api import Brief, Editor, Evidence, Proposal
from hlearn.errors import BudgetExhausted, UsageError
from hlearn.evaluate.api import Evaluator, Result
from hlearn.gate import Gate, Verdict
from hlearn.lab import MeteredEvaluator, Progress, SystemLab
from hlearn.lab.purse import Purse, cost_so_far
from hlearn.lab.recordings import Recordings
from hlearn.ledger import Decision, Purpose, RunEnded, RunStarted, Trial
from hlearn.loop.budget import BudgetSplit
from hlearn.loop.evidence import find_evidence
from hlearn.loop.gate_evaluator import RunGateEvaluator
from hlearn.loop.mended import MOST, PER_TRIAL, find_moments, mended
from hlearn.loop.opening import OUTSIDE_LEARNING
from hlearn.loop.proposals import ProposalQueue
from hlearn.loop.trial_log import TrialLog, accepted_of, numbers_open, said_of
from hlearn.loop.undecided import Undecided
from hlearn.policy.modules import check_program
from hlearn.probe.random_play import is_probe
from hlearn.records import Evaluation, Failure, Program, SpendingCaps
from hlearn.system import Case, System, cases_in
from hlearn.system.kept_tools import tools_of
from hlearn.system.trials_note import lessons, since_accepted
from hlearn.tasks.environment import ActionSpace, ObservationSpec
from hlearn.tasks.registry import seed_matters
from hlearn.tasks.task import Task

_REMEMBERED = 30  # turned-down proposals that a brief names
_IDLE_TRIALS = (
    20  # trials in a row in which not a step was played: the editor goes in circles, or may not run at all
)


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
        caps: what it may cost beside environment steps.
        on_champion: told of a program that was accepted, and how many were until then.
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
        caps: SpendingCaps | None = None,
        on_champion: Callable[[Program, int], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on_champion = on_champion
        self.system = system
        self.run = run
        self.task = task
        self.editor = editor
        self.progress = progress
        self.replaying = editor.deterministic
        self.meter = MeteredEvaluator(
            task=task,
            run=run,
            ledger=system.ledger,
            programs=system.programs,
            recordings=Recordings(system.path / "recordings"),
            evaluator=evaluator,
            worlds=system.worlds,
            replaying=self.replaying,
            progress=progress,
            monotonic=monotonic,
        )
        self.gate = gate = replace(gate, stall_steps=max(gate.stall_steps, self.meter.stall))
        self.split = BudgetSplit(self.meter, gate)
        self.trials = TrialLog(system, self.meter, replaying=self.replaying)
        self.purse = Purse(caps, spent=cost_so_far(system.ledger), say=progress.noted, monotonic=monotonic)
        self.lab = SystemLab(
            task=task,
            observation=observation,
            actions=actions,
            meter=self.meter,
            workers=run.workers,
            budget=lambda: self.split.budget,
            working_copy=system.working_copy,
            purse=self.purse,
        )
        self.evaluator = RunGateEvaluator(self.meter, self.lab, self.split, gate)
        self.champion = self._first_champion()
        self.champion_dev: Evaluation | None = None
        self.target_reached = False
        self._player = evaluator
        self._found: tuple[str, Evidence | None] | None = None
        self._rejected = self.trials.turned_down()
        self._trials = self.trials.before()
        self._judged: set[tuple[str, str | None]] = set()
        self.undecided = Undecided(gate, self._dev_lead)
        self._idle = self._spent_before = 0
        self.queue = ProposalQueue(
            editor, self.lab, self.split, self.undecided, replaying=self.replaying, lead=self._dev_lead
        )
        self.meter.trials = self.trials.judged()
        if self.champion is not None:
            self.meter.champion = self.champion.sha256
            self.meter.champion_score = self.trials.gate_score(self.champion)

    # The recipe's steps -----------------------------------------------------------------------------------

    def propose(self) -> Proposal | None:
        """What to judge next (:meth:`ProposalQueue.next`); None when nothing more comes or trials bring nothing new."""
        self._spent_before = self.meter.spent
        self.purse.look()
        if self.purse.empty and self.champion is not None:
            return None
        if self._idle >= _IDLE_TRIALS:
            return self.queue.resume_undecided()
        return self.queue.next(self._brief(), self._leftover)

    def judge(self, proposal: Proposal) -> Verdict:
        """Static checks, then the gate; a proposal judged before against the same champion is turned down."""
        program, champion = proposal.program, self.champion
        pair = (program.sha256, champion.sha256 if champion else None)
        self.evaluator.first_seed = self.trials.first_seed(champion)
        if pair in self._judged and not self.undecided.plays_on(proposal):
            return _refused("no change: this program was judged before against this champion")
        self._judged.add(pair)
        refusals = check_program(program)
        if refusals:
            return _refused("the program may not be run: " + "; ".join(refusals[:5]))
        try:
            added = cases_in(proposal.files)
        except UsageError as error:
            return _refused(f"a case that comes with it cannot be played: {error}")
        try:
            return self._judge(proposal, added)
        except BudgetExhausted as spent:
            return self._without_gate(proposal, spent.results)

    def _judge(self, proposal: Proposal, added: Sequence[Case]) -> Verdict:
        # Who asks by hand pays for one judgement and may ask again: their race stays open.
        by_hand = self.run.editor == OUTSIDE_LEARNING[0]
        closing = not by_hand and (not self.lab.remaining or self.undecided.plays_on(proposal))
        longest = self.split.longest()
        past = self.trials.race(proposal.program, self.champion, longest)
        if past is not None:
            self.evaluator.first_seed = past.first_seed
        return self.gate.judge(
            proposal.program,
            self.champion,
            evaluator=self.evaluator,
            budget=self.split.budget,
            last=closing or by_hand,
            longest=longest,
            past=past,
            closing=closing,
            stop_score=self.task.target,
            cases=(*self.trials.cases(), *added),
            run_seed=self.run.seed,
            seed_matters=seed_matters(self.task),
            system_tests=lambda _: self.trials.system_tests(proposal, self.champion),
        )

    def settle(self, proposal: Proposal, verdict: Verdict) -> Trial:
        """Writes the verdict down and makes an accepted program the champion."""
        program = proposal.program
        new = self._mended(program) if verdict.accepted else ()
        trial = self.trials.settle(proposal, self.champion, verdict, self.evaluator.first_seed, new)
        self.meter.trials += 1
        idle = trial.decision is not Decision.ACCEPTED and self.meter.spent == self._spent_before
        self._idle = self._idle + 1 if idle else 0
        self.split.judged(verdict)
        self._trials = [r.event for r in self.system.ledger.rows if isinstance(r.event, Trial)]
        self._trials = [t for t in self._trials if t.trial <= trial.trial]
        if trial.decision is Decision.ACCEPTED:
            self._accept(trial, proposal, verdict)
        else:
            self.system.memory.remember(trial, program, self.champion)
            self.system.memory.remember_trials(self._trials)
            self._rejected.append(said_of(trial))
            if trial.decision is Decision.UNDECIDED and not verdict.stopped:
                self.undecided.add(proposal, verdict)
        for evaluation in (proposal.dev, verdict.challenger):
            if evaluation is not None and evaluation.failures:
                self.system.memory.remember_failures(
                    trial.trial, program, evaluation.failures, evaluation.split
                )
        self.progress.judged(trial, self.meter.standing())
        return trial

    @property
    def why_over(self) -> str:
        """Why nothing more is proposed."""
        if self.meter.account.hopeless:
            return "nothing but failures"
        if self.purse.empty:
            return f"{self.purse.empty} spent"
        if self.lab.remaining <= 0 or self.split.has_given:
            return "budget spent"
        return "nothing more to try"

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

    # Details ----------------------------------------------------------------------------------------------

    def _first_champion(self) -> Program | None:
        if not self.replaying:
            return self.system.champion()
        return self.system.programs.get(self.run.champion) if self.run.champion else None

    def _brief(self) -> Brief:
        return Brief(
            task=self.task,
            observation=self.lab.observation,
            actions=self.lab.actions,
            champion=self.champion,
            champion_dev=self.champion_dev,
            rejected=tuple(self._rejected[-_REMEMBERED:]),
            evidence=None if self.editor.deterministic else self._evidence(),
            lessons=lessons(self._trials),
            since_accepted=since_accepted(self._trials),
            tools=tuple((tool.name, tool.about) for tool in tools_of(self.system.path)),
            numbers_open=numbers_open(self.system.ledger, self.champion),
        )

    def _evidence(self) -> Evidence | None:
        """What went wrong in the champion's development episodes, played again as far as they were paid for."""
        if self.champion is None or self.champion_dev is None:
            return None
        if self._found is None or self._found[0] != self.champion.sha256:
            self.meter.say("looking for failures")
            self._found = (
                self.champion.sha256,
                find_evidence(self._player, self.task, self.champion, self.champion_dev, self.system.worlds),
            )
        return self._found[1]

    def _mended(self, program: Program) -> tuple[Case, ...]:
        """Failures of the beaten champion that a program mended, where trying costs what the editor may spend."""
        if self.champion is None or self.champion_dev is None:
            return ()
        there = [c for c in self.trials.cases() if c.mended]
        if len(there) + PER_TRIAL > MOST:
            return ()
        moments = find_moments(
            self._player,
            self.task,
            self.champion,
            self.champion_dev,
            self.system.worlds,
            budget=self.run.steps - self.run.spent,
            spent=sum(c.max_steps or 0 for c in there),
        )
        if self.lab.remaining < sum(m.case.max_steps or 0 for m in moments):
            return ()
        return mended(
            lambda jobs: self.evaluator.measure(jobs, Purpose.CASE),
            program,
            moments,
            stall_steps=self.gate.stall_steps,
        )

    def _leftover(self) -> Proposal | None:
        """The best program of those that were measured and never judged; random probes are no programs."""
        for sha256 in self.meter.account.dev.ranking():
            program = self.system.programs.get(sha256)
            if (sha256, None) not in self._judged and not is_probe(program):
                mean = self.meter.account.dev.mean(sha256)
                note = f"the best of what was measured, {mean:g} in development"
                return Proposal(program=program, note=note)
        return None

    def _dev_lead(self, program: Program) -> float:
        """By how much a program is better than the champion in development; 0 where that is not known."""
        dev = self.meter.account.dev
        ours = dev.mean(program.sha256)
        theirs = dev.mean(self.champion.sha256) if self.champion is not None else None
        return 0.0 if ours is None or theirs is None else ours - theirs

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
        broken = self.trials.system_tests(proposal, self.champion)
        if broken is not None:
            return Verdict(decision=Decision.REJECTED, reasons=(f"a system test fails:\n{broken}", reason))
        scored = f"first program; completes its development episodes, mean {mean:g}"
        return Verdict(decision=Decision.ACCEPTED, reasons=(scored, reason))

    def _accept(self, trial: Trial, proposal: Proposal, verdict: Verdict) -> None:
        self.system.memory.remember_trials(self._trials)
        self.system.commit(trial, proposal.program, files=proposal.files)
        self.champion = proposal.program
        self.undecided.forget()
        self.meter.accepted += 1
        self.meter.champion = proposal.program.sha256
        self.meter.champion_score = trial.challenger_mean
        target = self.task.target
        if target is not None and trial.challenger_mean is not None and trial.challenger_mean >= target:
            self.target_reached = self.evaluator.holds(proposal.program, target)
        self.champion_dev = proposal.dev or self.evaluator.development(proposal.program)
        if self.on_champion is not None:
            self.meter.say("teaching the student")
            self.on_champion(proposal.program, accepted_of(self._trials))


def _refused(reason: str) -> Verdict:
    return Verdict(decision=Decision.REJECTED, reasons=(reason,))
