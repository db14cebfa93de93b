"""The picture of learning: score against cumulative environment steps."""

from __future__ import annotations

import errno
import importlib.util
import itertools
import logging
import math
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, chdir, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from hlearn.errors import HarnessError, UsageError
from hlearn.evidence.history import RunHistory
from hlearn.foreign_text import shown
from hlearn.ledger import Decision
from hlearn.tasks.scores import human_normalized_score

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".pdf", ".svg")
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_LARGEST = 1e300
_INK, _SOFT, _GOOD, _WARM = "#1f4e79", "#98a8b8", "#2e7d32", "#c62828"


def draw_learning(history: RunHistory, path: Path) -> None:
    """Draws every development score, the running best, the accepted programs and the holdout score.

    Args:
        history: what happened.
        path: the picture to write; ends in one of :data:`SUFFIXES`.

    Raises:
        UsageError: another suffix, or it cannot be written there.
        HarnessError: writing failed.
    """
    check_picture(path)
    with own_settings() as figure_class:
        _draw(history, path, figure_class)


@contextmanager
def own_settings() -> Iterator[type[Figure]]:
    """Matplotlib as it comes, whatever backend, settings file, LaTeX or style a person's own work asks for.

    Settings are read at the first import already, and one that is broken or names a missing backend ends it. So that
    happens in an empty folder, with the file that ships; the canvas follows from the picture's suffix, no backend is
    ever loaded.
    """
    with _nobodys_settings():
        import matplotlib as mpl
        from matplotlib.figure import Figure as figure_class  # noqa: N813 - a class in a variable
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that the font lacks is shown as a box
        mpl.rcdefaults()
        mpl.rcParams["text.parse_math"] = False  # a dollar in an environment's name is a dollar
        yield figure_class


@contextmanager
def _nobodys_settings() -> Iterator[None]:
    if "matplotlib" in sys.modules:
        yield
        return
    spec = importlib.util.find_spec("matplotlib")
    shipped = Path((spec.origin if spec else None) or "").parent / "mpl-data" / "matplotlibrc"
    before = {name: os.environ.get(name) for name in ("MPLBACKEND", "MATPLOTLIBRC")}
    logger = logging.getLogger("matplotlib")
    level = logger.level
    with ExitStack() as stack:
        with suppress(OSError):  # no room for a folder, or the present one is gone: then without
            stack.enter_context(chdir(stack.enter_context(tempfile.TemporaryDirectory(prefix="hl-"))))
        os.environ.update(MPLBACKEND="Agg", MATPLOTLIBRC=str(shipped))
        logger.setLevel(logging.ERROR)  # that its cache lies elsewhere is no news
        try:
            yield
        finally:
            logger.setLevel(level)
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _draw(history: RunHistory, path: Path, figure_class: type[Figure]) -> None:
    figure = figure_class(figsize=(9, 5), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    _points(axes, history)
    _champions(axes, history)
    _levels(axes, history)
    task = history.task
    axes.set_title(
        f"{shown(task.env_id)}   access {task.access.value}, protocol {task.protocol.value}, seed {history.seed}",
        fontsize=11,
        loc="left",
    )
    axes.set_xlabel("environment steps spent on learning, all counted")
    axes.set_ylabel("score of an episode")
    axes.xaxis.set_major_formatter(lambda value, _: _short(value))
    axes.set_xlim(0, max(history.totals.env_steps, 1) * 1.02)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    _hns_axis(axes, history)
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


def _points(axes: Axes, history: RunHistory) -> None:
    drawn = [p for p in history.points if _fits(p.score)]
    whole = [p for p in drawn if not p.capped]
    capped = [p for p in drawn if p.capped]
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
    if drawn:
        best = itertools.accumulate((p.score for p in drawn), max)
        steps = [p.env_steps for p in drawn]
        axes.step(
            [*steps, history.totals.env_steps],
            [*(values := list(best)), values[-1]],
            where="post",
            color=_INK,
            linewidth=1.6,
            label="running best (development seeds)",
        )


def _champions(axes: Axes, history: RunHistory) -> None:
    accepted = [
        (j.env_steps, mean)
        for j in history.judged
        if j.trial.decision is Decision.ACCEPTED and _fits(mean := j.trial.challenger_mean)
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
    for span in history.runs[1:]:
        axes.axvline(span.first_step, color=_SOFT, linewidth=0.8, linestyle=":")


def _levels(axes: Axes, history: RunHistory) -> None:
    if history.holdout is not None and _fits(history.holdout.mean):
        axes.axhline(
            history.holdout.mean,
            color=_WARM,
            linewidth=1.2,
            linestyle="--",
            label=f"champion on holdout seeds (n = {history.holdout.count}): {history.holdout.mean:,.4g}",
        )
    target = history.task.target
    if _fits(target):
        axes.axhline(
            target,
            color="black",
            linewidth=0.8,
            linestyle=":",
            label=f"target {target:,g}",
        )


def _hns_axis(axes: Axes, history: RunHistory) -> None:
    zero = human_normalized_score(history.task.env_id, 0.0)
    one = human_normalized_score(history.task.env_id, 1.0)
    if zero is None or one is None or one == zero:
        return
    base, slope = zero, one - zero

    def hns(scores: Any) -> Any:
        return base + slope * scores

    def score(values: Any) -> Any:
        return (values - base) / slope

    right = axes.secondary_yaxis("right", functions=(hns, score))
    right.set_ylabel("human-normalised score")


def _fits(score: float | None) -> TypeGuard[float]:
    """Whether a score has a place on an axis; sums of such numbers overflow."""
    return score is not None and math.isfinite(score) and abs(score) < _LARGEST


def _short(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:g} M"
    return f"{value / 1e3:g} k" if value >= 1e3 else f"{value:g}"
