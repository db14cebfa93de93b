"""``hl report``: how a system came to its program."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.opening import open_system
from hlearn.cli.options import SystemDir
from hlearn.cli.output import Answer, AsJson, Debug, console, verb
from hlearn.cli.words import arguments, count, number, several, sparkline
from hlearn.foreign_text import safe_line

if TYPE_CHECKING:
    from hlearn.evidence.history import Contribution, RunHistory
    from hlearn.evidence.robustness import Elsewhere
    from hlearn.system import System


@verb
def report(
    directory: SystemDir,
    png: Annotated[
        Path | None,
        typer.Option("--png", help="Where the picture goes. Default: DIR/report.png.", show_default=False),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            help="Write one page, FILE.html: curve, failures, versions, cases, an episode to step through.",
            show_default=False,
        ),
    ] = None,
    picture: Annotated[bool, typer.Option("--picture/--no-picture", help="Draw the picture.")] = True,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Tell how a system came to its program: text, and a picture of score against environment steps.

    Exit code 2 if the picture cannot be written; the text is printed all the same.
    """
    from hlearn.evidence.figures import check_picture, draw_learning
    from hlearn.evidence.history import summarize_run
    from hlearn.evidence.robustness import elsewhere

    screen = console(as_json)
    if png is not None:
        check_picture(png)
    if html is not None:
        from hlearn.page.writing import check_page

        check_page(html)
    system = open_system(directory, screen)
    history = summarize_run(system)
    path = (png or directory / "report.png") if picture else None
    others = elsewhere(system, history.champion)
    for name, text in [*_told(history), *map(_elsewhere, others)]:
        screen.print(f"[dim]{name:<13}[/dim]", end="")
        screen.print(text, markup=False, soft_wrap=True)
    if path is not None:
        # After the text, which is worth having where the picture cannot be written.
        draw_learning(history, path)
        screen.print(f"[dim]{'picture':<13}[/dim]", end="")
        screen.print(str(path), markup=False, soft_wrap=True)
    if html is not None:
        from hlearn.page import write_page

        with screen.status("playing episodes") as status:
            page = write_page(system, html, say=status.update)
        screen.print(f"[dim]{'page':<13}[/dim]", end="")
        screen.print(f"{html} ({page.bytes / 1e6:.1f} MB)", markup=False, soft_wrap=True)

    data = _story_data(history, system, path) | {"html": str(html) if html else None}
    data["elsewhere"] = [{**other._asdict(), "share": other.share} for other in others]
    return Answer(data=data)


def _elsewhere(other: Elsewhere) -> tuple[str, str]:
    share = "" if other.share is None else f" ({other.share:.0%} of its own world's {number(other.own)})"
    mean = "FAILED" if other.mean is None else f"mean {number(other.mean)}{share}, min {number(other.low)}"
    return "elsewhere", f"{other.variant}: {mean}, {several(other.episodes, 'episode')}"


def _told(history: RunHistory) -> list[tuple[str, str]]:
    task, sums = history.task, history.totals
    lines = [
        (
            "task",
            f"{task.env_id}{arguments(task)}, access {task.access.value}, protocol {task.protocol.value}, "
            f"seed {history.seed}",
        ),
        (
            "champion",
            f"trial {history.champion_trial}, program {history.champion[:12]}"
            if history.champion
            else "none yet",
        ),
    ]
    if history.holdout_failures:
        lines.append(("holdout", f"{several(history.holdout_failures, 'episode')} FAILED"))
    elif history.holdout is not None:
        seen, (low, high) = history.holdout, history.holdout.iqm_interval
        hns = "" if history.hns is None else f", HNS {history.hns:.2f}"
        lines.append(
            (
                "holdout",
                f"mean {number(seen.mean)}{hns}, min {number(seen.low)}, max {number(seen.high)}, "
                f"IQM {number(seen.iqm)} (95 % interval {number(low)} to {number(high)}), "
                f"{several(seen.count, 'episode')}; holdout seeds were used {several(history.holdout_uses, 'time')}",
            )
        )
    else:
        lines.append(("holdout", "not measured; see hl eval --split holdout"))
    lines.append(
        (
            "cost",
            f"{count(sums.env_steps)} environment steps, {several(sums.episodes, 'episode')}; "
            f"reports {count(sums.report_steps)}",
        )
    )
    lines.append(("trials", f"{sums.trials} judged, {sums.accepted} accepted"))
    if len(history.contributions) > 1:
        lines += [("by", _contributed(c)) for c in history.contributions]
    if history.failures:
        lines.append(("failures", ", ".join(f"{n} {kind}" for kind, n in history.failures)))
    if sums.best_dev is not None:
        best: list[float] = []
        for point in history.points:
            best.append(max(point.score, best[-1]) if best else point.score)
        lines.append(("running best", f"{sparkline(best, 48)} {number(sums.best_dev)}"))
    for span in history.runs:
        lines.append(
            (
                f"run {span.run.run}",
                f"{span.run.editor}: steps {count(span.first_step)} to {count(span.last_step)}, "
                f"{span.why or 'not ended'}",
            )
        )
    return lines


def _contributed(part: Contribution) -> str:
    steps = f", {count(part.env_steps)} steps while it ran" if part.env_steps else ""
    gained = f", {part.gained:+.4g} at the gate" if part.gained else ""
    return f"{safe_line(part.editor)[:48]}: {several(part.trials, 'trial')}, {part.accepted} accepted{gained}{steps}"


def _story_data(history: RunHistory, system: System, png: Path | None) -> dict[str, object]:
    sums, seen = history.totals, history.holdout
    return {
        "system": str(system.path),
        "task": history.task.env_id,
        "access": history.task.access.value,
        "protocol": history.task.protocol.value,
        "seed": history.seed,
        "champion_sha256": history.champion,
        "champion_trial": history.champion_trial,
        "score": seen.mean if seen is not None and not history.holdout_failures else None,
        "score_min": seen.low if seen else None,
        "score_max": seen.high if seen else None,
        "iqm": seen.iqm if seen else None,
        "iqm_interval": list(seen.iqm_interval) if seen else None,
        "hns": history.hns,
        "holdout_episodes": (seen.count if seen else 0) + history.holdout_failures,
        "holdout_uses": history.holdout_uses,
        "best_dev": sums.best_dev,
        "env_steps": sums.env_steps,
        "report_steps": sums.report_steps,
        "steps_to_target": sums.steps_to_target,
        "episodes": sums.episodes,
        "trials": sums.trials,
        "accepted": sums.accepted,
        "failures": dict(history.failures),
        "contributions": [asdict(part) for part in history.contributions],
        "runs": [
            {
                "run": s.run.run,
                "editor": s.run.editor,
                "first_step": s.first_step,
                "last_step": s.last_step,
                "why": s.why,
            }
            for s in history.runs
        ],
        "png": str(png) if png else None,
    }
