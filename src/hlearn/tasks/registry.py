"""From a name to a task, and from a task to an environment: the one place that turns strings into objects.

Environment libraries load on first use, so that a command that opens no environment pays for none.
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from hlearn.errors import (
    HlearnError,
    MissingExtra,
    UnknownTask,
    UnsupportedAccess,
    UnsupportedProtocol,
    UsageError,
)
from hlearn.records import Access, Protocol
from hlearn.tasks.environment import Environment
from hlearn.tasks.task import Scalar, Task

if TYPE_CHECKING:
    from gymnasium.envs.registration import EnvSpec

E = TypeVar("E", Access, Protocol)

ATARI_ACCESS = (Access.RAM, Access.PIXELS)
UNLIMITED_STEPS = 100_000  # where reports stop an episode of an environment that has no time limit
ATARI_PROTOCOLS = (Protocol.ARTICLE, Protocol.STICKY, Protocol.V5)


def resolve_task(
    env_id: str,
    *,
    access: Access | str | None = None,
    protocol: Protocol | str | None = None,
    target: float | None = None,
    **kwargs: Scalar,
) -> Task:
    """Returns the task that a name stands for, checked as far as opening it once can tell.

    Args:
        env_id: a Gymnasium id ("ALE/Breakout-v5", "CartPole-v1"), or "module:Id" to import the module first.
        access: what the program observes; by default ram for Atari, else what the environment gives.
        protocol: how an episode is run; by default sticky for Atari, else standard.
        target: score at which the task counts as solved.
        **kwargs: keyword arguments for the environment.

    Raises:
        UnknownTask: no such environment.
        MissingExtra: it needs a package that is not installed.
        UnsupportedAccess: it lacks this access.
        UnsupportedProtocol: it lacks this protocol.
        EnvironmentFault: its module or its constructor raises.
        UsageError: it does not take these arguments, or its spaces have no translation.
    """
    spec = _find(env_id)
    atari = _is_atari(spec)
    wanted_access = None if access is None else _choice(Access, access, UnsupportedAccess)
    wanted_protocol = None if protocol is None else _choice(Protocol, protocol, UnsupportedProtocol)
    if wanted_access is None:
        wanted_access = Access.RAM if atari else _given_access(env_id, spec, kwargs)
    if wanted_protocol is None:
        wanted_protocol = Protocol.STICKY if atari else Protocol.STANDARD
    task = Task(
        env_id=env_id,
        access=wanted_access,
        protocol=wanted_protocol,
        kwargs=tuple(sorted(kwargs.items())),
        target=target,
    )
    open_environment(task).close()
    return task


def open_environment(task: Task, *, render: bool = False) -> Environment:
    """Opens the environment of a task.

    Args:
        task: the task.
        render: also make :meth:`Environment.render` work (Atari always can).

    Raises:
        UnknownTask: no such environment.
        MissingExtra: it needs a package that is not installed.
        UnsupportedAccess: it lacks the task's access.
        UnsupportedProtocol: it lacks the task's protocol.
        EnvironmentFault: its module or its constructor raises.
        UsageError: it does not take the task's arguments, or its spaces have no translation.
    """
    spec = _find(task.env_id)
    atari = _is_atari(spec)
    protocols = ATARI_PROTOCOLS if atari else (Protocol.STANDARD,)
    if task.protocol not in protocols:
        raise UnsupportedProtocol(
            f"{task.env_id} has no protocol {task.protocol}; choose {_either(protocols)}"
            + ("" if atari else " (the others are Atari's)")
        )
    kwargs = dict(task.kwargs)
    if not atari:
        return _open_gymnasium(task.env_id, spec, kwargs, task.access, render)
    if task.access not in ATARI_ACCESS:
        raise UnsupportedAccess(f"{task.env_id} has no access {task.access}; choose {_either(ATARI_ACCESS)}")
    from hlearn.tasks import atari as ale

    unknown = sorted(set(kwargs) - set(ale.OPTIONS))
    if unknown:
        raise UsageError(
            f"{task.env_id} takes no argument {', '.join(unknown)}; it takes {', '.join(ale.OPTIONS)} "
            "(frame skip and sticky actions belong to the protocol)"
        )
    return ale.AtariEnvironment(spec.kwargs["game"], access=task.access, protocol=task.protocol, **kwargs)


def seed_matters(task: Task) -> bool:
    """Returns False where every seed gives the same episode for the same actions: Atari without sticky actions.

    True for everything else, unknown environments included.
    """
    return task.protocol is not Protocol.ARTICLE


def report_cap(task: Task) -> int | None:
    """Returns the environment steps at which reports stop an episode: None where the environment has a time limit."""
    spec = _find(task.env_id)
    return None if _is_atari(spec) or spec.max_episode_steps is not None else UNLIMITED_STEPS


def is_own(task: Task) -> bool:
    """Returns True for a user's environment, False for one whose code comes with Gymnasium or ALE."""
    from hlearn.tasks import faults

    spec = _find(task.env_id)
    return not _is_atari(spec) and not faults.ships(spec)


def _find(env_id: str) -> EnvSpec:
    import ale_py  # noqa: F401  (registers the ALE ids)
    import gymnasium

    module, _, name = env_id.rpartition(":")
    if module:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                raise MissingExtra(
                    f"{env_id}: module {module} needs {error.name}, which is not installed; pip install {error.name}"
                ) from error
            raise UnknownTask(
                f"{env_id}: there is no module {module}; install it, or put its folder on PYTHONPATH"
            ) from error
        except (Exception, SystemExit) as error:
            from hlearn.tasks import faults

            raise faults.raised(f"{env_id}: module {module}", "its import", error) from error
    spec = gymnasium.registry.get(name)
    if spec is None:
        raise UnknownTask(_no_such(env_id, name, list(gymnasium.registry.values())))
    if _is_old_atari(spec):
        game = re.sub(r"(-ram)?(NoFrameskip|Deterministic)?-v\d+$", "", name)
        raise UnknownTask(
            f"{env_id} is an old id of an Atari game; use ALE/{game}-v5 and choose the protocol "
            f"({_either(ATARI_PROTOCOLS)})"
        )
    return spec


def _no_such(env_id: str, name: str, specs: list[EnvSpec]) -> str:
    # By the part that people remember, "breakout" of "ALE/Breakout-v5", the newest version of each.
    newest: dict[str, EnvSpec] = {}
    for spec in specs:
        known = newest.get(spec.name.lower())
        if not _is_old_atari(spec) and (known is None or (spec.version or 0) > (known.version or 0)):
            newest[spec.name.lower()] = spec
    wanted = re.sub(r"-v\d*$|[ _]", "", name.rpartition("/")[2]).lower()
    near = difflib.get_close_matches(wanted, sorted(newest), n=3, cutoff=0.7)
    if near:
        return f"no task {env_id}; did you mean {_either([newest[like].id for like in near])}?"
    return (
        f"no task {env_id}; expected a Gymnasium id such as ALE/Breakout-v5 or CartPole-v1, "
        "or module:Id for an environment that a module of yours registers"
    )


def _is_old_atari(spec: EnvSpec) -> bool:
    return not _is_atari(spec) and str(spec.entry_point).startswith("ale_py")


def _is_atari(spec: EnvSpec) -> bool:
    return spec.namespace == "ALE"


def _choice(kind: type[E], value: str, error: type[UsageError]) -> E:
    try:
        return kind(value)
    except ValueError:
        raise error(f"no {kind.__name__.lower()} {value}; choose {_either(tuple(kind))}") from None


def _either(values: Sequence[str]) -> str:
    return " or ".join(str(value) for value in values)


def _given_access(env_id: str, spec: EnvSpec, kwargs: dict[str, Scalar]) -> Access:
    for access in (Access.VECTOR, Access.PIXELS):
        try:
            _open_gymnasium(env_id, spec, kwargs, access, False).close()
        except UnsupportedAccess:
            continue
        return access
    raise AssertionError("an environment observes a vector or pixels")


def _open_gymnasium(
    env_id: str, spec: EnvSpec, kwargs: dict[str, Scalar], access: Access, render: bool
) -> Environment:
    import gymnasium

    from hlearn.tasks import faults
    from hlearn.tasks.gymnasium_env import GymnasiumEnvironment

    try:
        return GymnasiumEnvironment(spec, kwargs, access=access, render=render)
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
