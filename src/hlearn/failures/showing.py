"""Failures to look at: a clip, a contact sheet and a text trace of the decisive steps, in a folder for each."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hlearn.errors import HlearnError, StorageFull, UsageError
from hlearn.evidence.film import write_film
from hlearn.evidence.plots import plot_state
from hlearn.evidence.replay import Replay, Shot, shots
from hlearn.evidence.sheets import contact_sheet, write_png
from hlearn.failures.episodes import MinedEpisode
from hlearn.failures.mining import Changed, FailureGroup
from hlearn.tasks.task import Task

_STEPS_BEFORE, _STEPS_AFTER = 14, 3  # rows of a text trace
_NAMES = 8  # named values of a row
_SHEET = 8  # pictures of a contact sheet
_CLIP = 240  # pictures of a clip at most
_HZ = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFailure:
    """What was written of a failure.

    Attributes:
        clip: a film, None where nothing can be rendered.
        sheet: a contact sheet, or a plot of the state where nothing can be rendered.
        trace: the decisive steps as text.
    """

    clip: Path | None
    sheet: Path | None
    trace: Path


def film_of(task: Task, episode: MinedEpisode, key: str) -> Replay:
    """A mined episode as what films are made of."""
    return Replay(
        task,
        episode.seed,
        episode.world_seed,
        key,
        episode.outcome,
        episode.recording,
        tuple(episode.rules),
    )


def show_failure(
    folder: Path, task: Task, group: FailureGroup, episode: MinedEpisode, key: str, *, clip: bool = True
) -> ShownFailure:
    """Writes a failure into a folder, which is made.

    Args:
        folder: where.
        task: what was played.
        group: the failure.
        episode: in which its worst moment is.
        key: id of the key of the seeds.
        clip: also film it.

    Raises:
        StorageFull: the disk is full.
        UsageError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trace = folder / "trace.txt"
        trace.write_text("\n".join(failure_lines(group, episode)) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder}: cannot write there ({error.strerror}); choose another --out") from error
    film, sheet = None, folder / "sheet.png"
    try:
        seen = pictures_of(task, group, episode, key)
        film = folder / "clip.mp4" if clip else None
        if film is not None:
            write_film(film, (s.picture for s in seen), per_second=_HZ)
        places = np.linspace(0, len(seen) - 1, min(_SHEET, len(seen))).astype(int)
        write_png(sheet, contact_sheet([seen[p].picture for p in places]))
    except StorageFull:
        raise
    except HlearnError:  # it cannot render, or draws nothing: its state can still be seen
        film = None
        plot_state(episode.columns.numbers, sheet, start=group.worst.start, stop=group.worst.stop,
                   mark=group.worst.step, names=[c.name for c in group.changed])  # fmt: skip
    return ShownFailure(clip=film, sheet=sheet if sheet.exists() else None, trace=trace)


def pictures_of(task: Task, group: FailureGroup, episode: MinedEpisode, key: str) -> list[Shot]:
    """Pictures of the window of a failure's worst moment.

    Raises:
        UsageError: the environment cannot render.
    """
    sign = group.worst
    stop = min(sign.stop, sign.start + 2 * _CLIP)
    every = max(1.0, (stop - sign.start) / _CLIP)
    film = film_of(task, episode, key)
    return list(
        itertools.islice(shots(film, every=every, start=sign.start, stop=stop, overlay=True), _CLIP + 1)
    )


def failure_lines(group: FailureGroup, episode: MinedEpisode) -> list[str]:
    """A failure as text: what, where, what changed, and the decisive steps."""
    sign = group.worst
    lines = [
        f"{group.title}: {sign.said}",
        f"seed {sign.seed}, step {sign.step} (window {sign.start} to {sign.stop}); {group.count} such moments in "
        f"{group.episodes} episodes, about {group.loss:.4g} points per episode",
    ]
    if group.others:
        lines.append("also: " + ", ".join(f"seed {seed} step {step}" for seed, step in group.others))
    if group.changed:
        lines.append("unusual before it: " + "; ".join(changed_words(c) for c in group.changed))
    if group.rules:
        lines.append("acted in the window: " + ", ".join(f"{rule or '-'} {n}" for rule, n in group.rules))
    return [*lines, "", *step_rows(episode, sign.step, [c.name for c in group.changed])]


def changed_words(changed: Changed) -> str:
    """A value that changed, with what is usual."""
    at = "nothing" if not np.isfinite(changed.at) else f"{changed.at:.4g}"
    before = "nothing" if not np.isfinite(changed.before) else f"{changed.before:.4g}"
    return f"{changed.name} {before} -> {at} (usually {changed.low:.4g} to {changed.high:.4g})"


def step_rows(
    episode: MinedEpisode,
    step: int,
    first: Sequence[str] = (),
    before: int = _STEPS_BEFORE,
    after: int = _STEPS_AFTER,
) -> list[str]:
    """A table of the steps around one, the moment marked."""
    numbers = episode.columns.numbers
    names = [*first, *(n for n in numbers if n not in first)][:_NAMES]
    head = ["step", "action", "reward", "score", "lives", "rule", *names]
    rows = [head]
    scores = np.cumsum(episode.recording.rewards)
    for at in range(max(0, step - before), min(episode.length, step + after + 1)):
        action = episode.recording.actions[at]
        acted = f"{int(action)}" if np.ndim(action) == 0 else "[" + " ".join(f"{a:.2f}" for a in action) + "]"
        values = [
            "-" if not np.isfinite(numbers[n][at]) else f"{numbers[n][at]:.4g}" if n in numbers else ""
            for n in names
        ]
        rows.append([
            f"{at}{'*' if at == step else ''}", acted, f"{episode.recording.rewards[at]:.3g}", f"{scores[at]:.4g}",
            str(int(episode.recording.lives[at])), episode.rules[at] or "-", *values,
        ])  # fmt: skip
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    return ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
