"""``hl suite``: many tasks as one experiment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.options import KeyFile, Workers, key_of
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.stopping import Stops
from hlearn.cli.words import count, number, several

if TYPE_CHECKING:
    from rich.console import Console

    from hlearn.suites.comparing import SuiteComparison
    from hlearn.suites.executors import Executor
    from hlearn.suites.folder import TrackState
    from hlearn.suites.report import ClassReport
    from hlearn.suites.statistics import Estimate
    from hlearn.trust import Key

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Run many tasks as one experiment, and report on it."
)

SuiteName = Annotated[
    str,
    typer.Argument(
        metavar="SUITE", help="A suite in the box (see hl suite list), or a TOML file.", show_default=False
    ),
]
SuiteDir = Annotated[
    Path, typer.Argument(metavar="DIR", help="The folder of a suite that was started.", show_default=False)
]


@app.command("list")
@verb
def list_(as_json: AsJson = False, debug: Debug = False) -> Answer:
    """List the suites in the box."""
    from hlearn.suites import suites_in_the_box

    found = suites_in_the_box()
    screen = console(as_json)
    for name, title in found.items():
        screen.print(f"{name:<12} {title}", markup=False, soft_wrap=True)
    return Answer(data={"suites": found})


@app.command("run")
@verb
def run(
    suite: SuiteName,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The suite's folder. Default: runs/SUITE.", show_default=False),
    ] = None,
    cores: Annotated[
        int | None,
        typer.Option(
            "--cores",
            min=1,
            help="Tracks side by side, one per core. Default: the cores that may be used.",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            min=1,
            help="Steps of every track. Default: the suite's, or what the folder was started with.",
            show_default=False,
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray",
            metavar="ADDRESS",
            help="Spread the tracks over a Ray cluster (auto, or HOST:PORT); the folder must be shared by its nodes.",
            show_default=False,
        ),
    ] = None,
    key: KeyFile = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Run every track of a suite that is not done yet.

    Run again it goes on, after whatever interruption. Exit code 0: every track is done; 1: some failed (hl suite
    status says
    why); 2: wrong usage; 130: stopped by Ctrl-C with everything kept.
    """
    from hlearn.cli.board import showing_suite
    from hlearn.suites import SuiteFolder, read_suite, run_suite
    from hlearn.suites.folder import asked_steps

    screen = console(as_json)
    where = out or Path("runs") / Path(suite).stem
    wanted = read_suite(suite, steps=steps or asked_steps(where))
    folder = SuiteFolder.create(where, wanted, key=key_of(key))
    executor = _executor(ray, cores, folder.key)
    screen.print(
        f"{folder.suite.title}\n{several(len(folder.suite.tracks), 'track')}, {executor.where}, into {where}",
        markup=False,
        soft_wrap=True,
    )
    try:
        with Stops(), showing_suite(folder.suite.name, screen, as_json=as_json) as board:
            states = run_suite(folder, executor, board)
    except KeyboardInterrupt:
        screen.print(
            f"stopped; everything is kept. Go on with: hl suite run {suite} --out {where}",
            markup=False,
            soft_wrap=True,
        )
        raise
    _tell_states(states, screen)
    screen.print(f"tables and curves: hl suite report {where}", markup=False, soft_wrap=True)
    failed = [s for s in states if s.result is None]
    return Answer(data=_state_data(folder.path, states), code=NO if failed else DONE)


@app.command("status")
@verb
def status(directory: SuiteDir, as_json: AsJson = False, debug: Debug = False) -> Answer:
    """Say where every track of a suite stands; may be asked while it runs."""
    from hlearn.suites import SuiteFolder

    screen = console(as_json)
    states = SuiteFolder.open(directory, reading=True).states()
    for state in states:
        level = state.result.get("score") if state.result else state.champion_score
        screen.print(
            f"{state.status.value:<8} {state.track.name:<44} {count(state.steps):>11} steps  "
            f"{'score' if state.result else 'champion'} {number(level)}",
            markup=False,
            soft_wrap=True,
        )
    _tell_states(states, screen)
    return Answer(data=_state_data(directory, states))


@app.command("report")
@verb
def report(
    directory: SuiteDir,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Where tables, picture and page go. Default: DIR/report.", show_default=False
        ),
    ] = None,
    picture: Annotated[bool, typer.Option("--picture/--no-picture", help="Draw the picture.")] = True,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Write the tables and curves that a paper would print: text, CSV, PNG and one self-contained page."""
    from hlearn.suites import SuiteFolder
    from hlearn.suites.figures import draw_suite
    from hlearn.suites.page import suite_page
    from hlearn.suites.report import as_csv, report_suite

    screen = console(as_json)
    folder = SuiteFolder.open(directory, reading=True)
    reports = report_suite(folder)
    lines = [line for each in reports for line in _class_lines(each)]
    for line in lines:
        screen.print(line, markup=False, soft_wrap=True)
    where = out or directory / "report"
    where.mkdir(parents=True, exist_ok=True)
    (where / "report.txt").write_text("\n".join([folder.suite.title, *lines, ""]), encoding="utf-8")
    (where / "tracks.csv").write_text(as_csv([s for r in reports for s in r.states]), encoding="utf-8")
    png = where / "curves.png"
    drawn = picture and any(r.runs for r in reports)
    if drawn:
        draw_suite(folder, reports, png)
    page = suite_page(folder.suite.title, reports, png.read_bytes() if drawn else None)
    (where / "index.html").write_text(page, encoding="utf-8")
    screen.print(f"page: {where / 'index.html'}", markup=False, soft_wrap=True)
    return Answer(
        data={
            "suite": folder.suite.name,
            "page": where / "index.html",
            "classes": [*map(_class_data, reports)],
        }
    )


@app.command("compare")
@verb
def compare(
    first: SuiteDir,
    second: Annotated[
        Path,
        typer.Argument(metavar="OTHER", help="The folder of the suite beside it.", show_default=False),
    ],
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Compare two suites on the problems that are done in both: another editor, budget or version.

    Says in what the two differ, the scores of every problem, and the chance that a run of DIR beats one of OTHER.
    """
    from hlearn.suites import SuiteFolder
    from hlearn.suites.comparing import compare_suites

    screen = console(as_json)
    found = compare_suites(*(SuiteFolder.open(d, reading=True) for d in (first, second)))
    for line in _comparison_lines(found, str(first), str(second)):
        screen.print(line, markup=False, soft_wrap=True)
    data: dict[str, object] = {
        "first": first,
        "second": second,
        "differences": found.differences,
        "left_out": found.left_out,
        "chance": found.chance.value,
        "chance_interval": [found.chance.low, found.chance.high],
        "costs": [c._asdict() for c in found.costs],
        "problems": [
            {**r.of._asdict(), "first": r.first, "second": r.second, "chance": r.chance} for r in found.rows
        ],
    }
    if found.totals is not None:
        data["median"] = [t.median.value for t in found.totals]
        data["iqm"] = [t.iqm.value for t in found.totals]
    return Answer(data=data)


@app.command("generalize")
@verb
def generalize(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="The folder of a heuristic system, or of a suite.", show_default=False
        ),
    ],
    episodes: Annotated[int, typer.Option("--episodes", min=1, help="Episodes of each relative.")] = 10,
    workers: Workers = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Play champions, unchanged, on relatives of their tasks: modes, difficulties, protocols, delay, noise, masses.

    "kept" is the share of the lead over random play that is left there.
    """
    from hlearn.cli.opening import open_system
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.suites import SuiteFolder
    from hlearn.suites.generalizing import ScoreElsewhere
    from hlearn.suites.generalizing import generalize as play

    screen = console(as_json)
    found: dict[str, list[dict[str, object]]] = {}
    systems = [directory]
    if (directory / "suite.json").exists():
        folder = SuiteFolder.open(directory, reading=True)
        systems = [folder.system(s.track) for s in folder.states() if s.result is not None]
    for path in systems:
        system = open_system(path, screen)
        champion = system.champion()
        if champion is None:
            screen.print(f"{path.name}: no champion", markup=False, soft_wrap=True)
            continue
        screen.print(path.name or system.task.env_id, markup=False, soft_wrap=True)

        def show(row: ScoreElsewhere) -> None:
            kept = "" if row.kept is None else f"kept {row.kept:.0%}"
            line = f"  {row.relative:<24} {number(row.score):>10}  random {number(row.random):>10}  {kept} {row.failed}"
            screen.print(line.rstrip(), markup=False, soft_wrap=True)

        rows = play(system.task, champion, episodes=episodes, workers=workers or usable_cores(), on_kept=show)
        found[path.name] = [r._asdict() for r in rows]
    return Answer(data={"systems": found})


def _executor(ray: str | None, cores: int | None, key: Key) -> Executor:
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.suites.executors import LocalExecutor, local_cores

    if ray is not None:
        from hlearn.suites.on_ray import RayExecutor

        return RayExecutor(ray, tracks=cores, key=key)
    return LocalExecutor(local_cores(cores, usable_cores()))


def _tell_states(states: Sequence[TrackState], screen: Console) -> None:
    kinds: dict[str, int] = {}
    for state in states:
        kinds[state.status.value] = kinds.get(state.status.value, 0) + 1
    screen.print(", ".join(f"{n} {k}" for k, n in kinds.items()), markup=False, soft_wrap=True)
    for state in states:
        if state.reason:
            screen.print(f"{state.track.name} failed: {state.reason}", markup=False, soft_wrap=True)


def _state_data(path: Path, states: Sequence[TrackState]) -> dict[str, object]:
    from hlearn.suites.report import as_row

    return {
        "suite": path,
        "tracks": [as_row(s) for s in states],
        "done": sum(s.result is not None for s in states),
    }


def _class_lines(report: ClassReport) -> list[str]:
    total = report.total
    lines = [
        report.of.words,
        f"  {sum(s.result is not None for s in report.states)} of {len(report.states)} tracks done",
    ]
    if total is not None:
        lines += [
            f"  median {_interval(total.median)}  IQM {_interval(total.iqm)}  mean {_interval(total.mean)}"
            f"  ({several(total.tasks, 'task')}, {several(total.runs, 'run')}; "
            f"95 % intervals, {'tasks' if total.over_tasks else 'runs'} drawn anew)",
            f"  {several(total.at_one, 'task')} at or above 1, {total.at_half} at or above 0.5; "
            f"{report.blind[0]} of {report.blind[1]} programs do not beat their blind replay; "
            f"{report.trivial} are not better than trivial play",
        ]
    for agent, theirs, chance in report.against:
        lines.append(
            f"  {agent.agent}, {agent.frames / 1e6:g} M frames, {agent.protocol}: median {theirs.median.value:.3f} on "
            f"{several(theirs.tasks, 'game')}; a run here beats it with chance {_interval(chance)}"
        )
    return [*lines, f"  cost: {report.cost.words}"]


def _comparison_lines(found: SuiteComparison, first: str, second: str) -> list[str]:
    lines = [f"{first} against {second}", *(f"  {d}" for d in found.differences)]
    width = max(len(r.of.words) for r in found.rows)
    for row in found.rows:
        ours, theirs = (f"{number(fmean(s))} ({several(len(s), 'run')})" for s in (row.first, row.second))
        lines.append(f"  {row.of.words:<{width}}  {ours} against {theirs}, chance {row.chance:.2f}")
    if found.totals is not None:
        one, two = found.totals
        lines += [
            f"  median {_interval(one.median)} against {_interval(two.median)}, {several(one.tasks, 'task')}",
            f"  IQM {_interval(one.iqm)} against {_interval(two.iqm)}",
        ]
    lines.append(
        f"  a run of {first} beats one of {second} with chance {_interval(found.chance)} "
        f"over {several(len(found.rows), 'problem')}; 0.5: neither is better"
    )
    lines += [f"  cost of {name}: {c.words}" for name, c in zip((first, second), found.costs, strict=True)]
    if found.left_out:
        lines.append(f"  left out, for only one of them has it done: {'; '.join(found.left_out)}")
    return lines


def _class_data(report: ClassReport) -> dict[str, object]:
    total = report.total
    data: dict[str, object] = {**report.of._asdict(), "tracks": len(report.states)}
    data["done"] = sum(s.result is not None for s in report.states)
    data["not_better_than_blind"], data["blind_replays"] = report.blind
    data["not_better_than_trivial"] = report.trivial
    if total is not None:
        data |= {"tasks": total.tasks, "runs": total.runs, "at_one": total.at_one, "at_half": total.at_half}
        for name in ("median", "mean", "iqm"):
            estimate: Estimate = getattr(total, name)
            data[name], data[f"{name}_interval"] = estimate.value, [estimate.low, estimate.high]
        data["intervals_over"] = "tasks" if total.over_tasks else "runs"
    data["cost"] = report.cost._asdict()
    data["published"] = [
        {
            "agent": agent.agent,
            "frames": agent.frames,
            "protocol": agent.protocol,
            "games": theirs.tasks,
            "median": theirs.median.value,
            "chance": chance.value,
            "chance_interval": [chance.low, chance.high],
        }
        for agent, theirs, chance in report.against
    ]
    return data


def _interval(e: Estimate) -> str:
    return f"{e.value:.3f} ({e.low:.3f} to {e.high:.3f})"
