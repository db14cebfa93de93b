"""``hl probe``: what an environment shows to somebody who only plays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.options import (
    AccessName,
    EnvArguments,
    EnvTimeout,
    ProtocolName,
    Seed,
    TaskName,
    env_arguments,
)
from hlearn.cli.output import Answer, AsJson, Debug, console, verb
from hlearn.cli.words import arguments, count, number, several

if TYPE_CHECKING:
    from hlearn.evidence.probing import ProbeReport
    from hlearn.tasks.environment import ActionSpace


@verb
def probe(
    task: TaskName,
    access: AccessName = None,
    protocol: ProtocolName = None,
    env: EnvArguments = None,
    steps: Annotated[int, typer.Option("--steps", min=100, help="Environment steps to play.")] = 6_000,
    seed: Seed = 0,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Play TASK at random for a while and tell what is found: what actions move, what moves by itself.

    Nothing is kept; learning probes on its own account.
    """
    from rich.table import Table

    from hlearn.evidence.probing import probe_randomly
    from hlearn.tasks import resolve_task

    screen = console(as_json)
    resolved = resolve_task(
        task, access=access, protocol=protocol, target=None, model=None, variant=None, **env_arguments(env)
    )
    with screen.status(f"playing {count(steps)} steps at random"):
        seen = probe_randomly(resolved, steps=steps, seed=seed)
    observation = seen.observation
    shape = ", ".join(map(str, observation.shape))
    screen.print(
        f"{resolved.env_id}{arguments(resolved)}: access {resolved.access.value}{'' if access else ' (default)'}, "
        f"protocol {resolved.protocol.value}{'' if protocol else ' (default)'}\n"
        f"observes {observation.dtype}[{shape}], acts by {_actions(seen.actions)}\n"
        f"{count(seen.env_steps)} steps in {several(seen.episodes, 'episode')} of random play, "
        f"mean score {number(seen.mean_score)}, mean length {number(round(seen.mean_length))}",
        markup=False,
        soft_wrap=True,
    )
    if seen.findings:
        table = Table("what", "kind", "evidence", box=None, pad_edge=False)
        table.columns[2].overflow = "fold"
        for finding in seen.findings:
            table.add_row(finding.name, finding.kind, finding.evidence)
        screen.print(table, markup=False)
    else:
        screen.print("Nothing found that moves.")
    return Answer(data=_as_data(seen))


def _actions(space: ActionSpace) -> str:
    from hlearn.tasks.environment import Discrete

    if isinstance(space, Discrete):
        return f"{space.n} actions" + (f" ({', '.join(space.names)})" if space.names else "")
    bounds = ", ".join(f"{lo:g} to {hi:g}" for lo, hi in zip(space.low, space.high, strict=True))
    return f"{len(space.low)} numbers ({bounds})"


def _as_data(seen: ProbeReport) -> dict[str, object]:
    return {
        "task": seen.task.env_id,
        "access": seen.task.access.value,
        "protocol": seen.task.protocol.value,
        "observation": {"shape": list(seen.observation.shape), "dtype": seen.observation.dtype},
        "actions": _actions(seen.actions),
        "env_steps": seen.env_steps,
        "episodes": seen.episodes,
        "mean_score": seen.mean_score,
        "mean_length": seen.mean_length,
        "findings": [{"name": f.name, "kind": f.kind, "evidence": f.evidence} for f in seen.findings],
    }
