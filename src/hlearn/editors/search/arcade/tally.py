"""The score as it is shown: whatever changes when points are won and stands still otherwise.

A program is not told its rewards. One that sees the score move knows that it is getting somewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LEAST = 3  # rewards
SHOWN = 0.9  # share of rewards that the score must show
EXPLAINED = 0.1  # share of its changes that rewards must explain (lives may be shown beside it)
WINDOW = 3  # steps in which a reward shows


def tells_rewards(values: Sequence[np.ndarray], rewards: Sequence[np.ndarray]) -> tuple[float, float]:
    """How well changes of a number tell rewards.

    Args:
        values: one array per episode, a value per step; nan where not seen.
        rewards: what the action after each value brought, float[T] per episode.

    Returns:
        The share of rewards that it shows and the share of its changes that rewards explain; zeros with fewer
        than three rewards.
    """
    shown = paid = explained = changes = 0
    for value, reward in zip(values, rewards, strict=True):
        steps = np.diff(value)
        changed = np.flatnonzero(np.nan_to_num(steps) != 0)
        won = np.flatnonzero(reward[:-1] > 0)
        paid += len(won)
        changes += len(changed)
        if len(won) and len(changed):
            after = changed[None, :] - won[:, None]
            near = (after >= -1) & (after <= WINDOW)
            shown += int(near.any(axis=1).sum())
            explained += int(near.any(axis=0).sum())
    if paid < LEAST or not changes:
        return 0.0, 0.0
    return shown / paid, explained / changes
