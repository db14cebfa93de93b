"""From recorded screens to candidates for things: coloured groups, with the colours of one sprite put together."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hlearn.probe.control import agreement, find_drive
from hlearn.probe.groups import Group, group_tracks, union
from hlearn.probe.scene import Axis, Drive
from hlearn.probe.screen import Parts, ScreenRecording, find_parts, link

LARGEST = (64, 64)  # width and height of the largest thing (pixels)
BACKDROP = 0.3  # a colour that fills this share of the screen is no thing
_SEEN = 0.012  # share of frames in which a thing must be seen
_STEP = 7  # every so many frames are looked at to find out which colours change where
_PIECES = 60  # a colour in more pieces than this on one screen is a texture
_COLORS = 48  # at most so many colours are followed, those seen in most frames
_TRIALS = 80  # frames on which a detector is tried
_POSE = 14  # pixels by which a thing's middle shifts when it takes another pose
_TURNS = 3  # changes of pose that must have been seen
_MARGIN = 16  # pixels looked at around the places where a colour came and went


@dataclass(frozen=True, slots=True)
class ThingCandidate:
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
        """How well it follows the actions, both axes added (0 to 2)."""
        return sum(_follows(d) for d in self.drives)


def _follows(drive: Drive) -> float:
    """One figure for a drive: what it explains, or a part of how well it agrees (which alone is weaker proof)."""
    return max(drive.explained, 0.5 * (drive.agreement - 0.5), 0.0)


@dataclass(frozen=True, slots=True)
class Found:
    """Everything cut out of a recording.

    Attributes:
        candidates: what moves.
        staying: what stays where it is but comes and goes.
        parts: every region, by colour code.
        sample: the recording thinned out, uint8[n, height, width].
        trials: some frames, (number, uint8[height, width, 3]), on which detectors are tried.
    """

    candidates: list[ThingCandidate]
    staying: list[Group]
    parts: dict[int, Parts]
    sample: np.ndarray
    trials: tuple[tuple[int, np.ndarray], ...]


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
    for code in _colors_of_things(sample, shares):
        window = _where_it_changes(sample, code)
        if window is None or _pieces(sample, code) > _PIECES:
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
            elif _worth_it(group):
                groups.append(group)
    shown = np.unique(np.linspace(0, frames - 1, _TRIALS).astype(int))
    trials = tuple((int(t), recording.frame(int(t))) for t in shown)
    return Found(_assemble(groups, recording), staying, parts, sample, trials)


def _colors_of_things(sample: np.ndarray, shares: np.ndarray) -> list[int]:
    """The colours to follow: neither backdrop nor hardly ever there, those in most frames first."""
    presence = np.zeros(len(shares))
    for frame in sample:
        presence[np.unique(frame)] += 1.0 / len(sample)
    wanted = [c for c in range(len(shares)) if shares[c] <= BACKDROP and presence[c] >= _SEEN / 2]
    return sorted(wanted, key=lambda c: -presence[c])[:_COLORS]


def _worth_it(group: Group) -> bool:
    """Leaves out what is hardly ever seen, unless it flies like a shot."""
    speed = max(group.speed())
    return (group.visible >= 0.1 and speed > 0) or (group.visible >= _SEEN and speed >= 0.5)


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
        if drive is not None and max(drive.speed) - min(drive.speed) >= 0.1:
            found.append(drive)
    if not any(d.explained >= 0.15 or d.agreement >= 0.8 for d in found):
        return ()
    return tuple(d for d in found if d.explained >= 0.03 or d.agreement >= 0.7)


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


def _pieces(sample: np.ndarray, code: int) -> int:
    """The largest number of regions of a colour in one of a few frames that show it."""
    shown = np.flatnonzero((sample == code).reshape(len(sample), -1).any(axis=1))
    few = shown[:: max(len(shown) // 8, 1)]
    return max(int(cv2.connectedComponents((sample[t] == code).astype(np.uint8))[0]) - 1 for t in few)


def _join(groups: list[Group]) -> list[Group]:
    """Joins moving groups of one colour that are hardly ever there together: alike, or one thing's poses."""
    result: list[Group] = []
    for group in groups:
        host = next((i for i, g in enumerate(result) if group.moving and g.moving and _one(g, group)), None)
        if host is None:
            result.append(group)
        else:
            result[host] = union([result[host], group])
    return result


def _one(a: Group, b: Group) -> bool:
    return _same(a, b) or _turns_into(a, b)


def _turns_into(a: Group, b: Group) -> bool:
    """Whether a lone thing nearly always begins where another one has just gone: another pose of that."""
    if not (a.single and b.single) or len(np.intersect1d(a.parts.t, b.parts.t)):
        return False
    old, new = sorted((a.parts, b.parts), key=len, reverse=True)
    began = np.flatnonzero(np.diff(new.t, prepend=-2) > 1)
    before = np.searchsorted(old.t, new.t[began]) - 1
    follows = (before >= 0) & (new.t[began] - old.t[before] <= 1)
    near = (np.abs(new.x[began] - old.x[before]) <= _POSE) & (np.abs(new.y[began] - old.y[before]) <= _POSE)
    return bool((follows & near).sum() >= max(_TURNS, 0.6 * len(began)))


def _same(a: Group, b: Group) -> bool:
    together = len(np.intersect1d(a.parts.t, b.parts.t))
    if together > 0.1 * min(len(np.unique(a.parts.t)), len(np.unique(b.parts.t))):
        return False
    (aw0, aw1, ah0, ah1), (bw0, bw1, bh0, bh1) = a.size(), b.size()
    if aw0 > bw1 + 1 or bw0 > aw1 + 1 or ah0 > bh1 + 1 or bh0 > ah1 + 1:
        return False
    (al, at, ar, ab), (bl, bt, br, bb) = a.region(), b.region()
    return al <= br and bl <= ar and at <= bb and bt <= ab


def _assemble(groups: list[Group], recording: ScreenRecording) -> list[ThingCandidate]:
    """Puts the colours of one sprite together: a group that stays inside another one belongs to it."""
    order = sorted(groups, key=lambda g: -float(np.median(g.parts.w * g.parts.h)) * g.visible)
    clusters: list[list[Group]] = []
    for group in order:
        inside = [np.any([_inside(group, g) for g in cluster], axis=0) for cluster in clusters]
        host = max(range(len(clusters)), key=lambda i: inside[i].mean(), default=None)
        stack = next((c for c in clusters if any(_stacked(group, g) for g in c)), None)
        if stack is not None:
            stack.append(group)
        elif host is not None and inside[host].mean() >= 0.7:
            clusters[host].append(group)
        else:
            # What stays inside several things is a detail that they share (wheels of cars of all colours).
            rest = _without(group, np.any(inside, axis=0)) if clusters else group
            if rest is group or (rest is not None and _worth_it(rest)):
                clusters.append([rest])
    return [_represent(cluster, recording) for cluster in clusters]


def _without(group: Group, inside: np.ndarray) -> Group | None:
    """The tracks of a group that are mostly elsewhere than inside other things; the group itself if all are."""
    tracks = group.parts.track
    length = np.maximum(np.bincount(tracks), 1)
    apart = np.bincount(tracks, inside) / length < 0.5
    keep = apart[tracks]
    if keep.all():
        return group
    return Group(group.parts.pick(keep), True, group.frames) if keep.any() else None


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


def _stacked(a: Group, b: Group) -> bool:
    """Whether two single groups touch and keep the same distance whenever either is there (hat, shirt, trousers)."""
    if not (a.single and b.single):
        return False
    p, q = a.parts, b.parts
    ta, ia = np.unique(p.t, return_index=True)
    tb, ib = np.unique(q.t, return_index=True)
    both, ka, kb = np.intersect1d(ta, tb, assume_unique=True, return_indices=True)
    if len(both) < 0.7 * max(len(ta), len(tb)):
        return False
    i, j = ia[ka], ib[kb]
    dx, dy = p.x[i] - q.x[j], p.y[i] - q.y[j]
    near_x = np.abs(np.median(dx)) <= (np.median(p.w) + np.median(q.w)) / 2 + 4
    near_y = np.abs(np.median(dy)) <= (np.median(p.h) + np.median(q.h)) / 2 + 4
    steady = (np.abs(dx - np.median(dx)) <= 2) & (np.abs(dy - np.median(dy)) <= 2)
    return bool(near_x and near_y and steady.mean() >= 0.85 and np.ptp(p.x[i]) + np.ptp(p.y[i]) >= 8)


def _represent(cluster: list[Group], recording: ScreenRecording) -> ThingCandidate:
    """Orders a sprite's colours: first the one that follows the actions best and is seen often, whole and large."""
    drives = {id(g): drives_of(g, recording) for g in cluster}

    def worth(group: Group) -> float:
        pieces = float(np.mean(group.counts))
        area = float(np.median(group.parts.w * group.parts.h))
        driven = sum(_follows(d) for d in drives[id(group)])
        whole = 1 / pieces if cluster[0].single else 1.0
        return float((0.3 + driven) * group.visible * min(area, 40.0) ** 0.5 * whole)

    ordered = tuple(sorted(cluster, key=lambda g: -worth(g)))
    main = ordered[0]
    if drives[id(main)] and not main.single:
        own = _only_driven(main, recording)
        if own is not None:
            return ThingCandidate((own, *ordered[1:]), drives_of(own, recording) or drives[id(main)])
    return ThingCandidate(ordered, drives[id(main)])


def _only_driven(group: Group, recording: ScreenRecording) -> Group | None:
    """Of a group that holds the player and lookalikes, the tracks that go where they are told."""
    a, b = group.steps()
    p = group.parts
    told = []
    for track in np.flatnonzero(np.bincount(p.track) >= 30):
        mine = p.track[a] == track
        for axis, at in ((Axis.X, p.x), (Axis.Y, p.y)):
            follows = agreement(
                axis, p.t[a[mine]], (at[b] - at[a])[mine], recording.actions, recording.action_names
            )
            if follows.share >= 0.8 and follows.certainty >= 1.2:
                told.append(track)
    if not told:
        return None
    own = Group(p.pick(np.isin(p.track, told)), True, group.frames)
    return own if own.visible >= 0.3 * group.visible else None
