"""What Gymnasium has in its registry: its own environments, and those that a user's module registers."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from hlearn.errors import HlearnError, MissingExtra, UnknownTask, UnsupportedAccess, UsageError
from hlearn.records import Access, Protocol
from hlearn.tasks.environment import Environment
from hlearn.tasks.family import ScoreScale, Traits
from hlearn.tasks.gymnasium_ids import find_spec
from hlearn.tasks.task import Scalar, Task

if TYPE_CHECKING:
    from gymnasium.envs.registration import EnvSpec

UNLIMITED_STEPS = 10_000  # where reports stop an episode of an environment that has no time limit
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
        find_spec(env_id)
        return (Access.VECTOR, Access.PIXELS)

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

    from hlearn.tasks import faults

    try:
        entry = spec.entry_point
        made = gymnasium.envs.registration.load_env_creator(entry) if isinstance(entry, str) else entry
        given = getattr(made, "metadata", {}).get("render_fps")
        if given is None and faults.ships(spec):
            given = _rate_when_made(spec.id)
        rate = float(_USUAL_PER_S if given is None else given)
    except (ImportError, AttributeError, TypeError, ValueError):
        return _USUAL_PER_S
    return rate if rate > 0 else _USUAL_PER_S


@cache
def _rate_when_made(env_id: str) -> float | None:
    """What an environment says once it is made: MuJoCo's know their step only then."""
    import gymnasium

    try:
        made = gymnasium.make(env_id, disable_env_checker=True)
    except gymnasium.error.Error:
        return None
    try:
        rate = made.unwrapped.metadata.get("render_fps")
        return None if rate is None else float(rate)
    finally:
        made.close()


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
        if kwargs and _opens_without(spec, access):
            raise UsageError(_turned_down(env_id, spec, kwargs, error)) from error
        who = f"{'environment' if faults.ships(spec) else 'your environment'} {env_id}"
        raise faults.raised(who, "its constructor", error) from error


def _opens_without(spec: EnvSpec, access: Access) -> bool:
    """Whether the environment can be made without arguments, so that these are to blame where it cannot with them."""
    from hlearn.tasks.gymnasium_env import GymnasiumEnvironment

    try:
        GymnasiumEnvironment(spec, {}, access=access, render=False).close()
    except UnsupportedAccess:
        return True
    except (Exception, SystemExit):  # noqa: BLE001 - whatever it raises, it is not the arguments
        return False
    return True


def _turned_down(env_id: str, spec: EnvSpec, kwargs: Mapping[str, Scalar], error: BaseException) -> str:
    """What is wrong with the arguments: a name that the constructor does not know, or what it said of a value."""
    from hlearn.tasks import faults

    said = ", ".join(f"{key}={value!r}" for key, value in kwargs.items())
    unknown = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    if unknown is not None and unknown[1] in kwargs:
        known = _parameters(spec)
        near = difflib.get_close_matches(unknown[1], known, n=1)
        return (
            f"{env_id} does not take the arguments {said}: it knows no {unknown[1]}"
            + (f", did you mean {near[0]}?" if near else ".")
            + (f" It takes {', '.join(known)}" if known else "")
        )
    told = str(faults.raised(env_id, "its constructor", error)).removeprefix(
        f"{env_id} raised in its constructor: "
    )
    return f"{env_id} does not take the arguments {said} (--env): {told}; without arguments it can be made"


def _parameters(spec: EnvSpec) -> list[str]:
    """Names of the keyword arguments that an environment's constructor takes; empty where that cannot be seen."""
    import gymnasium

    try:
        entry = spec.entry_point
        made = gymnasium.envs.registration.load_env_creator(entry) if isinstance(entry, str) else entry
        parameters = inspect.signature(made).parameters.values()  # type: ignore[arg-type]
    except (ImportError, AttributeError, TypeError, ValueError):
        return []
    named = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in named and p.name not in ("self", "render_mode")]
