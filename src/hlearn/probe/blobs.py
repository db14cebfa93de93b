"""What pictures show before anything is known of them: blobs that are not the backdrop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

COMMON = 0.07  # a colour that fills this share of the screen is no thing's
LARGEST = 60  # pixels either way
SMALLEST = 3  # pixels in all
SAMPLE = 200  # pictures that show the backdrop
MANY = 80  # blobs on one picture: a texture


@dataclass(frozen=True, slots=True)
class Blobs:
    """Blobs of a series of pictures, in order: int[n] each, coordinates and sizes in pixels.

    Attributes:
        t: number of the picture.
        colour: its main colour, a code of :func:`cut`.
        x: its left edge, ``y`` its upper one.
        w: its width, ``h`` its height.
    """

    t: np.ndarray
    colour: np.ndarray
    x: np.ndarray
    y: np.ndarray
    w: np.ndarray
    h: np.ndarray

    def pick(self, which: np.ndarray) -> Blobs:
        """Some of them, by a mask or by numbers."""
        return Blobs(*(getattr(self, n)[which] for n in ("t", "colour", "x", "y", "w", "h")))


def cut(count: int, picture: Callable[[int], np.ndarray]) -> tuple[Blobs, dict[int, tuple[int, int, int]]]:
    """Cuts pictures into blobs.

    Args:
        count: how many pictures there are.
        picture: gives one of them, uint8[height, width, 3]; asked twice for some, so that none need be kept.

    Returns:
        The blobs, and the colour (red, green, blue) of each code.
    """
    packed = [_packed(picture(t)) for t in range(0, count, max(1, count // SAMPLE))]
    known = np.unique(np.concatenate([np.unique(p) for p in packed]))[:255]
    lookup = np.zeros(1 << 15, np.uint8)
    lookup[known] = np.arange(len(known))
    codes = np.stack([lookup[p] for p in packed])
    usual = np.argmax([(codes == c).sum(axis=0) for c in range(len(known))], axis=0).astype(np.uint8)
    common = np.zeros(256, bool)
    common[: len(known)] = (
        np.bincount(codes.ravel(), minlength=len(known))[: len(known)] > COMMON * codes.size
    )
    rows = []
    for t in range(count):
        code = lookup[_packed(picture(t))]
        mask = ((code != usual) & ~common[code]).astype(np.uint8)
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
        if count > MANY or count < 2:
            continue
        shown = mask > 0
        table = np.bincount(labels[shown] * 256 + code[shown], minlength=256 * count).reshape(count, 256)
        main = table.argmax(axis=1)
        for i in range(1, count):
            x, y, w, h, area = stats[i]
            if area >= SMALLEST and w <= LARGEST and h <= LARGEST:
                rows.append((t, main[i], x, y, w, h))
    table = np.array(rows, int).reshape(-1, 6)
    colours = {c: tuple(int(v) << 3 for v in (k >> 10, (k >> 5) & 31, k & 31)) for c, k in enumerate(known)}
    return Blobs(*table.T), {c: (r, g, b) for c, (r, g, b) in colours.items()}


def _packed(picture: np.ndarray) -> np.ndarray:
    """Fifteen bits per pixel."""
    p = picture.astype(np.uint16) >> 3
    return np.asarray(p[..., 0] << 10 | p[..., 1] << 5 | p[..., 2])
