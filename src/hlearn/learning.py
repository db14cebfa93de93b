"""Learning: propose, measure, judge, keep; the whole loop on one screen.

    result = learn("ALE/Breakout-v5", out="runs/breakout", steps=1_000_000)

Everything measured stands in the system's ledger before anything is done with it, so a run that is killed at any
moment goes on with ``resume=True`` where it was.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from hlearn.editors.api import Editor
from hlearn.editors.table import checked_editor, make_editor
from hlearn.errors import UsageError, space_needed
from hlearn.evaluate.allowance import usable_cores
from hlearn.evaluate.api import EvaluatorMaker
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.gate import Gate
from hlearn.inherited import children_waited_for
from hlearn.lab import Progress, Silent
from hlearn.ledger.journal import Clock
from hlearn.loop.context import open_run
from hlearn.loop.defaults import HOLDOUT_EPISODES
from hlearn.loop.growing_student import check_lessons
from hlearn.loop.result import LearnResult
from hlearn.loop.session import Session
from hlearn.records import Planning, SpendingCaps
from hlearn.tasks import resolve_task
from hlearn.tasks.apart import limited_calls
from hlearn.tasks.task import Task
from hlearn.trust import Key

__all__ = ["LearnResult", "improve", "learn"]


def learn(
    task: Task | str,
    *,
    out: Path | str,
    editor: Editor | str = "search",
    steps: int | None = None,
    target: float | None = None,
    seed: int | None = None,
    workers: int | None = None,
    resume: bool = False,
    holdout: int = HOLDOUT_EPISODES,
    gate: Gate | None = None,
    key: Key | None = None,
    evaluator: EvaluatorMaker | None = None,
    clock: Clock = time.time,
    progress: Progress | None = None,
    env_timeout: float | None = None,
    caps: SpendingCaps | None = None,
    planning: Planning | None = None,
    teach_every: int | None = None,
) -> LearnResult:
    """Learns a program for a task and leaves a heuristic system in ``out``.

    Args:
        task: what to learn; an id with its defaults, or a task from :func:`hlearn.tasks.resolve_task`.
        out: the system's folder; must be empty or absent unless ``resume``.
        editor: who proposes changes, as on the command line (``search``, ``command:'...'``) or an editor of your own.
        steps: environment steps that the system may spend on learning in all, probes and failed trials included.
            None: as the system was started with, else what is usual for such environments (2,000,000 for Atari, else
            500,000, or what the family of a guest says).
        target: score at which to stop, as a mean of 32 gate episodes (of fewer where the budget ends before); the
            task's own if None.
        seed: decides development and gate seeds and the editor's randomness; the system's own if None, 0 for a new one.
        workers: episodes played side by side; the usable cores if None.
        resume: go on in ``out``: finish the run that was interrupted, or start another where ``steps`` is larger
            than the last run's. Where nothing is there yet a system starts (``hl learn --resume`` refuses that).
        holdout: episodes on holdout seeds at the end; 0 for none.
        gate: the rules of acceptance.
        key: decides, with ``seed``, what every episode is really seeded with; a new one where None, kept outside of
            ``out``. The same key and seed repeat a run bit for bit.
        evaluator: makes who plays: called with the task and ``workers``; isolated processes of this machine if None.
        clock: seconds since the epoch, for the ledger and the commits.
        progress: who is told what happens.
        caps: what it may cost beside environment steps: money, tokens, time; said at half and at four fifths of each,
            and learning ends cleanly at the cap.
        env_timeout: seconds that one call of the environment may take before it is ended as hanging; 60 if None.
        planning: for a task whose programs may simulate, how much; 40 times ``steps``, 600 a decision, if None.
        teach_every: accepted programs after which a network is taught anew what the system's program does, into
            ``out/student``, and once more at the end; beside the step budget. None: no network.

    Returns:
        The result. After Ctrl-C (KeyboardInterrupt) the result so far, with ``interrupted`` set.

    Raises:
        UsageError: the request cannot be met; nothing was changed.
        MissingExtra: ``teach_every`` without PyTorch; nothing was changed.
        HarnessError: the machinery failed; what was measured is kept, ``resume`` goes on.
    """
    if teach_every is not None:
        check_lessons(teach_every)
    with limited_calls(env_timeout), children_waited_for(), space_needed(out):
        task = resolve_task(task) if isinstance(task, str) else task
        with open_run(
            task if target is None else replace(task, target=target),
            out=out,
            editor=make_editor(editor) if isinstance(editor, str) else checked_editor(editor),
            gate=gate or Gate(),
            progress=progress or Silent(),
            steps=steps,
            seed=seed,
            workers=workers or usable_cores(),
            resume=resume,
            clock=clock,
            key=key,
            caps=caps,
            evaluators=_checked(evaluator or IsolatedEvaluator),
            planning=planning,
        ) as run:
            if teach_every is not None:
                run.teach(teach_every, evaluator or IsolatedEvaluator)
            try:
                while session := run.next_session():
                    session.end(improve(session))
                return run.report(holdout)
            except KeyboardInterrupt:
                return run.stop()


def improve(session: Session) -> str:
    """Propose, judge, settle, until the target is reached, the budget is spent, or nothing is left to try."""
    while True:
        proposal = session.propose()
        if proposal is None:
            return session.why_over
        session.settle(proposal, session.judge(proposal))
        if session.target_reached:
            return "target reached"


def _checked(maker: EvaluatorMaker) -> EvaluatorMaker:
    if callable(maker):
        return maker
    raise UsageError(
        f"evaluator is of type {type(maker).__name__}, expected what makes one: a class or function "
        "that is called with the task and workers=..., for a run opens its evaluator itself and closes it"
    )
