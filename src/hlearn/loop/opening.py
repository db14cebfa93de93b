"""Where a run begins, or goes on."""

from __future__ import annotations

from pathlib import Path

from hlearn.editors.api import Editor
from hlearn.errors import UsageError
from hlearn.evaluate.versions import versions
from hlearn.ledger import Ledger, RolledBack, RunEnded, RunResumed, RunStarted
from hlearn.ledger.events import started
from hlearn.ledger.journal import Clock
from hlearn.ledger.totals import learning_steps
from hlearn.records import Model, Planning
from hlearn.system import System
from hlearn.tasks.families import family_of
from hlearn.tasks.task import Task
from hlearn.trust import Key

OUTSIDE_LEARNING = ("by hand", "compress")  # editors of runs beside learning, with a budget of their own


def open_system(path: Path | str, task: Task, *, seed: int, resume: bool, clock: Clock, key: Key) -> System:
    """Creates the system, or opens it to go on.

    Args:
        path: its folder.
        task: what it learns.
        seed: learning seed of a new one.
        resume: whether it may be there already.
        clock: seconds since the epoch.
        key: of a new one.

    Raises:
        OutputExists: it exists and ``resume`` is False.
        UsageError: it is a system of another task.
    """
    path = Path(path)
    if not resume or is_new(path):
        return System.create(path, task, seed=seed, clock=clock, key=key)
    system = System.open(path, clock=clock)
    if system.task.key != task.key:
        raise UsageError(f"{path} learns {_said(system.task)}, not {_said(task)}; choose another --out")
    system.verify()
    return system


def is_new(path: Path | str) -> bool:
    """Whether no system stands in a folder yet."""
    path = Path(path)
    return not path.exists() or (path.is_dir() and not any(path.iterdir()))


def _said(task: Task) -> str:
    arguments = "".join(f", {key}={value}" for key, value in task.kwargs)
    model = "" if task.model is Model.NONE else f", model {task.model}"
    variant = f", variant {task.variant}" if task.variant else ""
    return f"{task.env_id} (access {task.access}, protocol {task.protocol}{model}{variant}{arguments})"


def next_run(
    system: System,
    task: Task,
    editor: Editor,
    *,
    seed: int,
    steps: int,
    workers: int,
    planning: Planning | None = None,
) -> RunStarted | None:
    """Returns the run to play now: the unfinished one, else a new one, else None where all is done.

    A run is unfinished if it has no end in the ledger. It goes on only as it was begun: another editor, another
    seed, another key or a rollback in between closes it, and a new run starts from the present champion.
    """
    ledger = system.ledger
    run = last_run(ledger)
    if run is not None and not _ended(ledger, run.run):
        same = (
            run.editor == editor.name
            and run.seed == seed
            and run.task == task.key
            and not _changed_since(ledger, run)
        )
        if same and (editor.deterministic or run.steps == steps):
            ledger.append(RunResumed(run=run.run, versions=versions()))
            return run
        ledger.append(RunEnded(run=run.run, why="another run took over", champion=None))
    elif run is not None and run.editor not in OUTSIDE_LEARNING and steps <= run.steps:
        return None
    spent = learning_steps(ledger)
    if run is not None and steps <= spent:
        return None
    champion = system.champion()
    if champion is not None:
        system.programs.add(champion)
    ledger.append(
        started(
            task,
            run=1 if run is None else run.run + 1,
            seed=seed,
            steps=steps,
            spent=spent,
            editor=editor.name,
            workers=workers,
            champion=champion.sha256 if champion else None,
            versions=versions(),
            planning=planning if planning is not None or run is None else run.planning,
        )
    )
    new = last_run(ledger)
    assert new is not None
    return new


def last_run(ledger: Ledger) -> RunStarted | None:
    """The latest run's first row."""
    return next((r.event for r in reversed(ledger.rows) if isinstance(r.event, RunStarted)), None)


def last_learning_run(ledger: Ledger) -> RunStarted | None:
    """The same of those runs in which an editor learnt."""
    runs = (r.event for r in reversed(ledger.rows) if isinstance(r.event, RunStarted))
    return next((run for run in runs if run.editor not in OUTSIDE_LEARNING), None)


def usual_steps(system: System) -> int:
    """Environment steps of a run where nobody names any: as in the run before, else as usual for such environments."""
    before = last_learning_run(system.ledger)
    return family_of(system.task.env_id).default_steps if before is None else before.steps


def _ended(ledger: Ledger, run: int) -> bool:
    return any(isinstance(r.event, RunEnded) and r.event.run == run for r in ledger.rows)


def _changed_since(ledger: Ledger, run: RunStarted) -> bool:
    """Whether another champion was put in place since a run began, or episodes are seeded otherwise."""
    begun = next(r for r in ledger.rows if r.event == run)
    if begun.epoch != ledger.epoch:
        return True
    return any(isinstance(r.event, RolledBack) for r in ledger.rows[begun.n :])
