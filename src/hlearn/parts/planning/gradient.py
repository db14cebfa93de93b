"""Local search along the gradient of the return, by finite differences in the model. No weight is trained by it."""

from __future__ import annotations

import numpy as np

from hlearn.parts.planning.nominal import Simulating
from hlearn.parts.planning.sampling import RandomShooting


class GradientShooting(RandomShooting):
    """Climbs from the better of the base's plan and the last plan: gradient, then the best of several step lengths.

    A gradient costs ``knots * n`` sequences: a plan is moved by bumps around ``knots`` moments rather than action by
    action. ``samples`` counts all sequences of a decision, so it says how often there is time for a gradient.

    Args:
        knots: moments at which a plan is moved.
        probe: size of the difference, in parts of the half range.
        **options: as for random shooting; ``spread`` is the length of the longest step.
    """

    def __init__(self, *, knots: int = 6, probe: float = 0.05, **options: float | int | None) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.knots = max(1, min(int(knots), self.horizon))
        self.probe = probe * self.half
        at = np.linspace(0.0, self.horizon - 1.0, self.knots)
        width = max(1.0, (self.horizon - 1.0) / max(1, self.knots - 1))
        moments = np.arange(self.horizon)[None] - at[:, None]
        self._bumps = np.maximum(0.0, 1.0 - np.abs(moments) / width)  # [knots, horizon]

    def _search(self, model: Simulating, base: np.ndarray, last: np.ndarray, begun: float) -> np.ndarray:
        channels = base.shape[1]
        start = np.stack([base, last])
        returns = self.returns(model, start)
        plan, worth = start[int(np.argmax(returns))], float(returns.max())
        directions = np.zeros((self.knots, channels, self.horizon, channels))
        for c in range(channels):
            directions[:, c, :, c] = self._bumps
        flat = directions.reshape(-1, self.horizon, channels)
        lengths = 2.0 ** -np.arange(6.0)
        left, rounds = self.samples - 2, 0
        while rounds == 0 or (left >= len(flat) + len(lengths) and not self._late(begun, rounds)):
            rounds += 1
            left -= len(flat) + len(lengths)
            tried = self._within(plan + self.probe * flat, base)
            returned = self.returns(model, tried)
            fine = np.isfinite(returned)
            if not np.isfinite(worth) or not fine.any():
                break
            slope = np.where(fine, returned, worth) - worth
            slope[~fine] = -np.abs(slope).max() - 1.0  # away from what is no number
            step = np.tensordot(slope, flat, axes=1)
            size = float(np.abs(step).max())
            if size <= 0.0:
                break
            steps = self._within(plan + lengths[:, None, None] * self.spread * step / size, base)
            gained = self.returns(model, steps)
            best = int(np.argmax(gained))
            if gained[best] > worth:
                plan, worth = steps[best], float(gained[best])
            else:
                lengths = lengths / 2.0 ** len(lengths)
                if lengths[0] < 1e-3:
                    break
        return self._take(plan[None], np.array([worth]), returns[0])
