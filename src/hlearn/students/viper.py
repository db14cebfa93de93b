"""A tree from a policy of elsewhere (VIPER; Bastani et al., 2018): the tree plays, the policy says what it would do.

What hangs much on the choice is learnt from more often: samples are drawn by the policy's own best less worst value.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from hlearn.errors import UsageError
from hlearn.program import Program
from hlearn.records import Split
from hlearn.students.experts import Expert
from hlearn.students.trees import Tree, decide, fit_tree, written
from hlearn.tasks.environment import Discrete, Environment
from hlearn.tasks.registry import open_environment, report_cap
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

_FIRST = 740_000  # position of the first seed in the development split
_LONGEST = 20_000  # decisions of an episode that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedTree:
    """What came of it.

    Attributes:
        program: of the best tree.
        samples: decisions that the policy was asked about.
        expert_score: mean of the policy's own episodes.
        rounds: mean score of each tree's episodes.
    """

    program: Program
    samples: int
    expert_score: float
    rounds: tuple[float, ...]


def fit_viper(
    task: Task,
    expert: Expert,
    *,
    depth: int,
    episodes: int,
    rounds: int,
    run_seed: int = 0,
    worlds: Worlds | None = None,
) -> FittedTree:
    """Fits trees to what a policy does, each on all that was met so far, and keeps the one that plays best.

    Args:
        task: what is played, in this process.
        expert: whom they imitate.
        depth: questions on the way to a leaf at most.
        episodes: of the expert, and of the tree in each round.
        rounds: trees.
        run_seed: decides the development seeds.
        worlds: reads labels of seeds.

    Raises:
        UsageError: actions are vectors, observations are screens, or the expert says what is no action.
    """
    worlds = worlds or Worlds()
    with closing(open_environment(task)) as environment:
        acts, spec = environment.actions, environment.observation
        if not isinstance(acts, Discrete) or len(spec.shape) != 1:
            raise UsageError(
                "a tree asks components of a vector and gives one of several actions; this task has other ones"
            )
        place = _FIRST

        def play(act: Callable[[np.ndarray], int]) -> tuple[np.ndarray, float]:
            nonlocal place
            labels = split_seeds(Split.DEV, run_seed, place, episodes)
            place += episodes
            played = [_episode(environment, act, _world(worlds, s), report_cap(task)) for s in labels]
            return np.concatenate([p[0] for p in played]), float(np.mean([p[1] for p in played]))

        def label(seen: np.ndarray) -> np.ndarray:
            done = expert.actions(seen)
            if done.shape != (len(seen),) or done.min() < 0 or done.max() >= acts.n:
                raise UsageError(
                    f"{expert.name} does not fit {task.env_id}, which takes one of {acts.n} actions: "
                    f"for {len(seen)} observations it gave {done.shape} with {done.min()} to {done.max()}"
                )
            return done

        seen, reached = play(lambda one: int(label(one[None])[0]))
        rng = np.random.default_rng(run_seed)
        trees: list[Tree] = []
        scores: list[float] = []
        for _ in range(max(1, rounds)):
            done = label(seen)
            chosen = _drawn(expert, seen, rng)
            tree = fit_tree(seen[chosen], done[chosen], depth=depth)
            new, score = play(lambda one, of=tree: decide(of, one))  # type: ignore[misc]
            trees.append(tree)
            scores.append(score)
            seen = np.concatenate([seen, new])
    best = trees[int(np.argmax(scores))]
    return FittedTree(
        program=written(best, spec, expert.name),
        samples=len(seen),
        expert_score=reached,
        rounds=tuple(scores),
    )


def _drawn(expert: Expert, seen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Places of the samples to learn from, as many as there are."""
    if expert.weights is None:
        return np.arange(len(seen))
    weights = np.nan_to_num(np.maximum(expert.weights(seen), 0.0), posinf=0.0)
    if weights.sum() <= 0:
        return np.arange(len(seen))
    return rng.choice(len(seen), len(seen), p=weights / weights.sum())


def _world(worlds: Worlds, label: int) -> int:
    seeding = worlds.of(worlds.current)
    return label if seeding is None else seeding.world(label)


def _episode(
    environment: Environment, act: Callable[[np.ndarray], int], seed: int, cap: int | None
) -> tuple[np.ndarray, float]:
    spec = environment.observation
    out = np.zeros(spec.shape, spec.dtype)
    steps = environment.reset(seed, out)
    seen: list[np.ndarray] = []
    score, over = 0.0, False
    while not over and len(seen) < _LONGEST and (cap is None or steps < cap):
        seen.append(out.astype(np.float64))
        reward, terminated, truncated, taken = environment.step(act(seen[-1]), out)
        score, steps, over = score + reward, steps + taken, terminated or truncated
    return np.stack(seen), score
