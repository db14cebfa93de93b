"""Pictures of a suite: median against environment steps, and performance profiles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hlearn.evidence.figures import check_picture, own_settings
from hlearn.suites.folder import SuiteFolder
from hlearn.suites.report import (
    ClassReport,
    Course,
    Published,
    article_curve,
    as_function,
    course,
    published_agents,
)
from hlearn.suites.statistics import aggregate, performance_profile, running_median

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 120
_LEVELS = np.linspace(-0.1, 3.0, 156)
_COLOURS = ("#1f4e79", "#c62828", "#2e7d32", "#7b1fa2", "#ef6c00", "#00838f")
_GREY = "#8a8f98"


def draw_suite(folder: SuiteFolder, reports: Sequence[ClassReport], path: Path) -> None:
    """Draws two pictures side by side into one file.

    Left: median over tasks of the normalised score against environment steps; solid, the champion on gate seeds;
    dotted, the best development episode so far; a dot with its interval, holdout seeds at the end; on Atari the
    article's curve and published agents beside them. Right: the share of runs above each normalised score at the end.

    Raises:
        UsageError: the file cannot be written there.
    """
    check_picture(path)
    with own_settings() as figure_class:
        figure = figure_class(figsize=(13, 5), dpi=110, layout="constrained")
        left, right = figure.subplots(1, 2)
        shown = [r for r in reports if r.runs]
        for report, colour in zip(shown, _COLOURS * 9, strict=False):
            _draw_courses(left, folder, report, colour)
            right.plot(
                _LEVELS, performance_profile(report.runs, list(_LEVELS)), color=colour, label=report.of.words
            )
        if any(r.against for r in shown):
            _draw_published(left, {r.of.access for r in shown}, _games(shown))
        _dress(left, f"{folder.suite.name}: median normalised score", "environment steps, all counted")
        _dress(right, "share of runs above a normalised score", "normalised score (0 random, 1 human)")
        left.set_xscale("log")
        left.xaxis.set_major_formatter(lambda value, _: _short(value))
        left.xaxis.set_minor_formatter(lambda *_: "")
        right.axvline(1.0, color=_GREY, lw=0.8)
        figure.savefig(path)


def _games(reports: Sequence[ClassReport]) -> set[str]:
    return {task for report in reports for task in report.runs}


def _draw_courses(axes: Axes, folder: SuiteFolder, report: ClassReport, colour: str) -> None:
    courses: dict[str, list[Course]] = {}
    for state in report.states:
        if state.result is not None and (found := course(folder, state.track)) is not None:
            courses.setdefault(state.track.problem, []).append(found)
    if report.total is not None:  # what holdout seeds say at the end, also where no ledger came along
        end, median = report.of.steps, report.total.median
        axes.plot([end, end], [median.low, median.high], color=colour, lw=1.2)
        axes.plot([end], [median.value], "o", color=colour, ms=7, label=f"{report.of.words}: holdout seeds")
    if not courses:
        return
    grid = np.unique(np.geomspace(1_000, report.of.steps, _POINTS).round())
    for name, style in (("champion", "-"), ("best", ":")):
        curves = {
            task: [as_function(c.champion if name == "champion" else c.best) for c in found]
            for task, found in courses.items()
        }
        label = (
            f"{report.of.words}: "
            f"{'champion, unseen seeds' if name == 'champion' else 'best development episode'}"
        )
        axes.plot(grid, running_median(curves, grid), style, color=colour, label=label)


def _draw_published(axes: Axes, accesses: set[str], games: set[str]) -> None:
    for access in sorted(accesses & {"ram", "pixels"}):
        points = article_curve(access)
        axes.plot(
            *zip(*points, strict=True),
            "--",
            color=_GREY,
            lw=1.0,
            label=f"article, {access}, best so far, no sticky actions, 54 to 57 games",
        )
    marks = "osD^vP*X<"
    for agent, mark in zip(published_agents(), marks * 3, strict=False):
        total = aggregate({g: s for g, s in agent.scores.items() if g in games})
        if total is not None:
            axes.plot(
                [agent.frames], [total.median.value], mark, color=_GREY, ms=6, label=_agent_words(agent)
            )


def _agent_words(agent: Published) -> str:
    return f"{agent.agent}, {agent.frames / 1e6:g} M frames ({agent.protocol.split(',')[0]})"


def _short(value: float) -> str:
    return f"{value / 1e6:g} M" if value >= 1e6 else f"{value / 1e3:g} k" if value >= 1e3 else f"{value:g}"


def _dress(axes: Axes, title: str, below: str) -> None:
    axes.set_title(title, fontsize=11, loc="left")
    axes.set_xlabel(below)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best", fontsize=6.5, framealpha=0.85)
