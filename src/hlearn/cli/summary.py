"""The words around ``hl learn``: what is going to happen, and what came of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hlearn.cli.words import arguments, count, duration, number, several
from hlearn.errors import UsageError
from hlearn.foreign_text import decoded
from hlearn.program import PACKAGE, PROGRAM_FILE
from hlearn.records import Model
from hlearn.system.memory import SEEN
from hlearn.tasks.registry import report_cap
from hlearn.tasks.task import Task

if TYPE_CHECKING:
    from hlearn.learning import LearnResult
    from hlearn.ledger.totals import Totals
    from hlearn.loop.forecast import Forecast

_NOTED = 4_000  # characters of the editor's notes that are shown


def announce(
    task: Task,
    out: Path,
    editor: str,
    steps: int,
    seed: int,
    workers: int,
    defaults: tuple[str, ...],
    screen: Console,
) -> None:
    """Says aloud what is going to happen, defaults included."""

    def said(name: str, value: object) -> str:
        return f"{name} {value}{' (default)' if name in defaults else ''}"

    screen.print(Text(f"Learning {task.env_id}{arguments(task)}", style="bold"))
    modelled = "" if task.model is Model.NONE else f", model {task.model.value}"
    modelled += f", variant {task.variant}" if task.variant else ""
    screen.print(
        Text(f"  {said('access', task.access.value)}, {said('protocol', task.protocol.value)}{modelled}"),
        soft_wrap=True,
    )
    screen.print(
        Text(
            f"  editor {editor}, at most {count(steps)} environment steps, {said('seed', seed)}, "
            f"{several(workers, 'worker')}"
            + ("" if task.target is None else f", target {number(task.target)}")
        ),
        soft_wrap=True,
    )
    screen.print(Text(f"  system {out}"), soft_wrap=True)
    cap = report_cap(task)
    if cap is not None:
        screen.print(
            Text(
                f"  no time limit: {task.env_id} is registered without max_episode_steps, so reports (holdout, "
                f"hl eval, hl replay) stop an episode after {count(cap)} steps"
            ),
            soft_wrap=True,
        )


def announce_resumption(so_far: Totals, screen: Console) -> None:
    """Says what the system holds that learning goes on with."""
    best = "" if so_far.best_dev is None else f", best development episode {number(so_far.best_dev)}"
    screen.print(
        Text(
            f"  so far: {several(so_far.trials, 'trial')}, {so_far.accepted} accepted, "
            f"{count(so_far.env_steps)} steps{best}"
        ),
        soft_wrap=True,
    )


def summary(result: LearnResult, task: Task, out: Path, steps: int, screen: Console) -> None:
    """Prints what came of it, and what to try next."""
    resume = f"hl learn {result.task} --resume --out {shlex.quote(str(out))}"
    unjudged = unjudged_words(result, out)
    if result.interrupted:
        screen.print(
            Text(
                f"Stopped after {duration(result.seconds)}: {count(result.env_steps)} steps, "
                f"{several(result.trials, 'trial')}, "
                f"{result.accepted} accepted. Everything measured is kept. {unjudged}"
                f"{_report_so_far(result)}Go on with:\n  {resume}"
            ),
            soft_wrap=True,
        )
        return
    if result.program_sha256 is None:
        screen.print(
            Text(
                f"No program was accepted ({result.why}): {count(result.env_steps)} steps, "
                f"{several(result.trials, 'trial')}.\n"
                + (f"The editor's last attempt: {result.refused.strip()}\n" if result.refused else "")
                + (f"{unjudged.strip()}\n" if unjudged else "")
                + _seen(result)
                + (f"Try more steps: {resume} --steps {2 * steps}" if result.refused is None else "")
            ),
            soft_wrap=True,
        )
        return
    if result.better_than_trivial is False:
        screen.print(
            Text(f"{not_better(result, out)}\n{_seen(result)}".rstrip(), style="bold"), soft_wrap=True
        )
    screen.print(_box(result, task, out))
    for line in seen_lines(out):
        screen.print(Text(line), soft_wrap=True)
    place = shlex.quote(str(out))
    screen.print("Try next:", style="bold")
    film = " --video episode.mp4" if _draws(task) else ""
    for command, why in (
        (f"hl replay {place}{film}", "watch it play" if film else "play an episode again: which rule acted"),
        (f"hl report {place}", "how it came to this, as text and report.png"),
        (f"hl eval {place} --split dev", f"after an edit of the program; then: hl gate {place}"),
        (f"{resume} --steps {max(2 * steps, steps)}", "learn on"),
    ):
        screen.print(Text(f"  # {why}", style="dim"))
        screen.print(Text(f"  {command}"), soft_wrap=True)


def _report_so_far(result: LearnResult) -> str:
    """What the report at the end had measured when it was stopped, and what not; "" where it had not begun."""
    if result.unmeasured is None:
        return ""
    lines = [f"  score: {_score(result)}"] if result.holdout_episodes else []
    if result.blind_replay is not None:
        lines.append(f"  blind replay: {number(result.blind_replay)} ({_blindly(result)})")
    if result.random_play is not None:
        lines.append(f"  random play: {number(result.random_play)} on the same seeds")
    said = (
        "\n".join(["Learning was over. Measured on fresh seeds until now:", *lines])
        if lines
        else ("Learning was over. Nothing was measured on fresh seeds yet")
    )
    return f"\n{said}\n  not measured: {result.unmeasured}\n"


def last_word(result: LearnResult, screen: Console) -> None:
    """Says once more, as the last line, where nothing better than trivial play was found."""
    if result.better_than_trivial is False and not result.interrupted:
        screen.print(
            Text(
                f"Exit code 1: the program kept is not shown to be better than {result.best_trivial}; take it for "
                "nothing learnt."
            ),
            style="bold",
            soft_wrap=True,
        )


def _program_path(out: Path) -> str:
    return PROGRAM_FILE if (out / PROGRAM_FILE).exists() or not (out / PACKAGE).is_dir() else f"{PACKAGE}/"


def unjudged_words(result: LearnResult, out: Path) -> str:
    """Where the best program lies that the gate has not judged, and how it is judged; "" where there is none."""
    if result.unjudged is None:
        return ""
    place, name = shlex.quote(str(out)), Path(result.unjudged).name
    return (
        f"The best program so far that no trial has judged is {out / name} (best development episode of all: "
        f"{number(result.best_dev)}). Judge it with:\n  hl gate {place} --program {shlex.quote(str(out / name))}\n"
    )


def not_better(result: LearnResult, out: Path) -> str:
    """What a champion comes to that is not shown to be better than trivial play, for the first line."""
    verdict = result.trivial_verdict or ""
    if verdict.startswith("undecided: "):  # it leads, on too few seeds
        more = max(30, 4 * result.holdout_episodes)
        return (
            f"not shown to be better than {result.best_trivial}: {verdict.removeprefix('undecided: ')}. The program is "
            f"kept; more fresh seeds may tell: hl eval {shlex.quote(str(out))} --split holdout --episodes {more}"
        )
    return (
        f"nothing better than chance was found: the program scores {number(result.score)}, {result.best_trivial} "
        f"{number(_trivial(result))} on the same fresh seeds ({result.trivial_verdict}). The program is kept"
    )


def _blindly(result: LearnResult) -> str:
    if result.blind_counts:
        return "its best episode's actions, blindly"
    return "its best episode's actions, blindly; every seed gives the same episode, so that says nothing"


def _trivial(result: LearnResult) -> float | None:
    means = (result.random_play, result.best_constant, result.blind_replay)
    names = ("random play", result.best_constant_action, "the blind replay")
    return next((m for m, n in zip(means, names, strict=True) if n == result.best_trivial), None)


def _seen(result: LearnResult) -> str:
    """What learning has seen of rewards, where that says why nothing was found."""
    only = result.score_seen_always
    if only is None:
        return ""
    played = several(result.episodes, "episode")
    if only == 0:
        return f"No reward was ever seen in {played}: there was nothing to learn from.\n"
    return f"Every one of {played} scored {number(only)}: there was nothing to learn from.\n"


def seen_lines(out: Path) -> list[str]:
    """What the editor noted of the environment beside the champion; nothing where it noted nothing."""
    path = out / SEEN
    if not path.is_file():
        return []
    lines = decoded(path.read_bytes()[:_NOTED], _NOTED).splitlines()
    return [line.removeprefix("# ") for line in lines if line.strip()]


def _box(result: LearnResult, task: Task, out: Path) -> Panel:
    from hlearn.loop.report import blind_episodes

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("score", Text(_score(result), style="bold"))
    if result.hns is not None:
        table.add_row("HNS", f"{result.hns:.2f}  (0 random, 1 human)")
    if result.random_play is not None:
        table.add_row("random play", f"{number(result.random_play)} on the same seeds")
        table.add_row(
            "constant",
            f"{number(result.best_constant)}  ({result.best_constant_action}, the best of its kind)",
        )
    if result.blind_replay is not None:
        played = several(blind_episodes(task, result.holdout_episodes), "episode")
        table.add_row(
            "blind replay",
            f"{number(result.blind_replay)} in {played}  ({_blindly(result)})",
        )
    if result.target is not None:
        met = result.target_reached if result.holdout_episodes else result.why == "target reached"
        at = (
            ""
            if result.steps_to_target is None
            else f" (at the gate after {count(result.steps_to_target)} steps)"
        )
        table.add_row("target", f"{number(result.target)}: {'reached' if met else 'missed'}{at}")
    taught = ", detectors taught by screen" if result.taught_by_screen else ""
    modelled = "" if result.model == Model.NONE else f", model {result.model}"
    modelled += f", variant {result.variant}" if result.variant else ""
    table.add_row("class", f"access {result.access}, protocol {result.protocol}{modelled}{taught}")
    if result.ms_per_decision is not None and result.dt_ms is not None:
        table.add_row("decision", _decision(result))
    table.add_row("editor", f"{result.editor}, seed {result.seed}")
    table.add_row("cost", _cost(result))
    table.add_row("ended", result.why)
    table.add_row("program", Text(str(out / _program_path(out)), style="bold"))
    return Panel(table, title=result.task, title_align="left", expand=False)


def _decision(result: LearnResult) -> str:
    """How long a decision takes, beside how long the environment takes it to last."""
    simulated = result.planner_steps_per_decision
    planned = f", {count(round(simulated))} simulated steps" if simulated else ""
    return f"{number(result.ms_per_decision)} ms{planned} (the environment's own step lasts {number(result.dt_ms)} ms)"


def _score(result: LearnResult) -> str:
    if not result.holdout_episodes:
        return f"not measured on fresh seeds; best development episode {number(result.best_dev)}"
    if result.score is None:
        return (
            f"an episode failed among {result.holdout_episodes} on fresh seeds; see hl eval --split holdout"
        )
    if result.holdout_episodes == 1:
        return f"{number(result.score)}  (1 episode on a fresh seed)"
    return (
        f"{number(result.score)} mean of {result.holdout_episodes} episodes on fresh seeds "
        f"(min {number(result.score_min)}, max {number(result.score_max)})"
    )


def _cost(result: LearnResult) -> str:
    return (
        f"{count(result.env_steps)} environment steps, {several(result.episodes, 'episode')}, "
        f"{several(result.trials, 'trial')} ({result.accepted} accepted), {duration(result.seconds)}"
        + (f"; {count(result.planner_steps)} simulated steps" if result.planner_steps else "")
        + _paid(result)
    )


def _paid(result: LearnResult) -> str:
    """What the clients of the editors have cost, "" where none ran."""
    if not result.editor_seconds:
        return ""
    tokens = f"{count(result.input_tokens)} tokens read, {count(result.output_tokens)} written"
    money = f", ${result.usd:.2f}" if result.usd else ""
    return f"; {tokens}{money}, {duration(result.editor_seconds)} of editing"


def announce_forecast(found: Forecast, screen: Console) -> None:
    """Says what learning may come to; nothing was started."""
    if found.per_trial is None:
        text = "  nothing is known of the cost yet: no trial of this system was paid for; set caps, such as --max-usd"
    else:
        each = found.per_trial
        text = (
            f"  a trial has cost {count(each.tokens)} tokens, ${each.usd:.4f}, {duration(each.seconds)} of editing and "
            f"{count(found.steps_per_trial or 0)} steps on average of {several(found.trials_known, 'trial')}; caps and "
            f"steps leave about {found.trials}: ${found.usd or 0.0:.2f}, {duration(found.seconds or 0.0)}"
        )
    screen.print(Text(text), soft_wrap=True)
    screen.print(Text("Nothing was started (--dry-run)."), soft_wrap=True)


def _draws(task: Task) -> bool:
    """Whether the environment opens for a film."""
    from hlearn.tasks import open_apart

    try:
        open_apart(task, render=True).close()
    except UsageError:
        return False
    return True
