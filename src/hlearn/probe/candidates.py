"""From recorded screens to candidates for things: coloured groups, with the colours of one sprite put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hlearn.probe.control import find_drive
from hlearn.probe.groups import Group, group_tracks
from hlearn.probe.scene import Axis, Drive
from hlearn.probe.screen import Parts, ScreenRecording, find_parts, link

LARGEST = (64, 64)  # width and height of the largest thing (pixels)
BACKDROP = 0.3  # a colour that fills this share of the screen is no thing
_SEEN = 0.012  # share of frames in which a thing must be seen
_STEP = 7  # every so many frames are looked at to find out which colours change where
_MARGIN = 16  # pixels looked at around the places where a colour came and went


@dataclass(frozen=True, slots=True)
class Candidate:
    """Groups that are one thing, the one that represents it first.

    Attributes:
        groups: the colours of one sprite.
        drives: how actions move it.
    """

    groups: tuple[Group, ...]
    drives: tuple[Drive, ...]

    @property
    def main(self) -> Group:
        """The group that is seen best."""
        return self.groups[0]

    @property
    def driven(self) -> float:
        """How well actions explain where it goes (0 to 1)."""
        return max((d.explained for d in self.drives), default=0.0)


@dataclass(frozen=True, slots=True)
class Found:
    """Everything cut out of a recording.

    Attributes:
        candidates: what moves.
        staying: what stays where it is but comes and goes.
        parts: every region, by colour code.
        sample: the recording thinned out, uint8[n, height, width].
        shares: share of the screen that each colour fills, float64[colours].
    """

    candidates: list[Candidate]
    staying: list[Group]
    parts: dict[int, Parts]
    sample: np.ndarray
    shares: np.ndarray


def find_candidates(recording: ScreenRecording) -> Found:
    """Cuts everything that moves out of a recording.

    Args:
        recording: a few hundred to a few thousand frames of play with random held actions.
    """
    codes, frames = recording.codes, len(recording.codes)
    sample = codes[::_STEP]
    shares = np.bincount(sample.ravel(), minlength=len(recording.palette)) / sample.size
    parts: dict[int, Parts] = {}
    groups: list[Group] = []
    staying: list[Group] = []
    for code in range(len(recording.palette)):
        if shares[code] > BACKDROP:
            continue
        window = _where_it_changes(sample, code)
        if window is None:
            continue
        rows, columns = window
        found = find_parts(codes[:, rows, columns] == code, code, (columns.start, rows.start), LARGEST)
        if len(found) < _SEEN * frames:
            continue
        found = link(found, recording.starts)
        parts[code] = found
        for group in _join(group_tracks(found, frames)):
            if not group.moving:
                staying.append(group)
            elif group.visible >= _SEEN and max(group.speed()) > 0:
                groups.append(group)
    return Found(_assemble(groups, recording), staying, parts, sample, shares)


def drives_of(group: Group, recording: ScreenRecording) -> tuple[Drive, ...]:
    """The axes along which actions move a group, none where they do not."""
    a, b = group.steps()
    p = group.parts
    found = []
    for axis, at in ((Axis.X, p.x), (Axis.Y, p.y)):
        # A jump is a new life or a lane; it still counts as movement, but no more than a large step.
        velocity = np.clip(at[b] - at[a], -8, 8)
        drive = find_drive(
            axis, p.t[a], at[a], velocity, recording.actions, recording.starts, recording.action_names
        )
        if drive is not None and max(drive.speed) - min(drive.speed) >= 0.15:
            found.append(drive)
    if max((d.explained for d in found), default=0.0) < 0.15:
        return ()
    return tuple(d for d in found if d.explained >= 0.03)


def _where_it_changes(sample: np.ndarray, code: int) -> tuple[slice, slice] | None:
    """Rows and columns around the pixels that show a colour sometimes but not always."""
    here = sample == code
    ever, always = here.any(axis=0), here.mean(axis=0) >= 0.98
    changing = ever & ~always
    if not changing.any():
        return None
    rows, columns = np.flatnonzero(changing.any(axis=1)), np.flatnonzero(changing.any(axis=0))
    height, width = changing.shape
    return (
        slice(max(int(rows[0]) - _MARGIN, 0), min(int(rows[-1]) + 1 + _MARGIN, height)),
        slice(max(int(columns[0]) - _MARGIN, 0), min(int(columns[-1]) + 1 + _MARGIN, width)),
    )


def _join(groups: list[Group]) -> list[Group]:
    """Joins moving groups of one colour that overlap in place and size but are hardly ever there together."""
    result: list[Group] = []
    for group in groups:
        host = next((i for i, g in enumerate(result) if group.moving and g.moving and _same(g, group)), None)
        if host is None:
            result.append(group)
        else:
            result[host] = _union([result[host], group])
    return result


def _same(a: Group, b: Group) -> bool:
    together = len(np.intersect1d(a.parts.t, b.parts.t))
    if together > 0.1 * min(len(np.unique(a.parts.t)), len(np.unique(b.parts.t))):
        return False
    (aw0, aw1, ah0, ah1), (bw0, bw1, bh0, bh1) = a.size(), b.size()
    if aw0 > bw1 + 1 or bw0 > aw1 + 1 or ah0 > bh1 + 1 or bh0 > ah1 + 1:
        return False
    (al, at, ar, ab), (bl, bt, br, bb) = a.region(), b.region()
    return al <= br and bl <= ar and at <= bb and bt <= ab


def _union(groups: list[Group]) -> Group:
    """One group of several of the same colour, in the order of frames."""
    names = ("t", "x", "y", "w", "h", "area", "track")
    columns = [np.concatenate([getattr(g.parts, n) for g in groups]) for n in names]
    order = np.argsort(columns[0], kind="stable")
    return Group(Parts(groups[0].parts.code, *(c[order] for c in columns)), True, groups[0].frames)


def _assemble(groups: list[Group], recording: ScreenRecording) -> list[Candidate]:
    """Puts the colours of one sprite together: a group that stays inside another one belongs to it."""
    order = sorted(groups, key=lambda g: -float(np.median(g.parts.w * g.parts.h)) * g.visible)
    clusters: list[list[Group]] = []
    for group in order:
        inside = [np.mean([_inside(group, g) for g in cluster], axis=0) > 0 for cluster in clusters]
        host = max(range(len(clusters)), key=lambda i: inside[i].mean(), default=None)
        if host is not None and inside[host].mean() >= 0.7:
            clusters[host].append(group)
        elif not clusters or np.any(inside, axis=0).mean() < 0.7:
            clusters.append([group])
        # Otherwise it is a detail that several things share (wheels of cars of all colours): left out.
    return [_represent(cluster, recording) for cluster in clusters]


def _inside(inner: Group, outer: Group, margin: float = 4.0) -> np.ndarray:
    """Which regions of one group have their centre in the box of a region of another, bool[n]."""
    p, q = inner.parts, outer.parts
    first = np.searchsorted(q.t, p.t)
    counts = np.searchsorted(q.t, p.t, side="right") - first
    i = np.repeat(np.arange(len(p)), counts)
    j = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    hit = np.abs(p.x[i] - q.x[j]) <= q.w[j] / 2 + margin
    hit &= np.abs(p.y[i] - q.y[j]) <= q.h[j] / 2 + margin
    result = np.zeros(len(p), bool)
    result[i[hit]] = True
    return result


def _represent(cluster: list[Group], recording: ScreenRecording) -> Candidate:
    """Orders a sprite's colours: first the one that follows the actions best and is seen often, whole and large."""
    drives = {id(g): drives_of(g, recording) for g in cluster}

    def worth(group: Group) -> float:
        pieces = float(np.mean(group.counts))
        area = float(np.median(group.parts.w * group.parts.h))
        driven = max((d.explained for d in drives[id(group)]), default=0.0)
        return (0.3 + driven) * group.visible * min(area, 40.0) ** 0.5 / (pieces if cluster[0].single else 1.0)

    ordered = tuple(sorted(cluster, key=lambda g: -worth(g)))
    return Candidate(ordered, drives[id(ordered[0])])
