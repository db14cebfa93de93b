"""A small frozen network in a program: an ONNX graph, run by onnxruntime on one thread.

The graph is an asset of the program, so its bytes are part of the program's address. It may need no other file and no
operators beside the standard's.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int64)": np.int64,
}


class Network:
    """A network with one input, ``[1, ...]``, and one or more outputs, ``[1, ...]``.

    ::

        self.see = Network(asset("ball.onnx"), frames=2)
        ...
        x, y = self.see(observation)

    Args:
        graph: the ONNX file's bytes, as ``hlearn.policy.asset`` gives them.
        frames: how many observations it sees at once, the last ones, oldest first; before there are so many the first
            one stands for those that lack. Vectors follow one another, images are stacked: ``[1, frames, ...]``.

    Raises:
        ModuleNotFoundError: onnxruntime is not installed.
        ValueError: the graph is none, or does not fit what it is given.
    """

    def __init__(self, graph: np.ndarray | bytes, *, frames: int = 1) -> None:
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # a program may not start threads
        options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 4
        data = graph if isinstance(graph, bytes) else np.asarray(graph, np.uint8).tobytes()
        try:
            self._session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001 - its many types have no common root but this
            raise ValueError(f"the network cannot be loaded: {str(error)[:500]}") from None
        given = self._session.get_inputs()
        if len(given) != 1 or given[0].type not in _TYPES:
            raise ValueError("expected a network with one input of numbers")
        self._input, self._type = given[0].name, _TYPES[given[0].type]
        self.outputs = tuple(output.name for output in self._session.get_outputs())
        self._frames: deque[np.ndarray] = deque(maxlen=frames)
        self._count = frames

    def clear(self) -> None:
        """Forgets earlier observations; for :meth:`reset` of a policy."""
        self._frames.clear()

    def __call__(self, observation: np.ndarray) -> np.ndarray:
        """Returns the first output for an observation, without its first axis."""
        return next(iter(self.all(observation).values()))

    def all(self, observation: np.ndarray) -> dict[str, np.ndarray]:
        """Returns every output by name."""
        seen = np.asarray(observation)
        if self._count == 1:
            given = seen[None]
        else:
            self._frames.append(np.array(seen))
            frames = list(self._frames)
            frames = [frames[0]] * (self._count - len(frames)) + frames
            given = (np.concatenate(frames) if seen.ndim == 1 else np.stack(frames))[None]
        try:
            said = self._session.run(None, {self._input: np.ascontiguousarray(given, self._type)})
        except Exception as error:  # noqa: BLE001 - its many types have no common root but this
            raise ValueError(f"the network cannot take {given.shape}: {str(error)[:300]}") from None
        return {name: np.asarray(value)[0] for name, value in zip(self.outputs, said, strict=True)}


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError:
        found = None
    except PermissionError:  # behind the walls, where it was not there to be loaded before
        found = None
    else:
        found = onnxruntime
    if found is None:
        raise ModuleNotFoundError(
            "this program has a network, which onnxruntime runs; install it with: pip install 'hlearn[network]'"
        )
    return found
