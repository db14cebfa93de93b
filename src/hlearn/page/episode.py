"""One episode for the page's debugger: pictures, shapes, rules, numbers and rewards, step by step."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import cv2
import numpy as np

from hlearn.errors import HlearnError
from hlearn.evidence.overlay import shapes_of
from hlearn.evidence.replay import rendered
from hlearn.failures.episodes import MinedEpisode
from hlearn.failures.mining import FailureGroup
from hlearn.tasks.registry import open_apart
from hlearn.tasks.task import Task

_PICTURES = 420  # of an episode, spread over it
_DENSE = 3  # failures whose windows are shown step by step
_STEPS = 12_000
_NUMBERS = 24
_WIDEST = 320  # pixels of a picture


def episode_data(task: Task, episode: MinedEpisode, groups: tuple[FailureGroup, ...]) -> dict[str, object]:
    """What the debugger shows of an episode, as JSON's types."""
    count = min(episode.length, _STEPS)
    numbers = episode.columns.numbers
    every = max(1, -(-count // _PICTURES))
    wanted = set(range(0, count, every))
    for group in [g for g in groups if g.worst.seed == episode.seed][:_DENSE]:
        wanted |= set(range(group.worst.start, min(group.worst.stop, group.worst.start + 80, count)))
    pictures: dict[int, str] = {}
    shapes: dict[int, list[object]] = {}
    try:
        for step, picture in _pictures(task, episode, wanted, count):
            pictures[step] = _packed(picture)
            found = shapes_of(episode.recording.traces[step]) if step < len(episode.recording.traces) else []
            if found:
                shapes[step] = [[s.name, s.kind, [list(p) for p in s.points], s.colour] for s in found]
        size = [picture.shape[1], picture.shape[0]] if pictures else None
    except HlearnError:
        pictures, size = {}, None
    names = sorted(set(episode.rules[:count]))
    rewards, lives = episode.recording.rewards[:count], episode.recording.lives[:count].astype(int)
    return {
        "seed": episode.seed,
        "score": episode.outcome.score,
        "length": count,
        "pictures": pictures,
        "size": size,
        "shapes": shapes,
        "rules": names,
        "acted": [names.index(r) for r in episode.rules[:count]],
        "actions": [_action(a) for a in episode.recording.actions[:count]],
        "rewards": {int(s): float(rewards[s]) for s in np.flatnonzero(rewards)},
        "lost": [int(s) + 1 for s in np.flatnonzero(np.diff(lives) < 0)],
        "numbers": {
            name: [None if not np.isfinite(v) else float(f"{v:.4g}") for v in numbers[name][:count].tolist()]
            for name in list(numbers)[:_NUMBERS]
        },
    }  # fmt: skip


def _pictures(
    task: Task, episode: MinedEpisode, wanted: set[int], count: int
) -> Iterator[tuple[int, np.ndarray]]:
    environment = open_apart(task, render=True)
    spec = environment.observation
    seen = np.zeros(spec.shape, spec.dtype)
    actions = episode.recording.actions
    try:
        environment.reset(episode.world_seed, seen)
        for step in range(count):
            if step in wanted:
                yield step, rendered(environment)
            environment.step(int(actions[step]) if actions.ndim == 1 else actions[step], seen)
    finally:
        environment.close()


def _packed(picture: np.ndarray) -> str:
    """A picture as base64 of WebP, made small; the page draws shapes in the whole picture's pixels."""
    if picture.shape[1] > _WIDEST:
        height = round(picture.shape[0] * _WIDEST / picture.shape[1])
        picture = cv2.resize(picture, (_WIDEST, height), interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".webp", picture[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 60])
    return base64.b64encode(data.tobytes()).decode()


def _action(action: np.ndarray) -> int | list[float]:
    return int(action) if np.ndim(action) == 0 else [float(f"{a:.3g}") for a in action]
