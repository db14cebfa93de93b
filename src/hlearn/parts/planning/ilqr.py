"""Iterative linear-quadratic regulation around a plan, in linear models that are fitted to what simulation shows.

Literature: Todorov and Li, "A generalized iterative LQG method" (2005); fitted along the way as by Levine and Abbeel,
"Learning neural network policies with guided policy search under unknown dynamics" (2014). No weight is trained.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hlearn.parts.planning.nominal import Simulating
from hlearn.parts.planning.sampling import RandomShooting

_RIDGE = 1e-2  # of a fit, per sequence, in units of what was seen to vary
_STEPS = 0.5 ** np.arange(6.0)  # parts of a whole step that are tried


class _Local(NamedTuple):
    """What a change of the state z and the action u does near the plan, at each of H decisions.

    Attributes:
        dynamics: float64[H, z, z + n], of the next state.
        slope: float64[H, z + n], of the reward.
        bend: float64[H, z + n], its curvature, at most 0.
    """

    dynamics: np.ndarray
    slope: np.ndarray
    bend: np.ndarray


class ILQR(RandomShooting):
    """Improves the better of the base's plan and the last plan by iLQR: fit, solve backwards, try several step lengths.

    Each round simulates sequences near the plan, fits a linear model of the observation and a concave quadratic one of
    the reward at each decision (small differences, as the simulator gives no derivatives), solves them backwards and
    plays the solution in the model. A step that brings nothing is tried again with dearer changes.

    Args:
        rounds: fits per decision at most.
        probe: standard deviation of the differences, in parts of the half range.
        regular: how dear a change of the action is at first, in rewards per half range squared.
        **options: as for random shooting; ``samples`` are shared by the rounds, ``spread`` bounds a change per round.

    Attributes:
        gains: of the last decision, float64[horizon, n, observation]: how actions answer to an observation that is
            off the plan.
    """

    def __init__(
        self, *, rounds: int = 3, probe: float = 0.1, regular: float = 0.1, **options: float | int | None
    ) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.rounds = max(1, int(rounds))
        self.probe = probe * self.half
        self.regular = regular
        self.gains: np.ndarray | None = None

    def _search(self, model: Simulating, base: np.ndarray, last: np.ndarray, begun: float) -> np.ndarray:
        start = np.stack([base, last])
        returns = self.returns(model, start)
        plan, worth = start[int(np.argmax(returns))], float(returns.max())
        near = max(4, (self.samples - 2) // self.rounds - len(_STEPS))
        dear = self.regular
        for done in range(self.rounds):
            if done and self._late(begun, done):
                break
            noise = self.probe * self._noise(near, base)
            tried = self._within(np.concatenate([plan[None], plan + noise]), base)
            out = model.rollout(tried, observe="all")
            local = self._fit(tried, np.asarray(out.observations, np.float64), out.rewards)
            if local is None:
                break
            changed = self._within(plan + self._steps(local, dear), base)
            gained = self.returns(model, changed)
            best = int(np.argmax(gained))
            dear *= 0.3 if gained[best] > worth else 10.0
            if gained[best] > worth:
                plan, worth = changed[best], float(gained[best])
        return self._take(plan[None], np.array([worth]), returns[0])

    def _fit(self, plans: np.ndarray, seen: np.ndarray, rewards: np.ndarray) -> _Local | None:
        """The local models, None where too little of what was simulated is finite.

        Args:
            plans: float64[B, H, n], the first of them the plan itself.
            seen: observations after each decision, float64[B, H, ...].
            rewards: float64[B, H].
        """
        count, horizon, channels = plans.shape
        seen = seen.reshape(count, horizon, -1)
        fine = np.isfinite(rewards).all(axis=1) & np.isfinite(seen).all(axis=(1, 2))
        if not fine[0] or fine.sum() < 4:
            return None
        off = seen[fine] - seen[0]
        scale = off.std(axis=(0, 1)) + 1e-9
        states = np.concatenate([np.zeros((len(off), 1, off.shape[2])), off[:, :-1]], axis=1)
        inputs = np.concatenate([states, plans[fine] - plans[0]], axis=2)
        units = np.concatenate([scale, np.broadcast_to(self.probe, (channels,))])
        paid = rewards[fine] - rewards[0]
        slopes, bends, moves = [], [], []
        for t in range(horizon):
            x = inputs[:, t] / units
            moves.append(_ridge(x, off[:, t]).T / units)
            weights = _ridge(np.concatenate([x, 0.5 * x**2], axis=1), paid[:, t])
            slopes.append(weights[: len(units)] / units)
            bends.append(np.minimum(weights[len(units) :], 0.0) / units**2)
        discounts = self._weights[:, None]
        return _Local(np.array(moves), discounts * np.array(slopes), discounts * np.array(bends))

    def _steps(self, local: _Local, dear: float) -> np.ndarray:
        """The changes of the plan that the local models ask for, float64[lengths, H, n]: parts of a whole step."""
        horizon, size, width = local.dynamics.shape
        channels = width - size
        value, curve = np.zeros(size), np.zeros((size, size))
        forward = np.zeros((horizon, channels))
        gains = np.zeros((horizon, channels, size))
        cost = dear / np.broadcast_to(self.half, (channels,)) ** 2
        for t in range(horizon - 1, -1, -1):
            moves = local.dynamics[t]
            first = local.slope[t] + moves.T @ value
            second = np.diag(local.bend[t]) + moves.T @ curve @ moves
            control = -second[size:, size:] + np.diag(cost)
            control = 0.5 * (control + control.T)
            forward[t] = np.linalg.solve(control, first[size:])
            gains[t] = np.linalg.solve(control, second[size:, :size])
            value = first[:size] + gains[t].T @ first[size:]
            curve = second[:size, :size] + second[:size, size:] @ gains[t]
            curve = 0.5 * (curve + curve.T)
        self.gains = gains
        state, changes = np.zeros((len(_STEPS), size)), np.zeros((len(_STEPS), horizon, channels))
        for t in range(horizon):
            wanted = _STEPS[:, None] * forward[t] + state @ gains[t].T
            changes[:, t] = np.clip(wanted, -self.spread, self.spread)
            state = np.concatenate([state, changes[:, t]], axis=1) @ local.dynamics[t].T
        return changes


def _ridge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Coefficients of y on x, none for a constant: both are differences from the plan's."""
    normal = x.T @ x + _RIDGE * len(x) * np.eye(x.shape[1])
    solved: np.ndarray = np.linalg.solve(normal, x.T @ y)
    return solved
