"""Training: the graph says what the network says; numbers that are not finite end it."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.errors import HarnessError
from hlearn.students.nets import NetworkShape, as_onnx
from hlearn.students.samples import LabelledEpisode, halved
from hlearn.students.training import Rates, Samples, train
from hlearn.tasks.environment import ActionSpace, Box, Discrete, ObservationSpec

torch = pytest.importorskip("torch", reason="pip install 'hlearn[distill]'")
pytest.importorskip("onnxruntime", reason="pip install 'hlearn[distill]'")


def episode(seen: np.ndarray, wanted: np.ndarray) -> LabelledEpisode:
    state = {"x": np.where(np.arange(len(seen)) % 3, 1.0, np.nan).astype(np.float32)}
    return LabelledEpisode(seen=seen, wanted=wanted, state=state, score=1.0, led=True)


@pytest.mark.parametrize("kind", ["vector", "memory", "screen"])
def test_the_graph_is_the_network(kind: str) -> None:
    from hlearn.parts.network import Network

    rng = np.random.default_rng(0)
    actions: ActionSpace = Discrete(n=4)
    raw: np.ndarray
    seen: np.ndarray
    wanted: np.ndarray
    if kind == "vector":
        raw, actions = rng.normal(size=(40, 3)), Box(low=(-1.0,), high=(1.0,))
        seen, wanted = raw.astype(np.float32), raw[:, :1].astype(np.float32)
        spec = ObservationSpec(shape=(3,), dtype="float64")
    elif kind == "memory":
        raw = rng.integers(256, size=(40, 128), dtype=np.uint8)
        seen, wanted = raw, rng.integers(4, size=40)
        spec = ObservationSpec(shape=(128,), dtype="uint8")
    else:
        small = rng.integers(256, size=(6, 42, 40), dtype=np.uint8)
        raw = np.repeat(
            small.repeat(2, axis=1).repeat(2, axis=2)[..., None], 3, axis=3
        )  # halved without rounding
        seen, wanted = halved(raw), rng.integers(4, size=6)
        spec = ObservationSpec(shape=(84, 80, 3), dtype="uint8")
    samples = Samples([episode(seen, wanted)], 2, image=kind == "screen")
    shape = NetworkShape.of(spec, actions, frames=2, targets=1)
    net, loss = train(samples, shape, Rates(epochs=1, batch=16, least=1), seed=0)
    network = Network(as_onnx(net, shape), frames=2)
    assert np.isfinite(loss) and network.outputs == ("action", "state")
    said = np.array([network(row) for row in raw])
    with torch.no_grad():
        expected = net(torch.from_numpy(samples.batch(np.arange(len(raw)))))[0].numpy()
    assert np.allclose(said, expected, atol=1e-4)


def test_training_that_comes_to_nan_says_so() -> None:
    seen = np.full((8, 2), 1.0, np.float32)
    samples = Samples([episode(seen, np.full((8, 1), np.inf, np.float32))], 1, image=False)
    spec = ObservationSpec(shape=(2,), dtype="float64")
    shape = NetworkShape.of(spec, Box(low=(-1.0,), high=(1.0,)), frames=1, targets=1)
    with pytest.raises(HarnessError, match="--rate"):
        train(samples, shape, Rates(epochs=1), seed=0)
