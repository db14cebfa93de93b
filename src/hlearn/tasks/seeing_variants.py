"""Harder seeing: pictures with noise, flicker or turned colours, as a variant of a task shows them.

Flicker is that of the Flickering Atari games (Hausknecht and Stone, "Deep recurrent Q-learning for partially observable
MDPs", 2015). Colours are turned in YIQ space, which leaves brightness as it is.
"""

from __future__ import annotations

import numpy as np

# FCC NTSC standard: what a television makes of red, green and blue.
_YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])


class PictureChanges:
    """What a variant does to pictures.

    Args:
        noise: standard deviation of what is added to each colour of each pixel, in 256ths.
        flicker: chance that a picture is black.
        hue: degrees by which colours are turned.
    """

    def __init__(self, *, noise: float, flicker: float, hue: float) -> None:
        self.noise, self.flicker = noise, flicker
        self._turn: np.ndarray | None = None
        if hue % 360.0:
            angle = np.deg2rad(hue)
            turn = np.eye(3)
            turn[1:, 1:] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
            self._turn = (np.linalg.inv(_YIQ) @ turn @ _YIQ).T.astype(np.float32)

    def apply(self, pictures: np.ndarray, rng: np.random.Generator) -> None:
        """Changes pictures in place.

        Args:
            pictures: uint8[..., height, width, 3].
            rng: draws noise and flicker.
        """
        if self._turn is not None or self.noise:
            shown = pictures.astype(np.float32)
            if self._turn is not None:
                shown = shown @ self._turn
            if self.noise:
                shown += np.float32(self.noise) * rng.standard_normal(shown.shape, np.float32)
            pictures[...] = np.clip(np.rint(shown), 0, 255)
        if self.flicker:
            black = rng.random(pictures.shape[:-3]) < self.flicker
            pictures[black] = 0


def is_picture(shape: tuple[int, ...], dtype: str) -> bool:
    """Whether an observation is a picture in colours."""
    return dtype == "uint8" and len(shape) == 3 and shape[2] == 3
