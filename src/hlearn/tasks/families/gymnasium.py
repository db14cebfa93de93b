"""What Gymnasium has in its registry: its own environments, and those that a user's module registers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hlearn.errors import HlearnError, MissingExtra, UnknownTask, UnsupportedAccess, UsageError
from hlearn.records import Access, Protocol
from hlearn.tasks.environment import Environment
from hlearn.tasks.family import ScoreScale, Traits
from hlearn.tasks.gymnasium_ids import find_spec
from hlearn.tasks.task import Scalar, Task

if TYPE_CHECKING:
    from gymnasium.envs.registration import EnvSpec

UNLIMITED_STEPS = 100_000  # where reports stop an episode of an environment that has no time limit
_USUAL_PER_S = 30.0


class GymnasiumFamily:
    """Every id of Gymnasium's registry that no other family claims."""

    name = "Gymnasium"
    protocols: tuple[Protocol, ...] = (Protocol.STANDARD,)
    default_steps = 500_000

    def claims(self, env_id: str) -> bool:
        """Everything: what is no id is told with names near it."""
        return True

    def accesses(self, env_id: str, kwargs: Mapping[str, Scalar]) -> tuple[Access, ...]:
        """A vector where the observation can be written as one, else the picture that it is."""
        spec = find_spec(env_id)
        for access in (Access.VECTOR, Access.PIXELS):
            try:
                _open(env_id, spec, kwargs, access, render=False).close()
            except UnsupportedAccess:
                continue
            return (access,)
        raise AssertionError("an environment observes a vector or pixels")

    def open(self, task: Task, *, render: bool) -> Environment:
        """Makes the environment as it is registered, with the task's arguments."""
        return _open(task.env_id, find_spec(task.env_id), dict(task.kwargs), task.access, render=render)

    def traits(self, task: Task) -> Traits:
        """What its registration says."""
        from hlearn.tasks import faults

        try:
            spec = find_spec(task.env_id)
        except (UnknownTask, MissingExtra):
            return Traits()  # a system is read where its environment is not installed
        return Traits(
            report_cap=UNLIMITED_STEPS if spec.max_episode_steps is None else None,
            is_own=not faults.ships(spec),
            decisions_per_second=_render_rate(spec),
        )

    def score_scale(self, env_id: str) -> ScoreScale | None:
        """None was published."""
        return None


class ModuleFamily(GymnasiumFamily):
    """Environments of a user's own: "module:Id" imports the module, which registers the id."""

    name = "a module of yours"

    def claims(self, env_id: str) -> bool:
        """Ids that name a module."""
        return ":" in env_id


def _render_rate(spec: EnvSpec) -> float:
    import gymnasium

    try:
        entry = spec.entry_point
        made = gymnasium.envs.registration.load_env_creator(entry) if isinstance(entry, str) else entry
        rate = float(getattr(made, "metadata", {}).get("render_fps", _USUAL_PER_S))
    except (ImportError, AttributeError, TypeError, ValueError):
        return _USUAL_PER_S
    return rate if rate > 0 else _USUAL_PER_S


def _open(
    env_id: str, spec: EnvSpec, kwargs: Mapping[str, Scalar], access: Access, *, render: bool
) -> Environment:
    import gymnasium

    from hlearn.tasks import faults
    from hlearn.tasks.gymnasium_env import GymnasiumEnvironment

    try:
        return GymnasiumEnvironment(spec, dict(kwargs), access=access, render=render)
    except gymnasium.error.DependencyNotInstalled as error:
        raise MissingExtra(f"{env_id} needs a package that is not installed: {error}") from error
    except ImportError as error:
        how = ""
        if "pip install" not in str(error):
            how = f"; pip install {error.name}" if isinstance(error, ModuleNotFoundError) else ""
        raise MissingExtra(f"{env_id} cannot be loaded: {error}{how}") from error
    except HlearnError:
        raise
    except (Exception, SystemExit) as error:
        if kwargs and isinstance(
            error, (gymnasium.error.Error, TypeError, ValueError, AssertionError, KeyError)
        ):
            said = ", ".join(f"{key}={value!r}" for key, value in kwargs.items())
            raise UsageError(f"{env_id} does not take the arguments {said}: {error}") from error
        who = f"{'environment' if faults.ships(spec) else 'your environment'} {env_id}"
        raise faults.raised(who, "its constructor", error) from error
