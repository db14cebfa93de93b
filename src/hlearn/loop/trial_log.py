"""The trials of one run: written down once, and found again when the run is replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hlearn.editors.api import Proposal
from hlearn.gate import PastRace, Verdict, first_seed_against, floor_of, past_race
from hlearn.lab import MeteredEvaluator
from hlearn.lab.lab import SEEDS_PER_RUN
from hlearn.ledger import TUNER, Decision, EditorRan, Ledger, RunStarted, Trial
from hlearn.ledger.hypotheses import told
from hlearn.records import Program, Split
from hlearn.system import Case, System
from hlearn.system.cases import case_text
from hlearn.system.checks import run_system_tests
from hlearn.tasks.registry import seed_matters


class TrialLog:
    """Writes trials into a system.

    Args:
        system: where.
        meter: of the run.
        replaying: whether the trials that the ledger holds of this run will be asked for again.
    """

    def __init__(self, system: System, meter: MeteredEvaluator, *, replaying: bool) -> None:
        self._system = system
        self._meter = meter
        self._replaying = replaying
        self._run = meter.run.run
        self._before = [r.event for r in system.ledger.rows if isinstance(r.event, Trial)]
        alike = _runs_alike(system, meter.run)
        self._settled = [t for t in self._before if t.run in alike and not (replaying and t.run == self._run)]

    def gate_score(self, program: Program) -> float | None:
        """The score with which the gate accepted a program, None if it never did."""
        accepted = [
            t.challenger_mean
            for t in self._before
            if t.program == program.sha256 and t.decision is Decision.ACCEPTED
        ]
        return accepted[-1] if accepted else None

    def turned_down(self) -> list[str]:
        """What became of earlier proposals that were not accepted, oldest first."""
        return [
            said_of(t)
            for t in self._before
            if t.decision is not Decision.ACCEPTED and not (self._replaying and t.run == self._run)
        ]

    def before(self) -> list[Trial]:
        """The trials that stand, in order, without those that are asked for again."""
        return [t for t in self._before if not (self._replaying and t.run == self._run)]

    def judged(self) -> int:
        """How many trials of this run need not be judged again."""
        return 0 if self._replaying else sum(t.run == self._run for t in self._before)

    def past(self, program: Program, champion: Program | None) -> Trial | None:
        """This very trial, if it was decided before the run was resumed."""
        if not self._replaying:
            return None
        asked = (self._run, program.sha256, champion.sha256 if champion else None)
        return next((t for t in self._before if (t.run, t.program, t.champion) == asked), None)

    def settle(
        self,
        proposal: Proposal,
        champion: Program | None,
        verdict: Verdict,
        first_seed: int,
        mended: Sequence[Case] = (),
    ) -> Trial:
        """Writes the verdict down, unless the ledger has it; an accepted one with the failures that it mended."""
        trial = self.past(proposal.program, champion) or self._record(
            proposal, champion, verdict, first_seed, mended
        )
        self._before = [t for t in self._before if t is not trial]
        self._settled.append(trial)
        return trial

    def race(self, program: Program, champion: Program | None, longest: int | None) -> PastRace | None:
        """What two programs have played against each other, in whichever run of this system.

        Args:
            program: the challenger.
            champion: None where there is none, and so no race.
            longest: where episodes are cut now; taken for trials in which an older hlearn did not write it down.
        """
        if champion is None:
            return None
        return past_race([_placed(t, longest) for t in self._settled], program.sha256, champion.sha256)

    def first_seed(self, champion: Program | None) -> int:
        """Position of the seed at which races against a champion begin."""
        settled = [_placed(t, None) for t in self._settled]
        own = (self._run - 1) * SEEDS_PER_RUN
        return first_seed_against(settled, champion.sha256 if champion else None, own)

    def system_tests(self, proposal: Proposal, champion: Program | None) -> str | None:
        """What fails of the system's tests; on a replay, what they said the first time."""
        past = self.past(proposal.program, champion)
        if past is not None:
            return None if past.decision is Decision.ACCEPTED else "; ".join(past.reasons)
        return run_system_tests(self._system, proposal.program, files=proposal.files)

    def cases(self) -> tuple[Case, ...]:
        """The cases that stood when this trial was judged the first time, without those whose key is lost."""
        numbers = {t.trial for t in self._before if t.run == self._run} if self._replaying else set()
        worlds = self._meter.worlds
        playable = (c for c in self._system.judged.cases() if c.key is None or worlds.has(c.key))
        return tuple(c for c in playable if c.trial not in numbers)

    def new_cases(self, trial: int, verdict: Verdict, first_seed: int) -> list[Case]:
        """What must stay: the skill that this trial stands on, on its first gate seed.

        Args:
            trial: number of the accepted one.
            verdict: with its episodes.
            first_seed: position of the first of them.
        """
        matters = seed_matters(self._meter.task)
        split, world = Split.GATE if matters else Split.DEV, self._meter.worlds.current
        floor = floor_of(verdict, exact=not matters)
        known = [
            c.min_score
            for c in self._system.judged.cases()
            if c.number == first_seed and c.split is split and c.key in (None, world)
        ]
        if any(k is not None and (floor is None or k >= floor) for k in known) or (known and floor is None):
            return []
        why = f"every champion since trial {trial} "
        why += "completes this episode" if floor is None else "does at least this well"
        return [
            Case(
                name=f"trial-{trial:04d}",
                why=why,
                split=split,
                number=first_seed,
                max_steps=verdict.longest,
                min_score=floor,
                trial=trial,
                key=world,
            )
        ]

    def _record(
        self,
        proposal: Proposal,
        champion: Program | None,
        verdict: Verdict,
        first_seed: int,
        mended: Sequence[Case],
    ) -> Trial:
        self._system.add_program(proposal.program, proposal.note)
        numbers = [r.event.trial for r in self._system.ledger.rows if isinstance(r.event, Trial)]
        number = max(numbers, default=0) + 1
        files: tuple[tuple[str, str], ...] = ()
        if verdict.accepted:
            named = (
                replace(c, name=f"trial-{number:04d}-mended-{n}", trial=number)
                for n, c in enumerate(mended, start=1)
            )
            cases = (*self.new_cases(number, verdict, first_seed), *named)
            files = (*proposal.files, *((f"cases/{c.name}.json", case_text(c)) for c in cases))
        trial = Trial(
            run=self._run,
            trial=number,
            program=proposal.program.sha256,
            champion=champion.sha256 if champion else None,
            note=proposal.note,
            decision=verdict.decision,
            reasons=verdict.reasons,
            pairs=len(verdict.pairs),
            challenger_mean=verdict.challenger.mean if verdict.challenger else None,
            champion_mean=verdict.champion.mean if verdict.champion else None,
            env_steps=self._meter.spent,
            first_seed=first_seed,
            longest=verdict.longest,
            final=verdict.final,
            files=files,
            cost=proposal.cost,
            attachments=proposal.attachments,
            editor=proposal.editor,
        )
        self._system.ledger.append(trial)
        return trial


def _runs_alike(system: System, run: RunStarted) -> set[int]:
    """The runs in which episodes had the same seeds and ended at the same target: others ask another question."""
    rows = (r for r in system.ledger.rows if r.epoch == system.ledger.epoch)
    started = (r.event for r in rows if isinstance(r.event, RunStarted))
    return {r.run for r in started if (r.task, r.target) == (run.task, run.target)}


def _placed(trial: Trial, longest: int | None) -> Trial:
    """A trial of an older hlearn with what it did not write down: its run had gate seeds of its own."""
    if trial.first_seed is not None:
        return trial
    return replace(trial, first_seed=(trial.run - 1) * SEEDS_PER_RUN, longest=longest)


def said_of(trial: Trial) -> str:
    """A trial in the words of a brief."""
    lines = [f"trial {trial.trial}: {trial.note}", *([told(trial)] if told(trial) else []), *trial.reasons]
    return "\n".join(lines)


def numbers_open(ledger: Ledger, champion: Program | None) -> bool:
    """Whether the champion is an accepted edit on which no tuner has worked since."""
    found = False
    for row in ledger.rows if champion is not None else ():
        event = row.event
        if isinstance(event, Trial) and champion is not None and event.program == champion.sha256:
            found = event.decision is Decision.ACCEPTED and event.editor != TUNER
        elif isinstance(event, EditorRan) and event.editor == TUNER:
            found = False
    return found


def accepted_of(trials: Sequence[Trial]) -> int:
    """How many of some trials were accepted."""
    return sum(t.decision is Decision.ACCEPTED for t in trials)
