"""The source of a detector of blobs, and how well it does on the recording it came from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hlearn.parts.blobs import BlobDetector
from hlearn.probe.groups import Group
from hlearn.probe.scene import Detector

IMPORT = "from hlearn.parts.blobs import BlobDetector"
_IMPORT_FOLLOW = "from hlearn.parts.blobs import BlobDetector, Follow"
_IMPORT_MANY = "from hlearn.parts.blobs import BlobDetector, nearest"

_LARGE = 4000  # pixels from which on it pays to look first where a thing was last seen

Edges = tuple[int, int, int, int]


class Options(NamedTuple):
    """The arguments of one BlobDetector."""

    colors: tuple[tuple[int, int, int], ...]
    background: bool
    box: Edges
    width: tuple[int, int]
    height: tuple[int, int]
    ignore: tuple[Edges, ...]
    gap: tuple[int, int]
    channel: int | None
    step: tuple[int, int] = (1, 1)

    def build(self) -> BlobDetector:
        """The detector itself."""
        colors = {"background": self.colors} if self.background else {"color": self.colors}
        return BlobDetector(
            **colors,
            box=self.box,
            width=self.width,
            height=self.height,
            ignore=self.ignore,
            gap=self.gap,
            channel=self.channel,
            step=self.step,
        )

    def source(self) -> str:
        """The expression that builds it; arguments at their defaults are left out."""
        colors = repr(self.colors[0] if len(self.colors) == 1 else self.colors)
        words = [f"background={colors}" if self.background else f"color={colors}", f"box={self.box}"]
        words += [f"width={self.width}", f"height={self.height}"]
        if self.ignore:
            words.append(f"ignore={self.ignore}")
        if self.gap != (0, 0):
            words.append(f"gap={self.gap}")
        if self.channel is not None:
            words.append(f"channel={self.channel}")
        if self.step != (1, 1):
            words.append(f"step={self.step}")
        return f"BlobDetector({', '.join(words)})"


class DetectorFit(NamedTuple):
    """A detector's source and arguments, what it is meant to find, and how well it does on the recording (0 to 1)."""

    detector: Detector
    options: Options
    group: Group
    recall: float
    precision: float


def detector_source(options: Options, many: bool) -> Detector:
    """The detector as source: one thing, or the one of many that is nearest to the player."""
    if many:
        return Detector(
            imports=(_IMPORT_MANY,),
            constant=options.source(),
            expression="nearest({const}.all(obs), {player})",
            expression_all="{const}.all(obs)",
        )
    left, top, right, bottom = options.box
    if (right - left) * (bottom - top) >= _LARGE:
        return Detector(
            imports=(_IMPORT_FOLLOW,),
            constant=options.source(),
            state="Follow({const})",
            expression="{state}.find(obs)",
        )
    return Detector(imports=(IMPORT,), constant=options.source(), expression="{const}.find(obs)")


def try_on(options: Options, group: Group, trials: tuple[tuple[int, np.ndarray], ...]) -> DetectorFit:
    """Runs a detector on some frames and compares what it finds with the group.

    Args:
        options: the detector's arguments.
        group: what it should find.
        trials: (number, uint8[height, width, 3]) pairs.
    """
    detector = options.build()
    p = group.parts
    there = hit = finds = right = 0
    for t, frame in trials:
        mine = slice(np.searchsorted(p.t, t), np.searchsorted(p.t, t, side="right"))
        xs, ys = p.x[mine], p.y[mine]
        blobs = detector.all(frame)
        bx, by = np.array([b.x for b in blobs]), np.array([b.y for b in blobs])
        close = (np.abs(xs[:, None] - bx) <= 3) & (np.abs(ys[:, None] - by) <= 3)
        there, finds = there + len(xs), finds + len(blobs)
        hit, right = hit + int(close.any(axis=1).sum()), right + int(close.any(axis=0).sum())
    many = not group.single
    return DetectorFit(
        detector_source(options, many), options, group, hit / max(there, 1), right / max(finds, 1)
    )


def by_heading(sight: DetectorFit) -> list[tuple[str, DetectorFit]]:
    """Splits shots of one colour that fly both ways into rising and falling ones; [] where they do not."""
    group = sight.group
    p = group.parts
    if np.percentile(p.w, 90) > 4:
        return []
    order = np.lexsort((p.t, p.track))
    heads = np.flatnonzero(np.diff(p.track[order], prepend=-1))
    tails = np.append(heads[1:], len(order)) - 1
    climb = p.y[order[tails]] - p.y[order[heads]]
    tracks = p.track[order[heads]]
    split = []
    for way, those in (("rising", tracks[climb <= -8]), ("falling", tracks[climb >= 8])):
        part = Group(p.pick(np.isin(p.track, those)), True, group.frames)
        if len(those) < 3 or len(part.parts) < 0.15 * len(p):
            return []
        one = f"{way}({{state}}.update({{const}}.all(obs)))"
        detector = Detector(
            imports=(f"from hlearn.parts.blobs import BlobDetector, Motions, {way}, nearest",),
            constant=sight.options.source(),
            state=f"Motions(memory={max(group.longest_gap(), 1)})",
            expression=f"nearest({one}, {{player}})",
            expression_all=one,
        )
        split.append((way, sight._replace(detector=detector, group=part)))
    return split


def in_steps(sight: DetectorFit, trials: tuple[tuple[int, np.ndarray], ...]) -> DetectorFit:
    """The same detector at every other row (and column), where that sees as well; else as it was.

    Crowds of large things are looked at in steps both ways, shots that are long enough in steps of rows.
    """
    options, group = sight.options, sight.group
    left, top, right, bottom = options.box
    crowd = np.median(group.counts) >= 2 and min(options.width[1], options.height[1]) >= 7
    long = group.size(5, 95)[2] >= 4 and (right - left) * (bottom - top) >= _LARGE
    if not (crowd or long):
        return sight
    gap = (max(options.gap[0], 2), max(options.gap[1], 2)) if crowd else options.gap
    wider = options._replace(
        step=(2, 2) if crowd else (1, 2),
        gap=gap,
        width=(max(options.width[0] - 2, 1), options.width[1] + 2) if crowd else options.width,
        height=(max(options.height[0] - 2, 1), options.height[1] + 2),
    )
    coarse = try_on(wider, group, trials)
    return coarse if coarse.recall + coarse.precision >= sight.recall + sight.precision - 0.04 else sight
