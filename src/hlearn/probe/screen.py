"""Recordings of the screen, reduced to one byte per pixel, and the tracks of everything of one colour in them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

Color = tuple[int, int, int]

_OTHER = 255  # the code of every colour beyond the 254 first


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenRecording:
    """What a probe saw and did.

    Attributes:
        codes: uint8[T, height, width], an index into ``palette`` for every pixel, seen before each action.
        palette: uint8[n, 3], RGB.
        actions: int64[T], the action chosen after seeing each frame.
        starts: bool[T], True where a frame does not follow the one before (the first of an episode).
        action_names: names of the actions, by index.
    """

    codes: np.ndarray
    palette: np.ndarray
    actions: np.ndarray
    starts: np.ndarray
    action_names: tuple[str, ...]

    def color(self, code: int) -> Color:
        """The RGB colour behind a code."""
        r, g, b = self.palette[code]
        return int(r), int(g), int(b)

    def frame(self, t: int) -> np.ndarray:
        """The screen before action ``t``, uint8[height, width, 3]."""
        screen: np.ndarray = self.palette[self.codes[t]]
        return screen


class ScreenRecorder:
    """Takes frames one by one and keeps a third of their bytes.

    Args:
        action_names: names of the actions, by index.
        capacity: frames to make room for; more may be added, at the price of a copy.
    """

    def __init__(self, action_names: tuple[str, ...], capacity: int = 3000) -> None:
        self._names = action_names
        self._capacity = capacity
        self._codes = np.empty((0, 0, 0), np.uint8)
        self._count = 0
        self._actions: list[int] = []
        self._starts: list[bool] = []
        self._table = np.zeros(1 << 24, np.uint8)  # RGB as one number -> code + 1, or 0 while unknown
        self._colors: list[tuple[int, int, int]] = []

    def __len__(self) -> int:
        return self._count

    def add(self, observation: np.ndarray, action: int, start: bool) -> None:
        """Records one step.

        Args:
            observation: the screen before the action, uint8[height, width, 3].
            action: the index of the action chosen.
            start: True for the first frame of an episode.
        """
        if self._count == len(self._codes):
            grown = np.empty((max(self._capacity, 2 * self._count), *observation.shape[:2]), np.uint8)
            if self._count:
                grown[: self._count] = self._codes
            self._codes = grown
        packed = cv2.cvtColor(observation, cv2.COLOR_RGB2RGBA).view(np.uint32)[:, :, 0] & 0xFFFFFF
        codes = self._table[packed]
        if not codes.all():
            self._learn(packed[codes == 0])
            codes = self._table[packed]
        np.subtract(codes, 1, out=self._codes[self._count])
        self._count += 1
        self._actions.append(int(action))
        self._starts.append(bool(start) or self._count == 1)

    def _learn(self, packed: np.ndarray) -> None:
        for value in np.unique(packed):
            if len(self._colors) < _OTHER:
                self._colors.append((int(value) & 255, int(value) >> 8 & 255, int(value) >> 16))
            self._table[value] = len(self._colors)

    def recording(self) -> ScreenRecording:
        """Everything added so far."""
        return ScreenRecording(
            codes=self._codes[: self._count],
            palette=np.array(self._colors, np.uint8).reshape(-1, 3),
            actions=np.array(self._actions, np.int64),
            starts=np.array(self._starts, bool),
            action_names=self._names,
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """Connected regions of one colour in all frames, in the order of the frames; one array entry per region.

    Attributes:
        code: the colour.
        t: frame.
        x, y: centre of the bounding box (pixels).
        w, h: its size (pixels).
        track: which track it belongs to, -1 for none; tracks are numbered from 0.
    """

    code: int
    t: np.ndarray
    x: np.ndarray
    y: np.ndarray
    w: np.ndarray
    h: np.ndarray
    track: np.ndarray

    def __len__(self) -> int:
        return len(self.t)

    def pick(self, which: np.ndarray) -> Parts:
        """Those selected by a mask or an index array."""
        fields = (self.t, self.x, self.y, self.w, self.h, self.track)
        return Parts(self.code, *(f[which] for f in fields))


def find_parts(
    masks: np.ndarray,
    code: int,
    origin: tuple[int, int],
    largest: tuple[int, int],
    gap: int = 1,
    chunk: int = 64,
) -> Parts:
    """Finds the connected regions (joined over small gaps) in a stack of masks.

    Args:
        masks: bool[T, rows, columns], what counts.
        code: the colour to note.
        origin: ``(left, top)`` of the masks on the screen.
        largest: greatest width and height of a region that is kept.
        gap: pixels between two regions that are still joined to one.
        chunk: frames handled in one call, for speed.
    """
    rows, columns = masks.shape[1:]
    shown = np.flatnonzero(masks.reshape(len(masks), -1).any(axis=1))
    pitch = rows + gap + 2
    tall = np.zeros((chunk * pitch, columns + gap), np.uint8)
    stacked = tall.reshape(chunk, pitch, columns + gap)
    # Every pixel grows to the right and down by the gap; sizes are corrected below.
    kernel, anchor = np.ones((gap + 1, gap + 1), np.uint8), (gap, gap)
    found = []
    for start in range(0, len(shown), chunk):
        frames = shown[start : start + chunk]
        stacked[: len(frames), :rows, :columns] = masks[frames]
        stacked[len(frames) :] = 0
        grown = cv2.dilate(tall, kernel, anchor=anchor) if gap else tall
        contours, hierarchy = cv2.findContours(grown, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        if not contours:
            continue
        boxes = np.array([cv2.boundingRect(c) for c in contours])[
            hierarchy[0, :, 3] < 0
        ]  # rims of holes have parents
        boxes -= (0, 0, gap, gap)
        boxes = boxes[(boxes[:, 2] <= largest[0]) & (boxes[:, 3] <= largest[1])]
        t = frames[boxes[:, 1] // pitch]
        found.append(np.column_stack([t, boxes[:, 0], boxes[:, 1] % pitch, boxes[:, 2:]]))
    table = np.concatenate(found) if found else np.zeros((0, 5), np.int64)
    table = table[np.argsort(table[:, 0], kind="stable")]
    t, left, top, w, h = table.T
    x = origin[0] + left + (w - 1) / 2
    y = origin[1] + top + (h - 1) / 2
    return Parts(code, t, x, y, w, h, np.full(len(t), -1))


def link(parts: Parts, starts: np.ndarray, reach: float = 10.0, patience: int = 3) -> Parts:
    """Joins regions of neighbouring frames into tracks: mutual nearest neighbours of similar size.

    Args:
        parts: the regions of one colour.
        starts: bool[T], frames that do not follow the one before.
        reach: how far one may move per frame (pixels along either axis).
        patience: frames a track may skip and still go on (things that blink).
    """
    n = len(parts)
    episode = np.cumsum(starts)
    after = np.full(n, -1)
    before = np.full(n, -1)
    first = np.searchsorted(parts.t, np.arange(len(starts) + patience + 2))
    # Ordinary steps, then frames skipped (things that blink), then jumps (a player who changes lanes).
    for step, far in [(1, reach), *((s, 1.2 * reach) for s in range(2, patience + 1)), (1, 2.5 * reach)]:
        open_i = np.flatnonzero(after < 0)
        to = parts.t[open_i] + step
        counts = first[to + 1] - first[to]
        i = np.repeat(open_i, counts)
        j = (
            np.arange(counts.sum())
            - np.repeat(np.cumsum(counts) - counts, counts)
            + np.repeat(first[to], counts)
        )
        if len(i) == 0:
            continue
        dx, dy = np.abs(parts.x[i] - parts.x[j]), np.abs(parts.y[i] - parts.y[j])
        dw, dh = np.abs(parts.w[i] - parts.w[j]), np.abs(parts.h[i] - parts.h[j])
        ok = (dx <= far) & (dy <= far) & (before[j] < 0)
        ok &= (dw <= 2 + 0.5 * parts.w[i]) & (dh <= 2 + 0.5 * parts.h[i])
        ok &= (dx <= reach) & (dy <= reach) | (step > 1) | (parts.w[i] >= 4)  # shots do not jump
        ok &= episode[parts.t[i]] == episode[parts.t[j]]
        i, j = i[ok], j[ok]
        cost = (dx + dy + 0.5 * (dw + dh))[ok]
        order = np.argsort(cost, kind="stable")[::-1]
        best_j, best_i = np.full(n, -1), np.full(n, -1)
        best_j[i[order]] = j[order]  # the last write is the cheapest
        best_i[j[order]] = i[order]
        mutual = np.flatnonzero((best_j >= 0) & (best_i[best_j] == np.arange(n)))
        after[mutual] = best_j[mutual]
        before[best_j[mutual]] = mutual
    track = np.where(before < 0, np.arange(n), -1)
    heads = np.flatnonzero(before < 0)
    reached = after[heads]
    while (alive := reached >= 0).any():
        heads, reached = heads[alive], reached[alive]
        track[reached] = heads
        reached = after[reached]
    _, track = np.unique(track, return_inverse=True)
    fields = (parts.t, parts.x, parts.y, parts.w, parts.h)
    return Parts(parts.code, *fields, track)
