"""A student's training against what the teacher does, with what the teacher sees as further targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hlearn.errors import HarnessError, UsageError
from hlearn.students.nets import NetworkShape, build, torch
from hlearn.students.samples import LabelledEpisode


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How training goes.

    Attributes:
        learning: Adam's step.
        batch: samples of one step.
        epochs: passes over the samples; more where these are few.
        targets: weight of what the teacher saw.
        least: steps in any case, however few samples there are.
    """

    learning: float = 1e-3
    batch: int = 256
    epochs: int = 20
    targets: float = 0.1
    least: int = 500


class Samples:
    """All samples in memory, stacked only as batches are drawn.

    Args:
        episodes: what there is to learn from.
        frames: observations at once.
        image: whether they are screens.
    """

    def __init__(self, episodes: Sequence[LabelledEpisode], frames: int, *, image: bool) -> None:
        if not episodes:
            raise UsageError("there is nothing to learn from: no episode came to a first step")
        self._frames, self._image = frames, image
        self._seen = np.concatenate([e.seen for e in episodes])
        self.wanted = np.concatenate([e.wanted for e in episodes])
        firsts = np.cumsum([0, *(len(e.seen) for e in episodes[:-1])])
        self._first = np.repeat(firsts, [len(e.seen) for e in episodes])
        self.names = tuple(dict.fromkeys(n for e in episodes for n in e.state))
        columns = [
            np.concatenate([e.state.get(n, np.full(len(e.seen), np.nan, np.float32)) for e in episodes])
            for n in self.names
        ]
        state = np.stack(columns, axis=1) if columns else np.empty((len(self._seen), 0), np.float32)
        with np.errstate(invalid="ignore"):
            known = np.isfinite(state)
            filled = np.where(known, state, 0.0)
            counts = np.maximum(known.sum(axis=0), 1)
            mean = filled.sum(axis=0) / counts
            spread = np.sqrt((np.where(known, filled - mean, 0.0) ** 2).sum(axis=0) / counts)
        self.state = np.where(known, (filled - mean) / np.maximum(spread, 1e-6), np.nan).astype(np.float32)

    def __len__(self) -> int:
        return len(self._seen)

    def batch(self, places: np.ndarray) -> np.ndarray:
        """What the network sees at some samples, float32[len(places), ...]."""
        steps = [np.maximum(places - back, self._first[places]) for back in range(self._frames - 1, -1, -1)]
        parts = [self._seen[s] for s in steps]
        stacked = np.stack(parts, axis=1) if self._image else np.concatenate(parts, axis=1)
        return stacked.astype(np.float32)

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and spread of a network's input, float32[frames * n]."""
        if self._image:
            return np.zeros(1, np.float32), np.ones(1, np.float32)
        mean, spread = self._seen.mean(axis=0, dtype=np.float64), self._seen.std(axis=0, dtype=np.float64)
        spread = np.where(spread > 1e-6, spread, 1.0)
        repeat = (self._frames,)
        return np.tile(mean, repeat).astype(np.float32), np.tile(spread, repeat).astype(np.float32)


def train(
    samples: Samples, shape: NetworkShape, rates: Rates, *, seed: int, start: Any = None
) -> tuple[Any, float]:
    """Trains a network.

    Args:
        samples: what to learn from.
        shape: of the network.
        rates: how.
        seed: of weights and of the order of samples.
        start: a network whose weights it starts from, of the same shape.

    Returns:
        The network and its mean loss in the last epoch.

    Raises:
        HarnessError: training came to numbers that are not finite.
    """
    library = torch()
    library.set_num_threads(1)
    rng = np.random.default_rng(seed)
    net = build(shape, *samples.moments(), seed)
    if start is not None:
        kept = {k: v for k, v in start.state_dict().items() if k not in ("mean", "spread")}
        net.load_state_dict(kept | {"mean": net.mean, "spread": net.spread})
    optimizer = library.optim.Adam(net.parameters(), lr=rates.learning)
    per_epoch = -(-len(samples) // rates.batch)
    epochs = max(rates.epochs, -(-rates.least // per_epoch))
    steps = per_epoch * epochs
    schedule = library.optim.lr_scheduler.OneCycleLR(optimizer, rates.learning, total_steps=steps + 1)
    losses: list[float] = []
    for _ in range(epochs):
        losses = []
        order = rng.permutation(len(samples))
        for first in range(0, len(order), rates.batch):
            places = order[first : first + rates.batch]
            action, state = net(library.from_numpy(samples.batch(places)))
            wanted = library.from_numpy(samples.wanted[places])
            functional = library.nn.functional
            if shape.actions:
                loss = functional.cross_entropy(action, wanted)
            else:
                loss = functional.smooth_l1_loss(action, wanted)
            if shape.targets:
                target = library.from_numpy(samples.state[places])
                known = library.isfinite(target)
                if known.any():
                    loss = loss + rates.targets * functional.smooth_l1_loss(state[known], target[known])
            value = float(loss.detach())
            if not np.isfinite(value):
                raise HarnessError(
                    f"training came to {value} after {len(losses)} steps of an epoch; nothing was written. Lower the "
                    "rate (--rate), or look for observations or actions that are very large"
                )
            losses.append(value)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net, float(np.mean(losses))
