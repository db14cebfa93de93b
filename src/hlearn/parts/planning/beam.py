"""Beam search over primitives: few motions, each held or played for some steps, in the best order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hlearn.parts.planning.nominal import Simulating


class Beam:
    """Keeps the best few sequences of primitives while they grow.

    Args:
        primitives: each a plan of k steps, float[k, n] or int[k] (for discrete actions).
        depth: primitives in a sequence.
        width: sequences that stay at each depth.
        value: of what is seen at the end, None for none.
    """

    def __init__(
        self,
        primitives: Sequence[Sequence[object] | np.ndarray] | np.ndarray,
        *,
        depth: int = 3,
        width: int = 4,
        value: object = None,
    ) -> None:
        self.primitives = [np.asarray(p) for p in primitives]
        self.depth, self.width, self.value = depth, width, value

    def decide(self, model: Simulating) -> int | None:
        """Returns the number of the primitive to begin now; None where the model is not alive."""
        if not model.alive:
            return None
        kinds = len(self.primitives)
        states, worth, first = np.zeros(1, np.int64), np.zeros(1), np.full(1, -1)
        over: tuple[float, int] = (-np.inf, 0)
        for level in range(self.depth):
            plans = np.stack([p for _ in states for p in self.primitives])
            last = level == self.depth - 1
            out = model.rollout(plans, start=np.repeat(states, kinds), keep=not last)
            total = np.repeat(worth, kinds) + out.returns
            if last and callable(self.value):
                total = total + np.where(out.ended, 0.0, self.value(out.observations))
            begun = np.repeat(first, kinds) if level else np.arange(kinds)
            for i in np.flatnonzero(out.ended):
                over = max(over, (float(total[i]), -int(begun[i])))
            going = np.flatnonzero(~out.ended)
            order = going[np.argsort(-total[going], kind="stable")][: self.width]
            if not last and len(out.states):
                dropped = np.setdiff1d(out.states, out.states[order])
                model.release(np.concatenate([dropped, states[states > 0]]))
                states = out.states[order]
            worth, first = total[order], begun[order]
            if not len(order):
                return -over[1]
        if not last:
            return int(first[0])
        if len(states) and states[0] > 0:
            model.release(states)
        return int(first[0]) if worth[0] >= over[0] else -over[1]
