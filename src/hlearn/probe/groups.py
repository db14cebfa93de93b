"""Tracks of one colour and similar size become groups: the candidates for things."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hlearn.probe.scene import Box
from hlearn.probe.screen import Parts

_TRACK = 6  # frames that a track must last to count as moving
_TRAVEL = 4.0  # pixels that it must travel


@dataclass(frozen=True, slots=True)
class Group:
    """Regions that look alike and move (or all stay): the raw material of a thing.

    Attributes:
        parts: its regions, in the order of frames.
        moving: True for movers, False for what stays in its place.
        frames: frames recorded in all.
    """

    parts: Parts
    moving: bool
    frames: int

    @property
    def visible(self) -> float:
        """Share of frames in which at least one was seen."""
        return float(len(np.unique(self.parts.t)) / self.frames)

    @property
    def counts(self) -> np.ndarray:
        """How many at once, in the frames with any."""
        return np.unique(self.parts.t, return_counts=True)[1]

    @property
    def single(self) -> bool:
        """True where hardly ever more than one is seen at once."""
        return bool((self.counts <= 1).mean() > 0.9)

    def size(self, low: float = 2, high: float = 98) -> tuple[int, int, int, int]:
        """Percentiles of the size: smallest and largest width, smallest and largest height (pixels)."""
        w0, w1 = np.percentile(self.parts.w, [low, high])
        h0, h1 = np.percentile(self.parts.h, [low, high])
        return int(w0), int(np.ceil(w1)), int(h0), int(np.ceil(h1))

    def region(self, low: float = 0.5, high: float = 99.5) -> Box:
        """Percentiles of the outer edges: left, top, right, bottom (pixels, right and bottom included)."""
        p = self.parts
        left, top = np.percentile(p.x - (p.w - 1) / 2, low), np.percentile(p.y - (p.h - 1) / 2, low)
        right, bottom = np.percentile(p.x + (p.w - 1) / 2, high), np.percentile(p.y + (p.h - 1) / 2, high)
        return float(left), float(top), float(right), float(bottom)

    def steps(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of indexes of one thing in neighbouring frames: here, and one frame later."""
        p = self.parts
        order = np.lexsort((p.t, p.track))
        a, b = order[:-1], order[1:]
        ok = (p.track[a] == p.track[b]) & (p.t[b] == p.t[a] + 1)
        return a[ok], b[ok]

    def longest_gap(self) -> int:
        """Most frames in a row without it inside one track."""
        p = self.parts
        order = np.lexsort((p.t, p.track))
        same = p.track[order][1:] == p.track[order][:-1]
        gaps = np.diff(p.t[order])[same]
        return int(gaps.max()) - 1 if len(gaps) else 0

    def speed(self) -> tuple[float, float]:
        """Mean absolute velocity along x and y over a quarter second, median of those that move (pixels per frame)."""
        p = self.parts
        result = []
        order = np.lexsort((p.t, p.track))
        for values in (p.x, p.y):
            ahead = 8
            a, b = order[:-ahead], order[ahead:]
            ok = (p.track[a] == p.track[b]) & (p.t[b] - p.t[a] <= ahead + 2)
            v = np.abs(values[b] - values[a])[ok] / np.maximum(p.t[b] - p.t[a], 1)[ok]
            v = v[v > 0.05]
            result.append(round(float(np.median(v)), 2) if len(v) else 0.0)
        return result[0], result[1]

    def turns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Where it turned round: x at left turns, y at upper turns, x at right turns, y at lower turns.

        A turn is a change of direction after and before at least 4 pixels of steady movement.
        """
        p = self.parts
        order = np.lexsort((p.t, p.track))
        found = []
        for values in (p.x, p.y):
            low: list[float] = []
            high: list[float] = []
            cuts = np.flatnonzero(np.diff(p.track[order])) + 1
            for path in np.split(values[order], cuts):
                if len(path) >= _TRACK:
                    _turns(path, low, high)
            found.append((np.array(low), np.array(high)))
        (left, right), (top, bottom) = found
        return left, top, right, bottom


def _turns(path: np.ndarray, low: list[float], high: list[float], steady: float = 4.0) -> None:
    """Appends the extremes of one path between runs of at least ``steady`` pixels."""
    pivot = extreme = float(path[0])
    heading = 0
    for value in path[1:]:
        if heading == 0:
            if abs(value - pivot) >= steady:
                heading, extreme = (1 if value > pivot else -1), value
        elif (value - extreme) * heading >= 0:
            extreme = value
        elif (extreme - value) * heading >= steady:
            (high if heading > 0 else low).append(float(extreme))
            heading, extreme = -heading, value


def group_tracks(parts: Parts, frames: int) -> list[Group]:
    """Groups the tracks of one colour: movers by size, and what stays in one group.

    Args:
        parts: linked regions of one colour.
        frames: frames recorded in all.

    Returns:
        The moving groups, those with most regions first, then at most one group of what stays.
    """
    if len(parts) == 0:
        return []
    n = int(parts.track.max()) + 1
    length = np.bincount(parts.track, minlength=n)
    left, right = _reach(parts, parts.x - parts.w / 2, n), _reach(parts, parts.x + parts.w / 2, n)
    top, bottom = _reach(parts, parts.y - parts.h / 2, n), _reach(parts, parts.y + parts.h / 2, n)
    # Both edges must travel: a bar that grows or a digit that changes does not move.
    travel = np.maximum(np.minimum(left, right), np.minimum(top, bottom))
    moving = (length >= _TRACK) & (travel >= _TRAVEL)
    width, height = _medians(parts, parts.w, n), _medians(parts, parts.h, n)

    groups = []
    free = moving.copy()
    while free.any():
        seed = int(np.argmax(np.where(free, length, 0)))
        w0, h0 = width[seed], height[seed]
        alike = free & (np.abs(width - w0) <= max(3, 0.35 * w0)) & (np.abs(height - h0) <= max(3, 0.35 * h0))
        free &= ~alike
        groups.append(Group(parts.pick(alike[parts.track]), True, frames))
    groups.sort(key=lambda g: -len(g.parts))
    staying = ~moving[parts.track] & (length >= _TRACK)[parts.track]
    if staying.any():
        groups.append(Group(parts.pick(staying), False, frames))
    return groups


def union(groups: list[Group]) -> Group:
    """One group of several, in the order of frames; it carries the colour of the first.

    Tracks keep apart: those of groups of different colours are renumbered.
    """
    base = 0
    tracks = []
    for group in groups:
        same = group.parts.code == groups[0].parts.code
        tracks.append(group.parts.track + (0 if same else base))
        base = max(base, int(tracks[-1].max()) + 1)
    columns = [np.concatenate([getattr(g.parts, n) for g in groups]) for n in ("t", "x", "y", "w", "h")]
    order = np.argsort(columns[0], kind="stable")
    parts = Parts(groups[0].parts.code, *(c[order] for c in (*columns, np.concatenate(tracks))))
    return Group(parts, True, groups[0].frames)


def _reach(parts: Parts, values: np.ndarray, n: int) -> np.ndarray:
    """Range of a value in each track, float64[n]."""
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(low, parts.track, values)
    np.maximum.at(high, parts.track, values)
    reach: np.ndarray = high - low
    return reach


def _medians(parts: Parts, values: np.ndarray, n: int) -> np.ndarray:
    """Median of a value in each track, float64[n]."""
    order = np.lexsort((values, parts.track))
    starts = np.searchsorted(parts.track[order], np.arange(n))
    ends = np.searchsorted(parts.track[order], np.arange(n), side="right")
    result: np.ndarray = values[order][(starts + ends - 1) // 2].astype(float)
    return result
