"""A control for sequences: one PPO that goes on training through all variants, as Stable-Baselines3 has it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from hlearn.continual.sequence import Sequence
from hlearn.datasets.minari_format import gym_space, observation_space
from hlearn.errors import MissingExtra
from hlearn.records import Split
from hlearn.tasks.registry import describe, open_environment, report_cap
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

if TYPE_CHECKING:
    from hlearn.tasks.environment import Environment


def stable_baselines() -> Any:
    """Stable-Baselines3.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import stable_baselines3 as found
    except ImportError as error:
        raise MissingExtra(
            f"the PPO control needs Stable-Baselines3 ({error}); install it with: pip install stable-baselines3"
        ) from None
    return found


def train_through(
    sequence: Sequence,
    *,
    seed: int,
    episodes: int,
    worlds: Worlds,
    on_stage: Callable[[str], None] | None = None,
) -> tuple[tuple[float, ...], ...]:
    """Trains one network on variant after variant, with the library's defaults, and scores it on all after each.

    Args:
        sequence: the variants; each gets ``sequence.steps`` decisions, also one that comes again.
        seed: of weights and episodes.
        episodes: on fresh (holdout) seeds, per score.
        worlds: reads labels of seeds.
        on_stage: told what is going on.

    Returns:
        Mean scores, after which stage and on which variant.

    Raises:
        MissingExtra: Stable-Baselines3 is not installed.
    """
    library = stable_baselines()
    model: Any = None
    rows = []
    for stage in sequence.stages:
        if on_stage is not None:
            on_stage(f"PPO on {stage.name}")
        with closing(TaskEnvironment(stage.task, seed)) as environment:
            if model is None:
                kind = "CnnPolicy" if len(describe(stage.task).observation.shape) == 3 else "MlpPolicy"
                model = library.PPO(kind, environment, seed=seed, device="cpu")
            else:
                model.set_env(environment)
            model.learn(sequence.steps, reset_num_timesteps=False)
        rows.append(tuple(_mean(model, s.task, episodes, worlds) for s in sequence.stages))
    return tuple(rows)


class TaskEnvironment(gymnasium.Env[np.ndarray, Any]):
    """A task as Gymnasium has environments, for libraries that train on these.

    Args:
        task: what is played.
        seed: episodes follow from it.
    """

    def __init__(self, task: Task, seed: int) -> None:
        self._environment: Environment = open_environment(task)
        self._cap = report_cap(task)
        self._rng = np.random.default_rng([seed, 1])
        self._steps = 0
        description = describe(task)
        self.observation_space = observation_space(description)
        self.action_space = gym_space(description.actions)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begins an episode."""
        super().reset(seed=seed, options=options)
        out = self._blank()
        self._steps = self._environment.reset(int(self._rng.integers(2**31)) if seed is None else seed, out)
        return out, {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Plays one decision."""
        out = self._blank()
        reward, terminated, truncated, taken = self._environment.step(action, out)
        self._steps += taken
        cut = truncated or (self._cap is not None and self._steps >= self._cap)
        return out, float(reward), terminated, cut, {}

    def close(self) -> None:
        """Releases the environment."""
        self._environment.close()

    def _blank(self) -> np.ndarray:
        spec = self._environment.observation
        return np.zeros(spec.shape, spec.dtype)


def _mean(model: Any, task: Task, episodes: int, worlds: Worlds) -> float:
    seeding = worlds.of(worlds.current)
    scores = []
    with closing(TaskEnvironment(task, 0)) as environment:
        for label in split_seeds(Split.HOLDOUT, 0, 0, episodes):
            seen, _ = environment.reset(seed=label if seeding is None else seeding.world(label))
            score, over = 0.0, False
            while not over:
                action, _ = model.predict(seen, deterministic=True)
                seen, reward, terminated, truncated, _ = environment.step(action)
                score, over = score + reward, terminated or truncated
            scores.append(score)
    return float(np.mean(scores))
