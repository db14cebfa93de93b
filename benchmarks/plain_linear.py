"""The plain baseline of ``foreign.py``: random linear policies on the normalised flat observation, then hill climbing.

A quarter of the steps goes to random weights, one episode each; the rest to changes of the best, by a size that grows
with each success and falls with each failure. Whoever equals the best in one episode plays three more. Half of all
weights are 0. Discrete actions: the largest of the sums; boxes: the middle plus the sum in half widths, clipped.
"""

from __future__ import annotations

import numpy as np

from hlearn.records import Program
from hlearn.tasks import open_environment
from hlearn.tasks.environment import Discrete
from hlearn.tasks.task import Task

MOST_STEPS = 0.05  # of the budget, for one episode

SOURCE = '''"""Random linear policies, then hill climbing."""

import numpy as np

WEIGHTS = np.array({weights}).reshape({shape})
MEAN, SCALE = np.array({mean}), np.array({scale})
LOW, HIGH = np.array({low}), np.array({high})


class Linear:
    def reset(self, seed):
        pass

    def act(self, obs):
        seen = np.clip((np.ravel(obs) - MEAN) / SCALE, -10.0, 10.0)
        sums = WEIGHTS @ np.append(seen, 1.0)
        if len(LOW) == 0:
            return int(np.argmax(sums))
        return list(np.clip(0.5 * (LOW + HIGH) + 0.5 * (HIGH - LOW) * sums, LOW, HIGH))
'''


def climb(task: Task, steps: int, seed: int) -> tuple[Program, int]:
    """The best policy found within so many environment steps (a last episode may go beyond), and how many it took."""
    environment = open_environment(task)
    actions, size = environment.actions, int(np.prod(environment.observation.shape))
    seen = np.zeros(environment.observation.shape, dtype=environment.observation.dtype)
    low, high = (
        (np.zeros(0), np.zeros(0)) if isinstance(actions, Discrete) else np.array(actions.finite_bounds).T
    )
    rows = actions.n if isinstance(actions, Discrete) else len(low)
    rng, used, cap = np.random.default_rng(seed), 0, max(200, int(MOST_STEPS * steps))
    count, total, squares = 0, np.zeros(size), np.zeros(size)
    mean, scale = np.zeros(size), np.ones(size)

    def play(weights: np.ndarray) -> float:
        nonlocal used, count, total, squares
        environment.reset(int(rng.integers(2**31)), seen)
        score, length, over = 0.0, 0, False
        while not over and length < cap:
            flat = np.ravel(seen).astype(float)
            count, total, squares = count + 1, total + flat, squares + flat**2
            sums = weights @ np.append(np.clip((flat - mean) / scale, -10.0, 10.0), 1.0)
            action = (
                int(np.argmax(sums))
                if isinstance(actions, Discrete)
                else np.clip(0.5 * (low + high) + 0.5 * (high - low) * sums, low, high)
            )
            reward, ended, cut, cost = environment.step(action, seen)
            score, over, length, used = score + reward, ended or cut, length + 1, used + cost
        return score

    def draw() -> np.ndarray:
        drawn = rng.standard_normal((rows, size + 1)) / np.sqrt(1 + size)
        return np.asarray(drawn * (rng.random(drawn.shape) < 0.5))

    best, scores, sigma = draw(), [-np.inf], 1.0
    while used < steps:
        first = used < 0.25 * steps
        if used < 0.05 * steps:  # what is normal is learnt from the first few episodes
            best, scores = draw(), [-np.inf]
            play(best)
            mean = total / count
            scale = np.sqrt(np.maximum(squares / count - mean**2, 1e-8))
            continue
        other = draw() if first else best + sigma * draw()
        tried = [play(other)]
        if tried[0] >= np.mean(scores):
            tried += [play(other) for _ in range(3)]
        better = float(np.mean(tried)) >= float(np.mean(scores))
        sigma = sigma if first else float(np.clip(sigma * (1.5 if better else 0.95), 0.03, 3.0))
        if better:
            best, scores = other, tried
    environment.close()
    values = {
        "weights": best.ravel().tolist(),
        "shape": best.shape,
        "mean": mean.tolist(),
        "scale": scale.tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
    }
    return Program(source=SOURCE.format(**values)), used
