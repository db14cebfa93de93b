"""Chooses how a thing is best detected: by which colour, in which box, of what size."""

from __future__ import annotations

import numpy as np

from hlearn.probe.candidates import BACKDROP, LARGEST, Found, ThingCandidate
from hlearn.probe.groups import Group, group_tracks, union
from hlearn.probe.scene import Detector
from hlearn.probe.screen import Parts, ScreenRecording, find_parts, link
from hlearn.probe.sights import DetectorFit, Edges, Options, detector_source, in_steps, try_on

_EXTEND = 0.02  # lookalikes per frame that a larger box may bring in
_WALL = 0.4  # share of a row or column of the box that a wall fills


def sight_of(
    candidate: ThingCandidate, player: Group | None, found: Found, recording: ScreenRecording
) -> DetectorFit:
    """Writes the detector of something that moves.

    A sprite of several colours that is alone is found by its best colour. Many sprites of several colours, each
    in pieces, are found as whatever is not background, where the background is plain.
    """
    group = candidate.main
    if group.single:
        return _best(_colored(group, found, recording))
    if len(candidate.groups) > 1:
        whole = _against_background(candidate, player, found, recording)
        if whole is not None and whole.recall + whole.precision > 1.7:
            return in_steps(whole, found.trials)
    seen = max(g.visible for g in candidate.groups)
    sights = [s for g in candidate.groups if g.visible >= 0.8 * seen for s in _colored(g, found, recording)]
    return in_steps(_best(sights), found.trials)


def sight_of_crowd(
    members: list[DetectorFit], found: Found, recording: ScreenRecording
) -> DetectorFit | None:
    """Writes one detector for several kinds of things of several colours; None if one channel cannot tell them.

    Args:
        members: what is to be found together.
        found: what was cut out of the recording.
        recording: where it comes from.
    """
    groups = [m.group for m in members]
    codes = {g.parts.code for g in groups}
    edges = np.array([g.region() for g in groups])
    sizes = np.array([g.size(1, 99) for g in groups])
    rows, columns = recording.codes.shape[1:]
    box = (0, max(int(edges[:, 1].min()) - 1, 0), columns, min(int(edges[:, 3].max()) + 2, rows))
    channel = _channel(codes, box, found, recording)
    if channel is None:
        return None
    colors = tuple(recording.color(c) for c in sorted(codes))
    width = (max(int(sizes[:, 0].min()) - 1, 1), int(sizes[:, 1].max()) + 1)
    height = (max(int(sizes[:, 2].min()) - 1, 1), int(sizes[:, 3].max()) + 1)
    options = Options(colors, False, box, width, height, (), (1, 1), channel)
    return in_steps(try_on(options, union(groups), found.trials), found.trials)


def _best(sights: list[DetectorFit]) -> DetectorFit:
    """The one that finds most and errs least; the earlier of equals."""
    return max(sights, key=lambda s: round(s.recall + s.precision, 2))


def _colored(group: Group, found: Found, recording: ScreenRecording) -> list[DetectorFit]:
    """Detectors of a group by its colour: as it is, and with small gaps closed if that may help."""
    box = _box(group, found, recording)
    clear = _clear_of_walls(box, found.sample == group.parts.code)
    if clear != box:  # walls of its colour hid where it ends
        group = _again(group, clear, 1, recording) or group
    if not group.single:
        larger = _again(group, clear, 3, recording)
        if larger is not None and np.median(larger.counts) <= 0.75 * np.median(group.counts):
            return [try_on(_by_color(larger, clear, (3, 3), found, recording), larger, found.trials)]
    options = _by_color(group, clear, (0, 0), found, recording)
    sights = [try_on(options, group, found.trials)]
    if sights[0].recall < 0.9:
        sights.append(try_on(options._replace(gap=(1, 1)), group, found.trials))
    return sights


def _again(group: Group, box: Edges, gap: int, recording: ScreenRecording) -> Group | None:
    """Cuts a group out once more: its colour in a box, joined over another gap; None if nothing moves there."""
    x0, y0, x1, y1 = box
    code = group.parts.code
    masks = recording.codes[:, y0:y1, x0:x1] == code
    parts = find_parts(masks, code, (x0, y0), LARGEST, gap)
    w0, w1, h0, h1 = group.size(0, 100)
    w0, h0 = (w0, h0) if gap > 1 else (w0 // 3, h0 // 3)  # walls cut it
    w1, h1 = (3 * w1, 3 * h1) if gap > 1 else (w1, h1)  # pieces come together
    fits = (parts.w >= w0) & (parts.w <= w1) & (parts.h >= h0) & (parts.h <= h1)
    parts = link(parts.pick(fits), recording.starts)
    moving = [g.parts.track for g in group_tracks(parts, group.frames) if g.moving]
    if not moving:
        return None
    tracks = np.unique(np.concatenate(moving))
    return Group(parts.pick(np.isin(parts.track, tracks)), True, group.frames)


def _box(group: Group, found: Found, recording: ScreenRecording) -> Edges:
    """Where to look for a group."""
    return _extended(group, _lookalikes(group, found), recording.codes.shape[1:])


def _lookalikes(group: Group, found: Found) -> Parts:
    """Everything of a group's colour and size that is not of the group."""
    width, height = _sizes(group)
    every = found.parts[group.parts.code]
    fits = (every.w >= width[0]) & (every.w <= width[1]) & (every.h >= height[0]) & (every.h <= height[1])
    p = group.parts
    known = np.isin(_keys(every), _keys(p))
    return every.pick(fits & ~known)


def _keys(parts: Parts) -> np.ndarray:
    """A number for each region that says when and where it is (to half a pixel)."""
    return (parts.t * 1024 + (2 * parts.x).astype(np.int64)) * 1024 + (2 * parts.y).astype(np.int64)


def _sizes(group: Group) -> tuple[tuple[int, int], tuple[int, int]]:
    """Widths and heights to accept."""
    w0, w1, h0, h1 = group.size(1, 99)
    return (max(w0 - 1, 1), w1 + 1), (max(h0 - 1, 1), h1 + 1)


def _by_color(
    group: Group, box: Edges, gap: tuple[int, int], found: Found, recording: ScreenRecording
) -> Options:
    """The arguments for a group of one colour in a box."""
    width, height = _sizes(group)
    # Many of a kind stand here and there themselves.
    ignore = _standing(_within(_lookalikes(group, found), box), group) if group.single else ()
    channel = _channel({group.parts.code}, box, found, recording)
    return Options((recording.color(group.parts.code),), False, box, width, height, ignore, gap, channel)


def _channel(codes: set[int], box: Edges, found: Found, recording: ScreenRecording) -> int | None:
    """The first channel that tells some colours from all others in a box, None if none does."""
    others = [c for c in np.unique(found.sample[:, box[1] : box[3], box[0] : box[2]]) if c not in codes]
    for channel in range(3):
        values = recording.palette[:, channel]
        if not {int(values[c]) for c in codes} & {int(values[c]) for c in others}:
            return channel
    return None


def _clear_of_walls(box: Edges, here: np.ndarray) -> Edges:
    """Draws in the sides of a box over walls: rows, then columns, mostly of a colour that never leaves them.

    Args:
        box: left, top, right, bottom.
        here: bool[n, height, width], where the colour is in a sample of frames.
    """
    x0, y0, x1, y1 = box
    share = here.mean(axis=0)
    for axis in (1, 0):
        inside = share[y0:y1, x0:x1]
        wall, comes = inside >= 0.98, (inside > 0) & (inside < 0.98)
        free = np.flatnonzero((wall.mean(axis=axis) < _WALL) | comes.any(axis=axis))
        if len(free) == 0:
            continue
        if axis == 1:
            y0, y1 = y0 + int(free[0]), y0 + int(free[-1]) + 1
        else:
            x0, x1 = x0 + int(free[0]), x0 + int(free[-1]) + 1
    return x0, y0, x1, y1


def _within(parts: Parts, box: Edges) -> Parts:
    """Those whose box reaches into ``box``."""
    x0, y0, x1, y1 = box
    hit = (parts.x + parts.w / 2 > x0) & (parts.x - parts.w / 2 < x1)
    hit &= (parts.y + parts.h / 2 > y0) & (parts.y - parts.h / 2 < y1)
    return parts.pick(hit)


def _extended(group: Group, alike: Parts, shape: tuple[int, ...]) -> Edges:
    """The box to look in: where it was seen, and further along its ways as long as no lookalikes come in."""
    height, width = shape
    left, top, right, bottom = group.region()
    p = group.parts
    roams = (float(np.ptp(p.x)) > 8, float(np.ptp(p.y)) > 8)
    box = [
        max(int(left) - 1, 0),
        max(int(top) - 1, 0),
        min(int(right) + 2, width),
        min(int(bottom) + 2, height),
    ]
    frames = group.frames
    base = len(_within(alike, _edges(box)))
    for side, limit, axis in ((0, 0, 0), (2, width, 0), (1, 0, 1), (3, height, 1)):
        if not roams[axis]:
            continue
        start = box[side]
        for share in (1.0, 0.75, 0.5, 0.25):
            box[side] = round(start + share * (limit - start))
            if len(_within(alike, _edges(box))) - base <= _EXTEND * frames:
                break
        else:
            box[side] = start
    return _edges(box)


def _edges(box: list[int]) -> Edges:
    return box[0], box[1], box[2], box[3]


def _standing(alike: Parts, group: Group) -> tuple[Edges, ...]:
    """Boxes around lookalikes that stand in one place for long, where the thing itself hardly ever is."""
    ignore: list[Edges] = []
    if len(alike) == 0:
        return ()
    places, counts = np.unique(np.column_stack([alike.x, alike.y]), axis=0, return_counts=True)
    p = group.parts
    for k in np.argsort(-counts)[:4]:
        if counts[k] < 0.1 * group.frames:
            break
        here = (alike.x == places[k, 0]) & (alike.y == places[k, 1])
        w, h = float(alike.w[here].max()), float(alike.h[here].max())
        overlap = (np.abs(p.x - places[k, 0]) < (p.w + w) / 2) & (np.abs(p.y - places[k, 1]) < (p.h + h) / 2)
        if overlap.mean() < 0.05:
            x0, y0 = int(places[k, 0] - (w - 1) / 2), int(places[k, 1] - (h - 1) / 2)
            ignore.append((x0, y0, x0 + int(w), y0 + int(h)))
    return tuple(ignore)


def _against_background(
    candidate: ThingCandidate, player: Group | None, found: Found, recording: ScreenRecording
) -> DetectorFit | None:
    """A detector of everything but the background where many sprites of several colours move; None if not plain."""
    edges = np.array([g.region() for g in candidate.groups if g.visible > 0.1 * candidate.main.visible])
    height, width = recording.codes.shape[1:]
    x0, y0 = max(int(edges[:, 0].min()) - 1, 0), max(int(edges[:, 1].min()) - 1, 0)
    x1, y1 = min(int(edges[:, 2].max()) + 2, width), min(int(edges[:, 3].max()) + 2, height)
    box = (x0, y0, x1, y1)
    if player is not None and len(_within(player.parts, box)) > 0.05 * len(player.parts):
        return None
    inside = found.sample[:, y0:y1, x0:x1]
    shares = np.bincount(inside.ravel(), minlength=len(recording.palette)) / inside.size
    plain = [int(c) for c in np.argsort(-shares) if shares[c] > 0.5 * BACKDROP]
    if not plain or len(plain) > 2:
        return None
    counts = np.ones(256, bool)
    counts[plain] = False
    masks = counts[recording.codes[:, y0:y1, x0:x1]]
    parts = link(find_parts(masks, candidate.main.parts.code, (x0, y0), LARGEST, gap=3), recording.starts)
    moving = [g for g in group_tracks(parts, len(recording.codes)) if g.moving]
    if not moving:
        return None
    tracks = np.unique(np.concatenate([g.parts.track for g in moving]))
    small = float(np.median(parts.w * parts.h)) / 6  # crumbs of an explosion
    group = Group(parts.pick(np.isin(parts.track, tracks) & (parts.w * parts.h >= small)), True, len(masks))
    if group.visible < 0.8 * candidate.main.visible:
        return None
    w0, w1, h0, h1 = group.size(2, 98)
    colors = tuple(recording.color(c) for c in plain)
    channel = _channel(set(plain), box, found, recording)
    width, height = (max(w0 - 1, 1), w1 + 1), (max(h0 - 1, 1), h1 + 1)
    options = Options(colors, True, box, width, height, (), (3, 3), channel)
    return try_on(options, group, found.trials)


def sight_of_still(group: Group, recording: ScreenRecording) -> Detector:
    """Writes the detector of things that stay: all of one colour and size where they were seen."""
    left, top, right, bottom = group.region(0, 100)
    w0, w1, h0, h1 = group.size(1, 99)
    color = recording.color(group.parts.code)
    box = (int(left), int(top), int(right) + 1, int(bottom) + 1)
    options = Options((color,), False, box, (w0, w1), (h0, h1), (), (0, 0), None)
    return detector_source(options, many=True)
