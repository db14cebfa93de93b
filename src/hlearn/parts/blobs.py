"""Blobs on the screen: connected regions of one colour (or of anything but the background), found in microseconds.

A :class:`BlobDetector` crops a box, compares it with its colour and keeps the connected regions whose size
fits. It carries no state: build it once at the top of a program and ask it every step. Coordinates are screen
pixels, x to the right from 0 to 159, y downward from 0 to 209 on Atari.

    BALL = BlobDetector(color=(200, 72, 72), box=(8, 93, 152, 189), width=(1, 3), height=(2, 5), channel=0)
    ...
    @detect
    def ball(self, obs):
        return BALL.find(obs)  # Blob(x=80.5, y=120.5, width=2, height=4), or None
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from hlearn.parts.crowds import Motions, falling, rising
from hlearn.parts.placed import (
    Blob,
    Placed,
    highest,
    largest,
    leftmost,
    lowest,
    nearest,
    nearest_x,
    nearest_y,
    others,
    rightmost,
)

__all__ = [
    "Blob",
    "BlobDetector",
    "Follow",
    "Motions",
    "Placed",
    "falling",
    "highest",
    "largest",
    "leftmost",
    "lowest",
    "nearest",
    "nearest_x",
    "nearest_y",
    "others",
    "rightmost",
    "rising",
]

Color = tuple[int, int, int]
Box = tuple[int, int, int, int]

_CONTOURS = (cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)


class BlobDetector:
    """Finds connected regions (touching corners count) of given colours inside a box, filtered by size.

    Args:
        color: the RGB colour to look for, or several of them for a thing of several colours.
        background: look for everything *but* these colours instead; give this or ``color``, not both.
        box: where to look, ``(left, top, right, bottom)``, right and bottom excluded; None is the whole screen.
        width: smallest and largest width of a region, both included (pixels).
        height: smallest and largest height, both included.
        ignore: boxes inside ``box`` where nothing counts (scores, walls of the same colour), in screen pixels.
        gap: regions at most this far apart ``(columns, rows)`` are one thing; (0, 0) joins what touches.
        channel: compare only this channel (0 red, 1 green, 2 blue). Faster, above all for several colours; right
            where no other colour in the box shares the values.
        step: look at every so many pixels (right, down) only. Many times faster for crowds of large things; sizes
            and places are then right to one step, and what is thinner may be missed.

    Raises:
        ValueError: neither or both of ``color`` and ``background``, or an empty box.
    """

    __slots__ = (
        "_colors",
        "_gap",
        "_ignore",
        "_invert",
        "_kernel",
        "_size",
        "_table",
        "box",
        "channel",
        "step",
    )

    def __init__(
        self,
        color: Color | Sequence[Color] | None = None,
        *,
        background: Color | Sequence[Color] | None = None,
        box: Box | None = None,
        width: tuple[int, int] = (1, 1000),
        height: tuple[int, int] = (1, 1000),
        ignore: Sequence[Box] = (),
        gap: tuple[int, int] = (0, 0),
        channel: int | None = None,
        step: tuple[int, int] = (1, 1),
    ) -> None:
        if (color is None) == (background is None):
            raise ValueError(
                "give a color to look for or a background to look away from, not both or neither"
            )
        self.box: Box = box if box is not None else (0, 0, 1 << 16, 1 << 16)
        if self.box[0] >= self.box[2] or self.box[1] >= self.box[3]:
            raise ValueError(
                f"box is (left, top, right, bottom) with left < right and top < bottom, got {box}"
            )
        self._colors = _colors(color if color is not None else background)
        self._invert = background is not None
        self._size = (*width, *height)
        self._ignore = tuple(ignore)
        self.step = step
        self._gap = (-(-gap[0] // step[0]), -(-gap[1] // step[1]))
        self._kernel = None if gap == (0, 0) else np.ones((self._gap[1] + 1, self._gap[0] + 1), np.uint8)
        self.channel = channel
        self._table: np.ndarray | None = None
        if channel is not None and (len(self._colors) > 1 or self._invert):
            self._table = np.full(256, 255 if self._invert else 0, np.uint8)
            self._table[[c[channel] for c in self._colors]] = 0 if self._invert else 255

    def mask(self, obs: np.ndarray, box: Box | None = None) -> np.ndarray:
        """Which pixels of the box count, uint8[rows, columns] (of those looked at), 0 where not.

        Args:
            obs: the screen, uint8[height, width, 3].
            box: another box than the detector's own.
        """
        x0, y0, x1, y1 = box or self.box
        across, down = self.step
        view = obs[y0:y1:down, x0:x1:across]
        found: np.ndarray
        if across > 1 and (self._table is not None or self.channel is None):
            view = np.ascontiguousarray(view)
        if self._table is not None and self.channel is not None:
            found = cv2.LUT(cv2.extractChannel(view, self.channel), self._table)
        elif self.channel is not None:
            found = (view[:, :, self.channel] == self._colors[0][self.channel]).view(np.uint8)
        else:
            found = cv2.inRange(view, self._colors[0], self._colors[0])
            for color in self._colors[1:]:
                found = cv2.bitwise_or(found, cv2.inRange(view, color, color))
            if self._invert:
                found = cv2.bitwise_not(found)
        for left, top, right, bottom in self._ignore:
            rows = slice(max(top - y0, 0) // down, max(bottom - y0 + down - 1, 0) // down)
            columns = slice(max(left - x0, 0) // across, max(right - x0 + across - 1, 0) // across)
            found[rows, columns] = 0
        return found

    def all(self, obs: np.ndarray, box: Box | None = None) -> list[Blob]:
        """Every region that fits, in no particular order.

        Args:
            obs: the screen, uint8[height, width, 3].
            box: another box than the detector's own.
        """
        box = box or self.box
        mask = self.mask(obs, box)
        if not cv2.hasNonZero(mask):
            return []
        # With a gap, every pixel grows to the right and down by it; sizes are then measured on what is there.
        grown = mask if self._kernel is None else cv2.dilate(mask, self._kernel, anchor=self._gap)
        across, down = self.step
        boxes: Sequence[Sequence[int]]
        if across > 1:  # a crowd: one call measures everything
            spaghetti = cv2.CCL_SPAGHETTI
            stats = cv2.connectedComponentsWithStatsWithAlgorithm(grown, 8, cv2.CV_16U, spaghetti)[2]
            boxes = stats[1:, :4].tolist()
        else:
            contours, hierarchy = cv2.findContours(grown, *_CONTOURS)
            # A hole's rim is listed as well; it has a parent.
            boxes = [cv2.boundingRect(c) for i, c in enumerate(contours) if hierarchy[0, i, 3] < 0]
        x0, y0 = box[0] + (across - 1) / 2, box[1] + (down - 1) / 2
        w_min, w_max, h_min, h_max = self._size
        blobs = []
        for x, y, w, h in boxes:
            if self._kernel is not None:
                _, _, w, h = cv2.boundingRect(mask[y : y + h, x : x + w])
            if w_min <= w * across <= w_max and h_min <= h * down <= h_max:
                middle = (x0 + (x + (w - 1) / 2) * across, y0 + (y + (h - 1) / 2) * down)
                blobs.append(Blob(*middle, w * across, h * down))
        return blobs

    def find(self, obs: np.ndarray) -> Blob | None:
        """The one region that fits; the largest (by bounding box) of several, None where there is none.

        Args:
            obs: the screen, uint8[height, width, 3].
        """
        blobs = self.all(obs)
        if not blobs:
            return None
        return blobs[0] if len(blobs) == 1 else largest(blobs)

    def near(self, obs: np.ndarray, point: Placed | None) -> Blob | None:
        """The region nearest to ``point`` (where the thing was last seen); like :meth:`find` without a point.

        Args:
            obs: the screen, uint8[height, width, 3].
            point: a position in pixels, or None.
        """
        blobs = self.all(obs)
        if not blobs:
            return None
        if len(blobs) == 1:
            return blobs[0]
        return largest(blobs) if point is None else nearest(blobs, point)


class Follow:
    """Finds one thing faster by looking first around the place where it was last seen.

    It is one thing's memory, so make it in ``setup``:

        self.ball_eye = Follow(BALL)
        ...
        return self.ball_eye.find(obs)

    Args:
        detector: what to look for.
        reach: how far it may have moved since (pixels along x or y). Where nothing whole is found so near, the
            detector's whole box is searched.
    """

    __slots__ = ("_last", "detector", "reach")

    def __init__(self, detector: BlobDetector, reach: int = 12) -> None:
        self.detector = detector
        self.reach = reach
        self._last: Blob | None = None

    def find(self, obs: np.ndarray) -> Blob | None:
        """The region nearest to where it was last seen, the largest at first; None where there is none.

        Args:
            obs: the screen, uint8[height, width, 3].
        """
        last = self._last
        if last is not None:
            x0, y0, x1, y1 = self.detector.box
            across, down = self.reach + last.width, self.reach + last.height
            left, right = int(last.x) - across, int(last.x) + across
            top, bottom = int(last.y) - down, int(last.y) + down
            window = (max(left, x0), max(top, y0), min(right, x1), min(bottom, y1))
            if window[0] < window[2] and window[1] < window[3]:
                whole = [
                    b
                    for b in self.detector.all(obs, window)
                    # What touches the window's edge may go on outside.
                    if (b.left > left or left <= x0)
                    and (b.top > top or top <= y0)
                    and (b.right < right - 1 or right >= x1)
                    and (b.bottom < bottom - 1 or bottom >= y1)
                ]
                if whole:
                    self._last = whole[0] if len(whole) == 1 else nearest(whole, last)
                    return self._last
        found = self.detector.near(obs, last)
        if found is not None:
            self._last = found
        return found


def _colors(colors: Color | Sequence[Color] | None) -> list[Color]:
    """A list of colours, whether one or several were given."""
    if not colors:
        raise ValueError("at least one color is needed")
    if isinstance(colors[0], int | np.integer):
        return [tuple(int(v) for v in colors)]  # type: ignore[list-item, arg-type]
    return [tuple(int(v) for v in c) for c in colors]  # type: ignore[misc, union-attr]
