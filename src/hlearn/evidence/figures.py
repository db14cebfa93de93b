"""The picture of learning: score against cumulative environment steps."""

from __future__ import annotations

import errno
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hlearn.errors import HarnessError, UsageError
from hlearn.evidence.story import Story
from hlearn.ledger import Decision
from hlearn.tasks.scores import human_normalized_score

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".png", ".pdf", ".svg")
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_INK, _SOFT, _GOOD, _WARM = "#1f4e79", "#98a8b8", "#2e7d32", "#c62828"


def draw_learning(story: Story, path: Path) -> None:
    """Draws every development score, the running best, the accepted programs and the holdout score.

    Args:
        story: what happened.
        path: the picture to write; ends in one of :data:`SUFFIXES`.

    Raises:
        UsageError: another suffix, or it cannot be written there.
        HarnessError: writing failed.
    """
    check_picture(path)
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    _points(axes, story)
    _champions(axes, story)
    _levels(axes, story)
    task = story.task
    axes.set_title(
        f"{task.env_id}   access {task.access.value}, protocol {task.protocol.value}, seed {story.seed}",
        fontsize=11,
        loc="left",
    )
    axes.set_xlabel("environment steps spent on learning, all counted")
    axes.set_ylabel("score of an episode")
    axes.xaxis.set_major_formatter(lambda value, _: _short(value))
    axes.set_xlim(0, max(story.totals.env_steps, 1) * 1.02)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    _hns_axis(axes, story)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best", fontsize=8, framealpha=0.85)
    try:
        figure.savefig(path)
    except OSError as error:
        if error.errno in _REFUSED:
            raise UsageError(
                f"{path}: cannot write the picture ({error.strerror}); choose another place by --png"
            ) from error
        raise HarnessError(f"{path}: cannot write the picture: {error}") from error


def check_picture(path: Path) -> None:
    """Checks a picture's name before anything is drawn.

    Raises:
        UsageError: another suffix than one of :data:`SUFFIXES`, a folder has that name, or its folder does not exist.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name the picture in it, such as {path / 'report.png'}")
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path}: a picture is written as {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}; "
            "give its name such an ending"
        )
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; create it first")


def _points(axes: Axes, story: Story) -> None:
    whole = [p for p in story.points if not p.capped]
    capped = [p for p in story.points if p.capped]
    for points, label, ink in (
        (capped, "tried, stopped early", _SOFT),
        (whole, "tried, whole episodes", "#6f8fb0"),
    ):
        if points:
            axes.plot(
                [p.env_steps for p in points],
                [p.score for p in points],
                linestyle="none",
                marker=".",
                markersize=4,
                color=ink,
                alpha=0.6,
                rasterized=True,
                label=label,
            )
    if story.points:
        best = itertools.accumulate((p.score for p in story.points), max)
        steps = [p.env_steps for p in story.points]
        axes.step(
            [*steps, story.totals.env_steps],
            [*(values := list(best)), values[-1]],
            where="post",
            color=_INK,
            linewidth=1.6,
            label="running best (development seeds)",
        )


def _champions(axes: Axes, story: Story) -> None:
    accepted = [
        (j.env_steps, j.trial.challenger_mean)
        for j in story.judged
        if j.trial.decision is Decision.ACCEPTED and j.trial.challenger_mean is not None
    ]
    if accepted:
        axes.plot(
            [s for s, _ in accepted],
            [m for _, m in accepted],
            linestyle="none",
            marker="^",
            markersize=7,
            color=_GOOD,
            label="accepted (mean on gate seeds)",
        )
    for span in story.runs[1:]:
        axes.axvline(span.first_step, color=_SOFT, linewidth=0.8, linestyle=":")


def _levels(axes: Axes, story: Story) -> None:
    if story.holdout is not None:
        axes.axhline(
            story.holdout.mean,
            color=_WARM,
            linewidth=1.2,
            linestyle="--",
            label=f"champion on holdout seeds (n = {story.holdout.count}): {story.holdout.mean:,.4g}",
        )
    if story.task.target is not None:
        axes.axhline(
            story.task.target,
            color="black",
            linewidth=0.8,
            linestyle=":",
            label=f"target {story.task.target:,g}",
        )


def _hns_axis(axes: Axes, story: Story) -> None:
    zero = human_normalized_score(story.task.env_id, 0.0)
    one = human_normalized_score(story.task.env_id, 1.0)
    if zero is None or one is None or one == zero:
        return
    base, slope = zero, one - zero

    def hns(scores: Any) -> Any:
        return base + slope * scores

    def score(values: Any) -> Any:
        return (values - base) / slope

    right = axes.secondary_yaxis("right", functions=(hns, score))
    right.set_ylabel("human-normalised score")


def _short(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:g} M"
    return f"{value / 1e3:g} k" if value >= 1e3 else f"{value:g}"
