"""What an environment's ``render()`` gives, as pictures of a film: uint8[height, width, 3], RGB."""

from __future__ import annotations

from typing import Any

import numpy as np

from hlearn.errors import EnvironmentFault

_EXPECTED = "a picture is an array [height, width, 3] of uint8 (grey, RGBA and floats are taken too)"
_CHANNELS = (1, 2, 3, 4)  # grey, grey with alpha, RGB, RGBA
_LARGEST_PX = 1 << 14  # of a side


class Pictures:
    """Turns what one environment renders into pictures, one after the other.

    Grey becomes RGB, an alpha channel is laid over black, channels may come first or last. Floats are read as 0 to 1
    until one is larger, then as 0 to 255; 16 bits as such once a value needs them. A list of pictures (render mode
    ``rgb_array_list``) means its last.

    Args:
        who: the environment in words, for the message where something is no picture.
    """

    def __init__(self, who: str) -> None:
        self._who = who
        self._full = 1.0  # the value of white in floats
        self._deep = False  # integers use 16 bits

    def take(self, given: Any) -> np.ndarray:
        """Returns one picture, uint8[height, width, 3].

        Raises:
            EnvironmentFault: it is none.
        """
        array = self._array(given)
        if array.ndim == 2:
            array = array[..., None]
        elif array.shape[-1] not in _CHANNELS and array.shape[0] in (1, 3, 4):
            array = np.moveaxis(array, 0, -1)
        height, width, channels = array.shape
        if channels not in _CHANNELS or not (0 < height <= _LARGEST_PX and 0 < width <= _LARGEST_PX):
            raise self._fault(f"an array of shape {np.shape(given)}")
        shades = self._bytes(array)
        if channels in (2, 4):
            alpha = shades[..., -1:].astype(np.uint16)
            shades = (shades[..., :-1] * alpha // 255).astype(np.uint8)
        if shades.shape[-1] == 1:
            shades = np.repeat(shades, 3, axis=-1)
        return np.ascontiguousarray(shades)

    def _array(self, given: Any) -> np.ndarray:
        if given is None:
            raise self._fault("None; open it with render_mode='rgb_array'")
        if (
            isinstance(given, (list, tuple))
            and given
            and isinstance(given[-1], np.ndarray)
            and given[-1].ndim >= 2
        ):
            given = given[-1]  # pictures, maybe of several sizes
        try:
            array = np.asarray(given)
        except Exception as error:
            raise self._fault(f"{type(given).__name__} ({type(error).__name__}: {error})") from error
        if array.ndim == 4 and len(array):
            array = array[-1]
        if array.dtype.kind not in "buif" or array.ndim not in (2, 3):
            kind = "" if array.dtype.kind in "buif" else f", {array.dtype}"
            raise self._fault(f"{type(given).__name__} (shape {array.shape}{kind})")
        return array

    def _bytes(self, array: np.ndarray) -> np.ndarray:
        kind = array.dtype.kind
        if array.dtype == np.uint8:
            return array
        if kind == "b":
            return array.astype(np.uint8) * np.uint8(255)
        if kind == "f":
            known = np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=255.0, neginf=0.0)
            if known.max() > 1.0:
                self._full = 255.0
            array = np.rint(known * (255.0 / self._full))
        elif array.itemsize == 2:
            self._deep = self._deep or bool(array.max() > 255)
            array = array >> 8 if self._deep else array
        clipped: np.ndarray = np.clip(array, 0, 255)
        return clipped.astype(np.uint8)

    def _fault(self, got: str) -> EnvironmentFault:
        return EnvironmentFault(f"{self._who} gave from render() {got}; {_EXPECTED}")
