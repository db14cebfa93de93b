"""Plots of named state over the steps of an episode, for where nothing can be rendered and beside where it can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from hlearn.errors import UsageError
from hlearn.evidence.figures import own_settings

_ROWS = 6


def plot_state(
    numbers: Mapping[str, np.ndarray],
    path: Path,
    *,
    start: int,
    stop: int,
    mark: int | None = None,
    names: Sequence[str] = (),
) -> None:
    """Draws some numbers over a stretch of steps, one below the other.

    Args:
        numbers: float64[T] each, by name.
        path: the picture, .png.
        start: first step.
        stop: one past the last.
        mark: a step at which a line is drawn.
        names: what comes first; the rest follows as there is room.

    Raises:
        UsageError: there is nothing to draw, or it cannot be written there.
    """
    shown = [n for n in (*names, *(n for n in numbers if n not in names)) if n in numbers][:_ROWS]
    if not shown:
        raise UsageError(f"{path}: the program names no state, so there is nothing to plot")
    with own_settings() as figure_class:
        figure = figure_class(figsize=(8, 1 + 1.1 * len(shown)), dpi=100, layout="constrained")
        axes = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
        for axis, name in zip(axes, shown, strict=True):
            values = numbers[name][start:stop]
            axis.plot(range(start, start + len(values)), values, color="#1f4e79", linewidth=1.2)
            axis.set_ylabel(name, fontsize=8, rotation=0, ha="right")
            axis.grid(alpha=0.25)
            if mark is not None:
                axis.axvline(mark, color="#c62828", linewidth=1)
        axes[-1].set_xlabel("step")
        try:
            figure.savefig(path)
        except OSError as error:
            raise UsageError(f"{path}: cannot write the picture ({error.strerror})") from error
