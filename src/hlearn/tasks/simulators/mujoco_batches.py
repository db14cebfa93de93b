"""Whole batches through ``mujoco.rollout``, for MuJoCo environments whose reward is a formula over states.

Stepping a clone in Python costs about as much again as the physics. Where the class of an environment is known, what
it would say of a trajectory is computed from that: the same numbers, in numpy, for all sequences at once. A formula
is only used after it gave what the environment itself gives, on the spot (:func:`batches_for`): bit for bit, but for
Ant. Ant reads its speed from positions that are a stage of the integration old, and pays for contact forces, which
``mujoco.rollout`` does not return: there the rewards of a sequence add up to at most 0.05 a step more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

EXACT = 1e-9
CONTACTS = 0.05  # what costs of contacts that are left out may come to, per step of a sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectories:
    """States of B sequences of H decisions.

    Attributes:
        before: qpos float64[B, nq] at the start.
        ends: qpos and qvel after each decision, float64[B, H, nq + nv].
        place: of the body that the reward follows, as derived at the start, float64[3]; zeros where none is named.
        actions: float32[B, H, nu].
    """

    before: np.ndarray
    ends: np.ndarray
    place: np.ndarray
    actions: np.ndarray


Formula = Callable[
    [Any, Trajectories], tuple[np.ndarray, np.ndarray]
]  # rewards and ends of episodes, both [B, H]


def _control_cost(env: Any, seen: Trajectories) -> np.ndarray:
    cost: np.ndarray = env._ctrl_cost_weight * np.sum(np.square(seen.actions), axis=2)
    return cost


def _forward(env: Any, seen: Trajectories) -> np.ndarray:
    """Speed along x, by qpos."""
    x = np.concatenate([seen.before[:, None, 0], seen.ends[:, :, 0]], axis=1)
    speed: np.ndarray = (x[:, 1:] - x[:, :-1]) / env.dt
    return speed


def _runner(env: Any, seen: Trajectories) -> tuple[np.ndarray, np.ndarray]:
    rewards = env._forward_reward_weight * _forward(env, seen) - _control_cost(env, seen)
    return rewards, np.zeros(rewards.shape, bool)


def _hopper(env: Any, seen: Trajectories) -> tuple[np.ndarray, np.ndarray]:
    z, angle, state = seen.ends[..., 1], seen.ends[..., 2], seen.ends[..., 2:]
    low, high = env._healthy_state_range
    healthy = np.logical_and(low < state, state < high).all(axis=2)
    healthy &= (env._healthy_z_range[0] < z) & (z < env._healthy_z_range[1])
    healthy &= (env._healthy_angle_range[0] < angle) & (angle < env._healthy_angle_range[1])
    return _upright(env, seen, healthy, env._forward_reward_weight * _forward(env, seen))


def _walker(env: Any, seen: Trajectories) -> tuple[np.ndarray, np.ndarray]:
    z, angle = seen.ends[..., 1], seen.ends[..., 2]
    healthy = (env._healthy_z_range[0] < z) & (z < env._healthy_z_range[1])
    healthy &= (env._healthy_angle_range[0] < angle) & (angle < env._healthy_angle_range[1])
    return _upright(env, seen, healthy, env._forward_reward_weight * _forward(env, seen))


def _ant(env: Any, seen: Trajectories) -> tuple[np.ndarray, np.ndarray]:
    low, high = env._healthy_z_range
    z = seen.ends[..., 2]
    healthy = np.isfinite(seen.ends).all(axis=2) & (low <= z) & (z <= high)
    start = np.broadcast_to(seen.place[0], (len(z), 1))
    x = np.concatenate([start, seen.ends[..., 0]], axis=1)
    return _upright(env, seen, healthy, (x[:, 1:] - x[:, :-1]) / env.dt * env._forward_reward_weight)


def _upright(
    env: Any, seen: Trajectories, healthy: np.ndarray, forward: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    rewards = forward + healthy * env._healthy_reward - _control_cost(env, seen)
    return rewards, ~healthy & bool(env._terminate_when_unhealthy)


_SEEN: dict[str, tuple[int, float]] = {  # positions that are not observed, and the largest speed that is
    "HalfCheetahEnv": (1, np.inf),
    "SwimmerEnv": (2, np.inf),
    "HopperEnv": (1, 10.0),
    "Walker2dEnv": (1, 10.0),
    "AntEnv": (2, np.inf),
}
_FORMULAS: dict[str, tuple[Formula, float]] = {
    "HalfCheetahEnv": (_runner, EXACT),
    "SwimmerEnv": (_runner, EXACT),
    "HopperEnv": (_hopper, EXACT),
    "Walker2dEnv": (_walker, EXACT),
    "AntEnv": (_ant, CONTACTS),
}


class Batches:
    """Rolls batches out in C.

    Args:
        env: the environment without its wrappers.
        formula: what it says of trajectories.

    Attributes:
        sees: whether it knows observations exactly.
    """

    def __init__(self, env: Any, formula: Formula) -> None:
        import mujoco
        from mujoco import rollout

        self._env, self._formula, self._mujoco, self._rollout = env, formula, mujoco, rollout
        self._kind = mujoco.mjtState.mjSTATE_FULLPHYSICS
        self._size = mujoco.mj_stateSize(env.model, self._kind)
        self._scratch = mujoco.MjData(env.model)
        body = getattr(env, "_main_body", None)
        self.sees = False
        self._body = None if body is None else env.data.body(body).id

    def cost(self, substeps: int) -> float:
        """What a decision costs at so many substeps, as a part of the environment's own: evaluations of the physics."""
        usual = int(self._env.frame_skip)
        if not 0 < substeps < usual:
            return 1.0
        runge = self._env.model.opt.integrator == self._mujoco.mjtIntegrator.mjINT_RK4
        return substeps / (usual * 4 if runge else usual)

    def observed(self, ends: np.ndarray) -> np.ndarray:
        """What is observed of positions and speeds, [B, ...] of [B, nq + nv]; contact forces and the like are 0."""
        hidden, most = _SEEN[type(self._env).__name__]
        if not self._env._exclude_current_positions_from_observation:
            hidden = 0
        places = self._env.model.nq
        shown = np.concatenate([ends[:, hidden:places], np.clip(ends[:, places:], -most, most)], axis=1)
        more = self._env.observation_space.shape[0] - shown.shape[1]
        return np.pad(shown, ((0, 0), (0, more)))

    def look(self, ends: np.ndarray, seen: np.ndarray) -> None:
        """Finds out whether positions and speeds are all that is observed.

        Args:
            ends: positions and speeds, [B, nq + nv].
            seen: what the environment itself observes there, [B, ...].
        """
        hidden = seen.shape[1] != self._env.model.nq + self._env.model.nv - _SEEN[type(self._env).__name__][0]
        self.sees = not hidden and np.array_equal(self.observed(ends), seen)

    def play(
        self, data: Any, plans: np.ndarray, substeps: int = 0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Plays plans from the state in ``data``.

        Args:
            data: MuJoCo's data of the state.
            plans: float32[B, H, nu].
            substeps: of the physics for an action where that is fewer than the environment's own: implicit steps of
                the same time in all, which stay stable when they are long; 0: the environment's own.

        Returns:
            Rewards and where the environment would end the episode, [B, H] each; positions and speeds after each
            decision, [B, H, nq + nv].
        """
        model, skip = self._env.model, self._env.frame_skip
        count, horizon = plans.shape[:2]
        start = np.empty(self._size)
        self._mujoco.mj_getState(model, data, start, self._kind)
        usual = model.opt.timestep, model.opt.integrator
        if 0 < substeps < skip:
            model.opt.timestep *= skip / substeps
            model.opt.integrator = self._mujoco.mjtIntegrator.mjINT_IMPLICITFAST
            skip = substeps
        try:
            states, _ = self._rollout.rollout(
                model,
                self._scratch,
                np.repeat(start[None], count, axis=0),
                np.repeat(plans.astype(np.float64), skip, axis=1),
                initial_warmstart=np.repeat(data.qacc_warmstart[None], count, axis=0),
            )
        finally:
            model.opt.timestep, model.opt.integrator = usual
        states = states.reshape(count, horizon, skip, -1)[..., 1 : 1 + model.nq + model.nv]
        qpos = np.repeat(data.qpos[None], count, axis=0)
        place = np.zeros(3) if self._body is None else np.array(data.xpos[self._body])
        seen = Trajectories(before=qpos, ends=states[:, :, -1], place=place, actions=plans)
        rewards, over = self._formula(self._env, seen)
        return rewards, over, seen.ends


def batches_for(
    env: Any, data: Any, exact: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
) -> Batches | None:
    """Batches for an environment, after they gave what its own steps give; None where none fit.

    Args:
        env: the environment without its wrappers.
        data: MuJoCo's data of a state.
        exact: rewards of plans by the environment's own steps from that state, [B, H] from [B, H, nu], and what is
            observed after the last of each, [B, ...].
    """
    if type(env).__module__.partition(".")[0] != "gymnasium":
        return None
    known = _FORMULAS.get(type(env).__name__)
    if known is None:
        return None
    formula, tolerance = known
    space = env.action_space
    plans = np.random.default_rng(0).uniform(space.low, space.high, size=(3, 6, *space.shape))
    plans = plans.astype(space.dtype)
    try:
        batches = Batches(env, formula)
        rewards, over, ends = batches.play(data, plans)
    except (AttributeError, KeyError):  # another version of the class
        return None
    expected, seen = exact(plans)
    ended = np.cumsum(over, axis=1) - over > 0  # after the end of an episode
    gap = np.abs(np.cumsum(np.where(ended, 0.0, rewards) - expected, axis=1))
    if not over.any():
        batches.look(ends[:, -1], seen)
    return batches if (gap <= tolerance * np.arange(1, gap.shape[1] + 1)).all() else None
