"""Of wide observations the components that pushes move are looked at, however fast they follow."""

from __future__ import annotations

import numpy as np

from hlearn.probe.vector.wide import choose_components


def test_a_rate_that_follows_a_held_push_at_once_is_looked_at():
    rng = np.random.default_rng(3)
    pushes = np.repeat(rng.uniform(-1, 1, size=(100, 1)), 5, axis=0)  # each is held for five steps
    seen = rng.normal(size=(500, 100))
    seen[:, 70] = np.roll(pushes[:, 0], 1)  # there after one step, then still
    chosen = choose_components([seen], [pushes], [rng.normal(size=500)], most=10)
    assert 70 in chosen and len(chosen) == 10
