"""Small standard networks in PyTorch, and the same as ONNX graphs, written node by node.

Vectors and memory: two hidden layers of 128. Screens: halved and grey, two convolutions and one hidden layer, after
Mnih et al. (2013) with half the channels. Two heads: the action, and what the teacher saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hlearn.errors import MissingExtra
from hlearn.tasks.environment import ActionSpace, Discrete, ObservationSpec

HOW = "pip install 'hlearn[distill]'"
_HIDDEN = 128
_CONV = ((16, 8, 4), (16, 4, 3))  # channels, kernel, stride
_DENSE = 64
_LARGEST = 10.0  # a normalised component is clipped there


def torch() -> Any:
    """PyTorch on one thread.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import onnx  # noqa: F401 - the graph is written with it
        import torch as found
    except ImportError as error:
        raise MissingExtra(f"students need PyTorch and onnx ({error}); install them with: {HOW}") from None
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkShape:
    """What a network takes and gives.

    Attributes:
        seen: of one observation, as a student sees it: [n] or [height, width].
        raw: of one observation as the environment gives it.
        frames: observations at once.
        image: whether it is a screen.
        memory: whether it is bytes of memory.
        actions: discrete actions, 0 where they are vectors.
        low: bounds of vectors.
        high: the same.
        targets: numbers that it learns to see.
    """

    seen: tuple[int, ...]
    raw: tuple[int, ...]
    frames: int
    image: bool
    memory: bool
    actions: int
    low: tuple[float, ...]
    high: tuple[float, ...]
    targets: int

    @classmethod
    def of(cls, spec: ObservationSpec, actions: ActionSpace, *, frames: int, targets: int) -> NetworkShape:
        """The shape for a task."""
        image = len(spec.shape) == 3
        seen = (spec.shape[0] // 2, spec.shape[1] // 2) if image else spec.shape
        discrete = isinstance(actions, Discrete)
        return cls(
            seen=seen,
            raw=spec.shape,
            frames=frames,
            image=image,
            memory=not image and spec.dtype == "uint8",
            actions=actions.n if isinstance(actions, Discrete) else 0,
            low=() if discrete else actions.low,  # type: ignore[union-attr]
            high=() if discrete else actions.high,  # type: ignore[union-attr]
            targets=targets,
        )

    @property
    def outputs(self) -> int:
        """Numbers of the action head."""
        return self.actions or len(self.low)


def build(shape: NetworkShape, mean: np.ndarray, spread: np.ndarray, seed: int) -> Any:
    """A fresh network.

    Args:
        shape: what it takes and gives.
        mean: float32[frames * n], of its input; unused for screens.
        spread: the same.
        seed: of its weights.
    """
    nn = torch().nn
    torch().manual_seed(seed)

    class Net(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", torch().tensor(mean))
            self.register_buffer("spread", torch().tensor(spread))
            if shape.image:
                layers, channels, size = [], shape.frames, shape.seen
                for out, kernel, stride in _CONV:
                    layers += [nn.Conv2d(channels, out, kernel, stride), nn.ReLU()]
                    size, channels = tuple((s - kernel) // stride + 1 for s in size), out
                width = _DENSE
                layers += [nn.Flatten(), nn.Linear(channels * size[0] * size[1], width), nn.ReLU()]
            else:
                width = _HIDDEN
                layers = [nn.Linear(len(mean), width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()]
            self.trunk = nn.Sequential(*layers)
            self.action = nn.Linear(width, shape.outputs)
            self.state = nn.Linear(width, max(shape.targets, 1))

        def forward(self, x: Any) -> tuple[Any, Any]:
            x = x / 255.0 if shape.image else ((x - self.mean) / self.spread).clamp(-_LARGEST, _LARGEST)
            inner = self.trunk(x)
            return self.action(inner), self.state(inner)

    return Net()


def as_onnx(net: Any, shape: NetworkShape) -> bytes:
    """The network as an ONNX model: input ``seen``, outputs ``action`` and, where it learnt to see, ``state``."""
    from onnx import TensorProto, helper, numpy_helper

    weights: list[Any] = []
    nodes: list[Any] = []

    def weight(name: str, value: object, kind: type = np.float32) -> str:
        weights.append(numpy_helper.from_array(np.ascontiguousarray(np.asarray(value, kind)), name))
        return name

    def node(kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"{kind.lower()}_{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def dense(layer: Any, inner: str, name: str) -> str:
        given = [
            inner,
            weight(f"{name}.w", layer.weight.detach().numpy()),
            weight(f"{name}.b", layer.bias.detach().numpy()),
        ]
        return node("Gemm", given, transB=1)

    x = "seen"
    if shape.image or shape.memory:
        x = node("Cast", [x], to=TensorProto.FLOAT)
    if shape.image:
        x = node("ReduceMean", [x, weight("colours", [4], np.int64)], keepdims=0)
        x = node("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
        x = node("Div", [x, weight("white", 255.0)])
    else:
        x = node("Sub", [x, weight("mean", net.mean.numpy())])
        x = node("Div", [x, weight("spread", net.spread.numpy())])
        x = node("Clip", [x, weight("low", -_LARGEST), weight("high", _LARGEST)])
    for place, layer in enumerate(net.trunk):
        kind = type(layer).__name__
        if kind == "Linear":
            x = dense(layer, x, f"trunk{place}")
        elif kind == "Conv2d":
            given = [
                x,
                weight(f"c{place}.w", layer.weight.detach().numpy()),
                weight(f"c{place}.b", layer.bias.detach().numpy()),
            ]
            x = node("Conv", given, kernel_shape=list(layer.kernel_size), strides=list(layer.stride))
        else:
            x = node("Relu" if kind == "ReLU" else "Flatten", [x])
    outputs = [("action", dense(net.action, x, "action"), shape.outputs)]
    if shape.targets:
        outputs.append(("state", dense(net.state, x, "state"), shape.targets))
    for name, inner, _ in outputs:
        nodes.append(helper.make_node("Identity", [inner], [name], name=f"{name}_out"))
    whole = (1, shape.frames, *shape.raw) if shape.image else (1, shape.frames * shape.raw[0])
    number = TensorProto.UINT8 if shape.image or shape.memory else TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "student",
        [helper.make_tensor_value_info("seen", number, whole)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, size)) for name, _, size in outputs],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], producer_name="hlearn")
    model.ir_version = 10
    data: bytes = model.SerializeToString()
    return data
