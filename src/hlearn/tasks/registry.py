"""From a name to a task, and from a task to an environment: the one place that turns strings into objects."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TypeVar

from hlearn.errors import UnsupportedAccess, UnsupportedProtocol, UsageError
from hlearn.records import Access, Model, Protocol
from hlearn.tasks.apart import Keeper, RemoteEnvironment
from hlearn.tasks.environment import Description, Environment
from hlearn.tasks.families import families, family_of
from hlearn.tasks.family import Traits
from hlearn.tasks.simulators import simulator_of
from hlearn.tasks.task import Scalar, Task
from hlearn.tasks.variants import VariedEnvironment, read_variant

E = TypeVar("E", Access, Protocol, Model)
_OURS = "hlearn."  # modules of ours, toys for one
_known: dict[str, Traits] = {}  # of environments that live in other processes, by their ids
_resolved: dict[str, Description] = {}  # of tasks that were resolved and not described since, by their keys


def resolve_task(
    env_id: str,
    *,
    access: Access | str | None = None,
    protocol: Protocol | str | None = None,
    target: float | None = None,
    model: Model | str | None = None,
    variant: str | None = None,
    **kwargs: Scalar,
) -> Task:
    """Returns the task that a name stands for, checked as far as opening it once can tell.

    Args:
        env_id: a Gymnasium id ("ALE/Breakout-v5", "CartPole-v1"), or "module:Id" to import the module first.
        access: what the program observes; by default ram for Atari, else what the environment gives.
        protocol: how an episode is run; by default sticky for Atari, else standard.
        target: score at which the task counts as solved.
        model: whether the program may simulate; none by default.
        variant: how the environment differs from the registered one (:func:`hlearn.tasks.variants.read_variant`).
        **kwargs: keyword arguments for the environment.

    Raises:
        UnknownTask: no such environment.
        MissingExtra: it needs a package that is not installed.
        UnsupportedAccess: it lacks this access.
        UnsupportedProtocol: it lacks this protocol.
        EnvironmentFault: its module or its constructor raises.
        UsageError: it does not take these arguments, its spaces have no translation, or it is to be simulated and
            cannot be cloned.
    """
    if not _is_foreign(env_id):
        task, _resolved[task.key] = resolve_here(env_id, access, protocol, target, kwargs, model, variant)
        return task
    keeper = Keeper(env_id)
    try:
        task, found, description = keeper.ask(
            "its import", "resolve", env_id, access, protocol, target, kwargs, model, variant
        )
    finally:
        keeper.close()
    assert isinstance(task, Task)
    _known[env_id], _resolved[task.key] = found, description
    return task


def resolve_here(
    env_id: str,
    access: Access | str | None,
    protocol: Protocol | str | None,
    target: float | None,
    kwargs: Mapping[str, Scalar],
    model: Model | str | None = None,
    variant: str | None = None,
) -> tuple[Task, Description]:
    """The same in this very process, whoever wrote the environment, with what opening it showed."""
    family = family_of(env_id)
    named = None if access is None else _choice(Access, access, UnsupportedAccess)
    how = family.protocols[0] if protocol is None else _choice(Protocol, protocol, UnsupportedProtocol)
    known = Model.NONE if model is None else _choice(Model, model, UsageError)
    tried = family.accesses(env_id, kwargs) if named is None else (named,)
    for each in tried:
        task = Task(
            env_id=env_id,
            access=each,
            protocol=how,
            kwargs=tuple(sorted(kwargs.items())),
            target=target,
            model=known,
            variant="" if variant is None else str(read_variant(variant)),
        )
        try:
            return task, _described(open_environment(task), simulated=known is Model.SIMULATOR)
        except UnsupportedAccess:
            if each is tried[-1]:
                raise
    raise AssertionError(f"the family of {env_id} names no access")


def describe(task: Task) -> Description:
    """What a task shows and takes.

    Where it was resolved just now that is known. Else its environment is opened once, apart where it is somebody's own.

    Raises:
        HlearnError: as :func:`open_apart`.
    """
    known = _resolved.pop(
        task.key, None
    )  # once: whoever asks later may have changed the environment meanwhile
    return _described(open_apart(task)) if known is None else known


def _described(environment: Environment, *, simulated: bool = False) -> Description:
    """Closes an environment that was opened to be described, and to see whether it can be simulated."""
    try:
        if simulated:
            simulator_of(environment, "this environment").close()
        return Description(environment.observation, environment.actions)
    finally:
        environment.close()


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
    environment = family.open(task, render=render)
    if not task.variant:
        return environment
    try:
        return VariedEnvironment(environment, read_variant(task.variant))
    except BaseException:
        environment.close()
        raise


def open_apart(task: Task, *, render: bool = False) -> Environment:
    """The same where the environment cannot do harm: one of somebody's own is opened in a process beside this one.

    Raises:
        EnvironmentFault: it also ended its process, or did not come back in time (:func:`call_limit_s`).
    """
    if _is_foreign(task.env_id) or (traits(task).is_own and not task.env_id.startswith(_OURS)):
        return RemoteEnvironment(task, render=render)
    return open_environment(task, render=render)


def traits(task: Task) -> Traits:
    """What is known of a task's episodes without playing one."""
    if not _is_foreign(task.env_id) or task.env_id.rpartition(":")[0] in sys.modules:
        return traits_here(task)
    if task.env_id not in _known:
        keeper = Keeper(task.env_id)
        try:
            _known[task.env_id] = keeper.ask("its import", "traits", task)
        finally:
            keeper.close()
    return _known[task.env_id]


def traits_here(task: Task) -> Traits:
    """The same, imported into this very process."""
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


def _is_foreign(env_id: str) -> bool:
    """Whether a module of the user's own has to be imported for it."""
    return ":" in env_id and not env_id.startswith(_OURS)


def _choice(kind: type[E], value: str, error: type[UsageError]) -> E:
    try:
        return kind(value)
    except ValueError:
        raise error(f"no {kind.__name__.lower()} {value}; choose {_either(tuple(kind))}") from None


def _either(values: Sequence[str]) -> str:
    return " or ".join(str(value) for value in values)
