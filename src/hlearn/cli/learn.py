"""``hl learn``: the main job."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.opening import note_torn_ledger
from hlearn.cli.options import (
    AccessName,
    BaseUrl,
    EditorSeconds,
    EnvArguments,
    EnvTimeout,
    Feedback,
    KeyFile,
    KeyVariable,
    MaxTime,
    MaxTokens,
    MaxUsd,
    ModelName,
    PlannerBudget,
    PlannerSteps,
    Prices,
    Proposals,
    ProtocolName,
    Steps,
    Target,
    TaskName,
    Teach,
    Tune,
    VariantText,
    Workers,
    env_arguments,
    key_of,
    lessons_every,
)
from hlearn.cli.out_folder import Before, read_before, refuse_filled
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.stopping import Stops
from hlearn.cli.words import arguments
from hlearn.cli.worst import name_worst_failure
from hlearn.errors import UsageError
from hlearn.loop.defaults import HOLDOUT_EPISODES, SIMULATED, SIMULATED_LEAST
from hlearn.records import Model, Planning

if TYPE_CHECKING:
    from rich.console import Console

    from hlearn.evaluate.api import EvaluatorMaker
    from hlearn.learning import LearnResult
    from hlearn.ledger.totals import Totals
    from hlearn.records import SpendingCaps
    from hlearn.tasks.task import Scalar, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The command line, with every default filled in."""

    task: Task
    out: Path
    editor: str
    steps: int
    seed: int
    workers: int
    defaults: tuple[str, ...]  # options that were not given and took a default
    so_far: Totals | None  # what the system that is resumed cost and reached, None where there is none


@verb
def learn(
    task: TaskName,
    access: AccessName = None,
    protocol: ProtocolName = None,
    model: ModelName = None,
    variant: VariantText = None,
    env: EnvArguments = None,
    editor: Annotated[
        str | None,
        typer.Option(
            "--editor",
            metavar="search|codex|claude|command:'...'|module:Class",
            help="Who proposes changes: the embedded search (default), a coding agent (codex, claude, gemini, "
            "opencode, aider, mini; codex:MODEL names its model), any command, or a class of yours in Python.",
            show_default=False,
        ),
    ] = None,
    base_url: BaseUrl = None,
    key_variable: KeyVariable = None,
    edit_seconds: EditorSeconds = None,
    prices: Prices = None,
    proposals: Proposals = 1,
    feedback: Feedback = True,
    tune: Tune = None,
    max_usd: MaxUsd = None,
    max_tokens: MaxTokens = None,
    max_time: MaxTime = None,
    steps: Steps = None,
    target: Target = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, help="Learning seed: decides dev and gate seeds. Default: 0.", show_default=False
        ),
    ] = None,
    workers: Workers = None,
    planner_steps: PlannerSteps = None,
    planner_budget: PlannerBudget = None,
    key: KeyFile = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="The system's folder. Default: runs/TASK-ACCESS-PROTOCOL-sSEED.", show_default=False
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the system in --out.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done and what it may cost, and do nothing.")
    ] = False,
    holdout_episodes: Annotated[
        int, typer.Option("--holdout-episodes", min=0, help="Episodes on fresh seeds at the end; 0 for none.")
    ] = HOLDOUT_EPISODES,
    env_timeout: EnvTimeout = None,
    progress_file: Annotated[
        Path | None,
        typer.Option(
            "--progress-file",
            metavar="FILE",
            help="Keep a JSON object in FILE that says where the run stands, anew every second.",
            show_default=False,
        ),
    ] = None,
    teach: Teach = None,
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray",
            metavar="ADDRESS",
            help="Play the episodes on a Ray cluster (auto, or HOST:PORT), --workers of them side by side.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Learn a program for TASK and leave a heuristic system on disk.

    Exit code 0: done; 1: no program, none better than trivial play, or the target was missed; 2: wrong usage;
    3: harness fault; 130: stopped by Ctrl-C (143 by SIGTERM).
    """
    from hlearn.cli.progress import showing
    from hlearn.cli.progress_file import ProgressFile
    from hlearn.cli.summary import announce, announce_resumption, last_word, summary
    from hlearn.editors.table import AgentOptions, make_editor
    from hlearn.learning import learn as run
    from hlearn.records import SpendingCaps

    screen = console(as_json)
    plan = _plan(
        task,
        access,
        protocol,
        model,
        variant,
        env_arguments(env),
        editor,
        steps,
        target,
        seed,
        workers,
        out,
        resume,
    )
    options = AgentOptions(
        base_url=base_url,
        key_variable=key_variable,
        limit_s=edit_seconds,
        prices=prices,
        at_once=proposals,
        feedback=feedback,
        tune=tune,
    )
    made, given = make_editor(plan.editor, options), key_of(key)
    every = None if teach is None else lessons_every(teach)
    evaluators = None if ray is None else _on_ray(ray)
    _let_agents_find_hl()
    note_torn_ledger(plan.out, screen)
    announce(plan.task, plan.out, plan.editor, plan.steps, plan.seed, plan.workers, plan.defaults, screen)
    if plan.so_far is not None:
        announce_resumption(plan.so_far, screen)
    caps = SpendingCaps(usd=max_usd, tokens=max_tokens, seconds=max_time)
    if dry_run:
        return _dry_run(plan, caps, screen)
    title = f"{plan.task.env_id}{arguments(plan.task)}  {plan.task.access.value}  {plan.task.protocol.value}"
    with Stops() as stops, showing(title, plan.task.env_id, screen) as progress:
        result = run(
            plan.task,
            out=plan.out,
            editor=made,
            steps=plan.steps,
            seed=plan.seed,
            workers=plan.workers,
            resume=resume,
            holdout=holdout_episodes,
            key=given,
            evaluator=evaluators,
            caps=caps,
            progress=progress if progress_file is None else ProgressFile(progress_file, progress),
            planning=_planning(plan, planner_steps, planner_budget),
            teach_every=every,
        )
    summary(result, plan.task, plan.out, plan.steps, screen)
    if result.program_sha256 is not None and not result.interrupted:
        name_worst_failure(plan.out, screen)
    last_word(result, screen)
    return Answer(data=result.as_json(), code=stops.code if result.interrupted else _code(result))


def _on_ray(address: str) -> EvaluatorMaker:
    from hlearn.suites.on_ray import connect, ray_evaluators

    connect(address)  # what does not answer is said before anything starts
    return ray_evaluators(address)


def _planning(plan: _Plan, per_decision: int | None, budget: int | None) -> Planning | None:
    """What was asked for; None where nothing was.

    Raises:
        UsageError: the task's programs may not simulate.
    """
    if per_decision is None and budget is None:
        return None
    if plan.task.model is not Model.SIMULATOR:
        raise UsageError(
            "--planner-steps and --planner-budget are for --model simulator; without it nothing is simulated"
        )
    usual = Planning(budget=budget or max(SIMULATED_LEAST, SIMULATED * plan.steps))
    return usual if per_decision is None else replace(usual, per_decision=per_decision)


def _dry_run(plan: _Plan, caps: SpendingCaps, screen: Console) -> Answer:
    from hlearn.cli.summary import announce_forecast
    from hlearn.loop.forecast import forecast
    from hlearn.system import System

    ledger = System.open(plan.out).ledger if plan.so_far is not None else None
    found = forecast(ledger, steps=plan.steps, caps=caps)
    announce_forecast(found, screen)
    return Answer(
        data={
            "task": plan.task.env_id,
            "system": str(plan.out),
            "editor": plan.editor,
            "steps": plan.steps,
            "trials_known": found.trials_known,
            "cost_per_trial": None if found.per_trial is None else asdict(found.per_trial),
            "steps_per_trial": found.steps_per_trial,
            "trials_expected": found.trials,
            "usd_expected": found.usd,
            "seconds_expected": found.seconds,
        }
    )


def _code(result: LearnResult) -> int:
    failed = result.holdout_episodes > 0 and result.score is None
    if result.program_sha256 is None or failed or result.better_than_trivial is False:
        return NO
    if result.target is None:
        return DONE
    reached = result.target_reached if result.holdout_episodes else result.why == "target reached"
    return DONE if reached else NO


def _plan(
    env_id: str,
    access: str | None,
    protocol: str | None,
    model: str | None,
    variant: str | None,
    env: dict[str, Scalar],
    editor: str | None,
    steps: int | None,
    target: float | None,
    seed: int | None,
    workers: int | None,
    out: Path | None,
    resume: bool,
) -> _Plan:
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.tasks import resolve_task
    from hlearn.tasks.families import family_of

    defaults = tuple(n for n, v in (("access", access), ("protocol", protocol), ("seed", seed)) if v is None)
    before = None if out is None else _checked_folder(out, resume)
    if before is not None and before.task.env_id == env_id:
        access, protocol = access or before.task.access.value, protocol or before.task.protocol.value
        model = model or before.task.model.value
        variant = before.task.variant if variant is None else variant
        env = {**dict(before.task.kwargs), **env}
        target = before.task.target if target is None else target
        seed = before.seed if seed is None else seed
    task = resolve_task(
        env_id, access=access, protocol=protocol, target=target, model=model, variant=variant, **env
    )
    seed = seed or 0
    if out is None:
        out = default_out(task, seed)
        before = _checked_folder(out, resume)
    if before is not None and before.task.env_id == env_id and before.seed != seed:
        raise UsageError(
            f"{out} learns with seed {before.seed}, not {seed}; leave --seed out, or choose another --out"
        )
    if before is not None:
        steps, editor = steps or before.steps, editor or before.editor
    return _Plan(
        task=task,
        out=out,
        editor=editor or "search",
        steps=steps or family_of(task.env_id).default_steps,
        seed=seed,
        workers=workers or usable_cores(),
        defaults=defaults,
        so_far=before.so_far if before is not None else None,
    )


def _checked_folder(out: Path, resume: bool) -> Before | None:
    """What there is to go on with; None where a new system is to start."""
    if resume:
        return read_before(out)
    refuse_filled(out)
    return None


def default_out(task: Task, seed: int) -> Path:
    """``runs/TASK-ACCESS-PROTOCOL-sSEED``, the environment's arguments behind the task."""
    named = "-".join([task.env_id.removeprefix("ALE/"), *(f"{k}-{v}" for k, v in task.kwargs)])
    name = re.sub(r"[^\w.-]+", "-", named)
    model = "" if task.model is Model.NONE else f"-{task.model.value}"
    variant = "" if not task.variant else "-" + re.sub(r"[^\w.]+", "-", task.variant)
    return Path("runs") / f"{name}-{task.access.value}-{task.protocol.value}{model}{variant}-s{seed}"


def _let_agents_find_hl() -> None:
    """Puts this interpreter's commands at the end of PATH, for editors that run ``hl eval .`` themselves."""
    os.environ["PATH"] = os.pathsep.join(
        [os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)]
    )
