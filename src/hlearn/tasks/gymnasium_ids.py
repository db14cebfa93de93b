"""Ids of Gymnasium's registry: finding what one stands for, and names near one that stands for nothing.

Environment libraries load on first use, so that a command that opens no environment pays for none.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from hlearn.errors import MissingExtra, UnknownTask
from hlearn.tasks import calls
from hlearn.tasks.own_modules import import_own

if TYPE_CHECKING:
    from gymnasium.envs.registration import EnvSpec


def find_spec(env_id: str) -> EnvSpec:
    """Returns what Gymnasium's registry knows of an id, "module:Id" after importing the module.

    Raises:
        UnknownTask: nothing of that name; names near ones.
        MissingExtra: the module needs a package that is not installed.
        EnvironmentFault: the module's own code raises.
    """
    import ale_py  # noqa: F401  (registers the ALE ids)
    import gymnasium

    module, _, name = env_id.rpartition(":")
    if module:
        calls.at("its import")
        try:
            import_own(module)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                raise MissingExtra(
                    f"{env_id}: module {module} needs {error.name}, which is not installed; pip install {error.name}"
                ) from error
            raise UnknownTask(
                f"{env_id}: there is no module {module}, neither installed nor in this folder; install it, or put its "
                "folder on PYTHONPATH"
            ) from error
        except (Exception, SystemExit) as error:
            from hlearn.tasks import faults

            raise faults.raised(f"{env_id}: module {module}", "its import", error) from error
    spec = gymnasium.registry.get(name)
    if spec is None:
        raise UnknownTask(_no_such(env_id, name, list(gymnasium.registry.values())))
    if is_old_atari(spec):
        game = re.sub(r"(-ram)?(NoFrameskip|Deterministic)?-v\d+$", "", name)
        raise UnknownTask(
            f"{env_id} is an old id of an Atari game; use ALE/{game}-v5 and choose the protocol "
            f"(article, sticky or v5)"
        )
    return spec


def _is_of(spec: EnvSpec, module: str) -> bool:
    """Whether an environment's class comes with a module, or with the package that the module belongs to."""
    entry = spec.entry_point
    where = entry if isinstance(entry, str) else getattr(entry, "__module__", "")
    return where.partition(":")[0].partition(".")[0] == module.partition(".")[0]


def _named(spec: EnvSpec, module: str) -> str:
    """How to ask for an environment: by the module that registers it, where that was asked for."""
    return f"{module}:{spec.id}" if module and _is_of(spec, module) else spec.id


def _no_such(env_id: str, name: str, specs: list[EnvSpec]) -> str:
    # By the part that people remember, "breakout" of "ALE/Breakout-v5", the newest version of each.
    newest: dict[str, EnvSpec] = {}
    for spec in specs:
        known = newest.get(spec.name.lower())
        if not is_old_atari(spec) and (known is None or (spec.version or 0) > (known.version or 0)):
            newest[spec.name.lower()] = spec
    wanted = re.sub(r"-v\d*$|[ _]", "", name.rpartition("/")[2]).lower()
    near = difflib.get_close_matches(wanted, sorted(newest), n=3, cutoff=0.7)
    module = env_id.removesuffix(name).removesuffix(":")
    if near:
        return f"no task {env_id}; did you mean {' or '.join(_named(newest[like], module) for like in near)}?"
    own = [_named(spec, module) for spec in specs if module and _is_of(spec, module)]
    if own:
        return f"no task {env_id}; module {module} registers {', '.join(own[:10])}"
    return (
        f"no task {env_id}; expected a Gymnasium id such as ALE/Breakout-v5 or CartPole-v1, "
        "or module:Id for an environment that a module of yours registers"
    )


def is_old_atari(spec: EnvSpec) -> bool:
    """Whether it is one of the ids that the old gym gave to Atari games."""
    return not is_atari(spec) and str(spec.entry_point).startswith("ale_py")


def is_atari(spec: EnvSpec) -> bool:
    """Whether it is an Atari game under its present id."""
    return spec.namespace == "ALE"
