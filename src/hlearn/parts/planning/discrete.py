"""A planner that draws sequences of discrete actions around a base program's plan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hlearn.parts.planning.nominal import Simulating


class DiscreteShooting:
    """Plays the base's plan, what is left of the last one, variants of both and sequences of held actions in the model.

    Args:
        actions: how many there are.
        horizon: actions that it looks ahead.
        samples: sequences per decision.
        hold: decisions for which a drawn action is held at most.
        change: chance that a variant takes another action at a moment.
        value: of the state after the horizon, None for none.
        seed: of its draws.

    Attributes:
        plan: the best sequence of the last decision.
        gain: its return in the model above the base's.
    """

    def __init__(
        self,
        actions: int,
        *,
        horizon: int = 30,
        samples: int = 32,
        hold: int = 6,
        change: float = 0.15,
        value: Callable[[np.ndarray], np.ndarray] | None = None,
        seed: int = 0,
    ) -> None:
        self.actions, self.horizon, self.samples = actions, max(1, int(horizon)), max(2, int(samples))
        self.hold, self.change, self.value = max(1, int(hold)), change, value
        self.rng = np.random.default_rng(seed)
        self.plan: np.ndarray | None = None
        self.gain = 0.0

    def decide(self, model: Simulating, base: np.ndarray) -> int:
        """Returns the action to play now.

        Args:
            model: simulates; where it is not alive the base's action is returned.
            base: the base's plan, int[horizon].
        """
        if not model.alive:
            return int(base[0])
        base = np.asarray(base, np.int64)
        last = base if self.plan is None else np.append(self.plan[1:], base[-1])
        half = self.samples // 2
        starts = np.stack([base, last])[np.arange(half) % 2]
        other = self.rng.integers(self.actions, size=starts.shape)
        variants = np.where(self.rng.random(starts.shape) < self.change, other, starts)
        lengths = self.rng.integers(1, self.hold + 1, size=self.samples - half)
        drawn = self.rng.integers(self.actions, size=(self.samples - half, self.horizon))
        held = np.take_along_axis(drawn, np.arange(self.horizon)[None] // lengths[:, None], axis=1)
        plans = np.concatenate([base[None], last[None], variants, held])
        out = model.rollout(plans, observe="none" if self.value is None else "last")
        returns = out.rewards.sum(axis=1)
        if self.value is not None:
            returns = returns + np.where(out.ended, 0.0, self.value(out.observations))
        returns = np.where(np.isnan(returns), -np.inf, returns)
        best = int(np.argmax(returns))  # of equals the base's own plan
        self.plan, self.gain = plans[best], float(returns[best] - returns[0])
        return int(self.plan[0])
