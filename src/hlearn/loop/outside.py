"""Runs beside learning: an edit by hand is judged, or a champion made simpler. The champion changes by the gate alone.

Such a run has a budget of its own, so that judging an edit never eats what is left of learning.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from hlearn.editors.api import Brief, Editor, Lab, Proposal
from hlearn.evaluate.api import EvaluatorMaker
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.versions import versions
from hlearn.gate import Gate
from hlearn.lab import Progress, Silent
from hlearn.ledger import RunEnded, RunStarted, Trial
from hlearn.ledger.events import started
from hlearn.ledger.totals import learning_steps
from hlearn.loop.opening import OUTSIDE_LEARNING, last_run
from hlearn.loop.session import Session
from hlearn.records import Program
from hlearn.system import System
from hlearn.tasks.registry import describe


class OneEdit:
    """Proposes one program as it stands.

    Args:
        program: what a person or an agent wrote.
        note: one line about it.
    """

    name = OUTSIDE_LEARNING[0]
    deterministic = False

    def __init__(self, program: Program, note: str) -> None:
        self._program: Program | None = program
        self._note = note

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        """Returns the program, then nothing."""
        program, self._program = self._program, None
        if program is None:
            return None
        lab.say("judging the edit")
        parent = brief.champion.sha256 if brief.champion else None
        return Proposal(program=replace(program, parent=parent), note=self._note)


def unfinished_run(system: System) -> RunStarted | None:
    """The learning run that was interrupted and not resumed yet."""
    run = last_run(system.ledger)
    ended = {r.event.run for r in system.ledger.rows if isinstance(r.event, RunEnded)}
    return run if run is not None and run.run not in ended else None


def run_outside_learning(
    system: System,
    editor: Editor,
    *,
    steps: int,
    workers: int,
    gate: Gate | None = None,
    progress: Progress | None = None,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> tuple[Trial, ...]:
    """Lets an editor propose until it has nothing more; every proposal goes through the gate and into the ledger.

    An interrupted learning run is closed by this, for its champion may change.

    Args:
        system: where; the program in its folder may be an edit, which stays in place where it is not accepted.
        editor: who proposes; its name is one of :data:`hlearn.loop.opening.OUTSIDE_LEARNING`.
        steps: environment steps that this run may spend.
        workers: episodes side by side.
        gate: the rules; the whole of ``steps`` may be spent on judging where None.
        progress: who is told.
        evaluators: makes who plays.

    Returns:
        The trials, in order.
    """
    observation, actions = describe(system.task)
    ledger = system.ledger
    with system.exclusive(), closing(evaluators(system.task, workers=workers)) as evaluator:
        open_run = unfinished_run(system)
        if open_run is not None:
            ledger.append(RunEnded(run=open_run.run, why="another run took over", champion=None))
        champion = system.champion()
        if champion is not None:
            system.programs.add(champion)
        spent, last = learning_steps(ledger), last_run(ledger)
        run = started(
            system.task,
            run=1 if last is None else last.run + 1,
            seed=system.config.seed,
            steps=spent + steps,
            spent=spent,
            editor=editor.name,
            workers=workers,
            champion=champion.sha256 if champion else None,
            versions=versions(),
        )
        ledger.append(run)
        session = Session(
            system=system,
            run=run,
            task=system.task,
            observation=observation,
            actions=actions,
            editor=editor,
            gate=gate or Gate(budget_fraction=1.0),
            evaluator=evaluator,
            progress=progress or Silent(),
        )
        trials = []
        while (proposal := session.propose()) is not None:
            trials.append(session.settle(proposal, session.judge(proposal)))
            asked_once = editor.name == OUTSIDE_LEARNING[0]
            if asked_once or (editor.deterministic and session.lab.remaining <= 0):
                break
        session.end("nothing more to try")
    return tuple(trials)
