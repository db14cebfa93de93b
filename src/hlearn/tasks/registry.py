"""From a name to a task, and from a task to an environment: the one place that turns strings into objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hlearn.errors import UnsupportedAccess, UnsupportedProtocol, UsageError
from hlearn.records import Access, Protocol
from hlearn.tasks.environment import Environment
from hlearn.tasks.families import families, family_of
from hlearn.tasks.family import Traits
from hlearn.tasks.task import Scalar, Task

E = TypeVar("E", Access, Protocol)


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
    family = family_of(env_id)
    wanted = None if access is None else _choice(Access, access, UnsupportedAccess)
    how = family.protocols[0] if protocol is None else _choice(Protocol, protocol, UnsupportedProtocol)
    task = Task(
        env_id=env_id,
        access=wanted or family.accesses(env_id, kwargs)[0],
        protocol=how,
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
    family = family_of(task.env_id)
    if task.protocol not in family.protocols:
        whose = [f.name for f in families() if task.protocol in f.protocols]
        raise UnsupportedProtocol(
            f"{task.env_id} has no protocol {task.protocol} (that is one of {_either(whose)}); "
            f"choose {_either(family.protocols)}"
        )
    return family.open(task, render=render)


def traits(task: Task) -> Traits:
    """What is known of a task's episodes without playing one."""
    return family_of(task.env_id).traits(task)


def seed_matters(task: Task) -> bool:
    """Returns False where every seed gives the same episode for the same actions: Atari without sticky actions."""
    return traits(task).seed_matters


def report_cap(task: Task) -> int | None:
    """Returns the environment steps at which reports stop an episode: None where the environment has a time limit."""
    return traits(task).report_cap


def is_own(task: Task) -> bool:
    """Returns True for a user's environment, False for one whose code comes with Gymnasium or ALE."""
    return traits(task).is_own


def _choice(kind: type[E], value: str, error: type[UsageError]) -> E:
    try:
        return kind(value)
    except ValueError:
        raise error(f"no {kind.__name__.lower()} {value}; choose {_either(tuple(kind))}") from None


def _either(values: Sequence[str]) -> str:
    return " or ".join(str(value) for value in values)
