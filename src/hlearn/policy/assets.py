"""The small tables and networks that a program carries beside its modules."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np

from hlearn.program import NETWORK

_FILES: dict[str, bytes] = {}


def provide(files: Mapping[str, bytes]) -> None:
    """Gives the program that is loaded next its assets; called by evaluators.

    Args:
        files: bytes by path within the package.
    """
    _FILES.clear()
    _FILES.update(files)


def asset(path: str) -> np.ndarray | dict[str, np.ndarray]:
    """Reads an asset of the program: a file of its package that is no module.

    Args:
        path: within the package, such as ``"table.npy"`` or ``"tables/aim.npz"``.

    Returns:
        The array of an ``.npy`` file, the arrays by name of an ``.npz`` file, the bytes of an ``.onnx`` file as
        uint8[n], for :class:`hlearn.parts.network.Network`; they cannot be written to.

    Raises:
        LookupError: the program has no such asset.
        ValueError: the file is not what its name says, or holds Python objects, which would have to be unpickled.
    """
    if path not in _FILES:
        names = ", ".join(sorted(_FILES)) or "none"
        raise LookupError(
            f"no asset {path!r}; the program has: {names} (.npy, .npz and .onnx files beside its modules)"
        )
    if path.endswith(NETWORK):
        return np.frombuffer(_FILES[path], np.uint8)
    try:
        loaded = np.load(io.BytesIO(_FILES[path]), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            loaded.flags.writeable = False
            return loaded
        arrays = {name: loaded[name] for name in loaded.files}
    except (ValueError, OSError, EOFError, KeyError) as error:
        raise ValueError(f"asset {path!r} cannot be read: {error}") from error
    for array in arrays.values():
        array.flags.writeable = False
    return arrays
