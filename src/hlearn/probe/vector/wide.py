"""Wide observations: which components a search looks at, chosen before anything is tuned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MOST = 64  # components that are looked at
MOST_BESIDE = 24  # the same beside the things of a board


def choose_components(
    episodes: Sequence[np.ndarray],
    pushes: Sequence[np.ndarray],
    rewards: Sequence[np.ndarray],
    most: int = MOST,
) -> list[int]:
    """The components that change, in order; of very many those that pushes move or reward goes with most.

    Args:
        episodes: observations, float[T, d].
        pushes: the action as numbers, float[T, m].
        rewards: float[T].
        most: how many at most.
    """
    every = np.concatenate(list(episodes))
    spread = every.std(axis=0)
    changing = np.flatnonzero(np.isfinite(spread) & (spread > 1e-9))
    if len(changing) <= most:
        return [int(i) for i in changing]
    _, first = np.unique(
        np.round((every[:, changing] - every[0, changing]) / spread[changing], 6), axis=1, return_index=True
    )
    changing = changing[np.sort(first)]
    steps = np.concatenate([np.diff(e[:, changing], axis=0) for e in episodes])
    acted = np.concatenate([p[: len(e) - 1] for p, e in zip(pushes, episodes, strict=True)])
    paid = np.concatenate([r[: len(e)] for r, e in zip(rewards, episodes, strict=True)])[:, None]
    after = np.concatenate([e[1:, changing] for e in episodes])
    moved = np.maximum(_correlation(steps, acted), _correlation(after, acted))  # a fast rate follows at once
    pays = _correlation(every[: len(paid), changing], paid)
    order = np.lexsort((changing, -pays, -moved))[: most // 2]
    rest = [i for i in np.lexsort((changing, -moved, -pays)) if i not in set(order.tolist())][
        : most - len(order)
    ]
    return sorted(int(changing[i]) for i in (*order, *rest))


def _correlation(columns: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The largest size of the correlation of each column with any of the others, float[d]."""
    if not len(columns):
        return np.zeros(columns.shape[1])
    one = (columns - columns.mean(axis=0)) / np.maximum(columns.std(axis=0), 1e-12)
    two = (others - others.mean(axis=0)) / np.maximum(others.std(axis=0), 1e-12)
    return np.asarray(np.abs(one.T @ two / len(one)).max(axis=1, initial=0.0))
