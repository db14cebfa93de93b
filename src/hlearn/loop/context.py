"""Everything one call of ``learn`` works with: the system, its processes, the runs played in it."""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hlearn.editors.api import Editor
from hlearn.errors import HlearnError, UsageError
from hlearn.evaluate.api import Evaluator, EvaluatorMaker
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.gate import Gate
from hlearn.lab import MeteredEvaluator, Progress
from hlearn.lab.recordings import Recordings
from hlearn.ledger import Ledger, Measured, RunEnded, RunStarted, Trial
from hlearn.ledger.journal import Clock
from hlearn.loop.closing import Closing
from hlearn.loop.defaults import SIMULATED, SIMULATED_LEAST
from hlearn.loop.first_look import look_first
from hlearn.loop.growing_student import GrowingStudent
from hlearn.loop.opening import is_new, last_run, next_run, open_system, usual_steps
from hlearn.loop.repeatable import check_repeatable
from hlearn.loop.report import result_of
from hlearn.loop.result import LearnResult
from hlearn.loop.session import Session
from hlearn.loop.trial_log import accepted_of
from hlearn.loop.unjudged import leave_unjudged
from hlearn.records import Model, Planning, SpendingCaps
from hlearn.system import System
from hlearn.system.keys import accept_key
from hlearn.tasks.environment import ActionSpace, ObservationSpec
from hlearn.tasks.registry import describe
from hlearn.tasks.task import Task
from hlearn.trust import Key, Worlds, fresh_key


@dataclass(kw_only=True)
class RunContext:
    """A system that is open for learning; made by :func:`open_run`.

    Attributes:
        began: reading of the monotonic clock when the call began.
        meters: of the runs played by this call.
        student: is taught as the system grows; None for none.
        closing: holdout and controls, as far as they were played; None before.
    """

    system: System
    task: Task
    observation: ObservationSpec
    actions: ActionSpace
    editor: Editor
    gate: Gate
    evaluator: Evaluator
    progress: Progress
    seed: int
    steps: int
    workers: int
    caps: SpendingCaps | None
    began: float
    meters: list[MeteredEvaluator]
    planning: Planning | None = None
    student: GrowingStudent | None = None
    closing: Closing | None = None

    def teach(self, every: int, evaluators: EvaluatorMaker) -> None:
        """Has a student taught after every so many accepted programs, and at the end."""
        self.student = GrowingStudent(
            every=every,
            system=self.system,
            task=self.task,
            evaluators=evaluators,
            workers=self.workers,
            progress=self.progress,
        )

    def next_session(self) -> Session | None:
        """The run to play now: the unfinished one, else a new one, else None."""
        run = next_run(
            self.system,
            self.task,
            self.editor,
            seed=self.seed,
            steps=self.steps,
            workers=self.workers,
            planning=self.planning,
        )
        if run is None:
            return None
        session = Session(
            system=self.system,
            run=run,
            task=replace(self.task, target=run.target),
            observation=self.observation,
            actions=self.actions,
            editor=self.editor,
            gate=self.gate,
            evaluator=self.evaluator,
            progress=self.progress,
            caps=self._caps_left(),
            on_champion=None if self.student is None else self.student.accepted,
        )
        self.meters.append(session.meter)
        return session

    def report(self, holdout_episodes: int) -> LearnResult:
        """Plays the holdout and the controls with the champion, and sums up."""
        run, champion = self._run(), self.system.champion()
        if self.student is not None:
            trials = [r.event for r in self.system.ledger.rows if isinstance(r.event, Trial)]
            self.student.finish(champion, accepted_of(trials))
        if champion is not None and holdout_episodes > 0:
            meter = self.meters[-1] if self.meters else self._meter(run)
            self.closing = Closing(meter, self.task, self.actions, champion, holdout_episodes)
            self.closing.play()
            self.system.close_run("Holdout and controls")
        ends = (r.event.why for r in reversed(self.system.ledger.rows) if isinstance(r.event, RunEnded))
        unjudged = self._leave_unjudged() if champion is None else leave_unjudged(self.system, None)
        return self._sum_up(run, next(ends, "nothing was run"), unjudged)

    def stop(self) -> LearnResult:
        """Sums up after Ctrl-C, the report as far as it was played; everything measured is kept for ``resume``."""
        self.system.restore()
        return self._sum_up(self._run(), "interrupted", self._leave_unjudged())

    def leave_program(self, error: Exception) -> None:
        """Leaves the best program that no trial has judged, and notes with the error where it lies."""
        with suppress(HlearnError, OSError):
            if (path := self._leave_unjudged()) is not None:
                judge = f"hl gate {shlex.quote(str(self.system.path))} --program {shlex.quote(str(path))}"
                error.add_note(f"The best program so far, not judged yet, is {path}; judge it with: {judge}")

    def _leave_unjudged(self) -> Path | None:
        return leave_unjudged(self.system, self.meters[-1].account.dev if self.meters else None)

    def _sum_up(self, run: RunStarted, why: str, unjudged: Path | None) -> LearnResult:
        closing = self.closing
        return result_of(
            self.system,
            self.task,
            run,
            holdout=closing.holdout if closing else None,
            blind=closing.blind if closing else None,
            chance=closing.chance if closing else None,
            controls=closing.controls if closing else None,
            unmeasured=closing.unmeasured if closing else None,
            unjudged=unjudged,
            why=why,
            seconds=time.monotonic() - self.began,
            busy_s=sum(m.busy_s for m in self.meters),
        )

    def _caps_left(self) -> SpendingCaps | None:
        """The caps, with the time of this sitting that is left."""
        if self.caps is None or self.caps.seconds is None:
            return self.caps
        left = self.caps.seconds - (time.monotonic() - self.began)
        return replace(self.caps, seconds=max(left, 1e-3))

    def _run(self) -> RunStarted:
        run = last_run(self.system.ledger)
        assert run is not None
        return run

    def _meter(self, run: RunStarted) -> MeteredEvaluator:
        meter = MeteredEvaluator(
            task=self.task,
            run=run,
            ledger=self.system.ledger,
            programs=self.system.programs,
            recordings=Recordings(self.system.path / "recordings"),
            evaluator=self.evaluator,
            worlds=self.system.worlds,
            replaying=False,
            progress=self.progress,
        )
        self.meters.append(meter)
        return meter


@contextmanager
def _withdrawn_if_refused(path: Path) -> Iterator[None]:
    """Takes back the system that the block made where the request turns out not to fit before anything was measured."""
    was_empty = path.is_dir() and not any(path.iterdir())
    fresh = was_empty or not path.exists()
    try:
        yield
    except UsageError:
        if fresh and not _has_results(path / "ledger.jsonl"):
            shutil.rmtree(path, ignore_errors=True)
            if was_empty:
                path.mkdir(exist_ok=True)
        raise


def _has_results(ledger: Path) -> bool:
    rows = Ledger(ledger).rows if ledger.is_file() else ()
    return any(isinstance(row.event, (Measured, Trial)) for row in rows)


def planning_of(system: System, task: Task, steps: int, given: Planning | None) -> Planning | None:
    """How much a run may simulate: what was asked for, else as in the run before, else by its steps; None for none."""
    if task.model is not Model.SIMULATOR:
        return None
    before = last_run(system.ledger)
    usual = before.planning if before is not None and before.planning is not None else None
    return given or usual or Planning(budget=max(SIMULATED_LEAST, SIMULATED * steps))


@contextmanager
def open_run(
    task: Task,
    *,
    out: Path | str,
    editor: Editor,
    gate: Gate,
    progress: Progress,
    steps: int | None,
    seed: int | None,
    workers: int,
    resume: bool,
    clock: Clock,
    key: Key | None = None,
    caps: SpendingCaps | None = None,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
    planning: Planning | None = None,
) -> Iterator[RunContext]:
    """Opens or creates the system, holds it alone, and ends every process at the end.

    Raises:
        UsageError: the task, the folder or the system does not fit; nothing was changed.
        NotRepeatable: a user's environment plays the same episode differently; nothing was changed.
    """
    began = time.monotonic()
    if steps is not None and steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    observation, actions = describe(task)
    with closing(evaluators(task, workers=workers)) as evaluator, _withdrawn_if_refused(Path(out)):
        fresh = not resume or is_new(out)
        given = key is not None
        key = key or fresh_key()
        if fresh:
            check_repeatable(
                evaluator, task, workers, observation, actions, seed or 0, progress, Worlds.of_key(key)
            )
        system = open_system(out, task, seed=seed or 0, resume=resume, clock=clock, key=key)
        seed = system.config.seed if seed is None else seed
        steps = steps or usual_steps(system)
        if given and not fresh:
            accept_key(system, key)
        with system.exclusive(key=key):
            system.check_standing()
            if not fresh and last_run(system.ledger) is None:  # nothing was learnt in it yet
                check_repeatable(
                    evaluator, task, workers, observation, actions, seed, progress, system.worlds
                )
            system.restore()
            if last_run(system.ledger) is None:
                first = look_first(
                    evaluator,
                    task,
                    workers,
                    observation,
                    actions,
                    steps=steps,
                    seed=seed,
                    searches=editor.name == "search",
                    worlds=system.worlds,
                )
                for note in first.notes:
                    progress.noted(note)
            run = RunContext(
                system=system,
                task=task,
                observation=observation,
                actions=actions,
                editor=editor,
                gate=gate,
                evaluator=evaluator,
                progress=progress,
                seed=seed,
                steps=steps,
                workers=workers,
                caps=caps,
                began=began,
                meters=[],
                planning=planning_of(system, task, steps, planning),
            )
            try:
                yield run
            except (HlearnError, OSError) as error:
                run.leave_program(error)
                raise
