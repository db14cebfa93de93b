"""Options and arguments that several verbs share, worded once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hlearn.tasks.task import Scalar
    from hlearn.trust import Key

TaskName = Annotated[
    str,
    typer.Argument(
        metavar="TASK",
        help="A Gymnasium id (ALE/Breakout-v5, CartPole-v1), or module:Id for an environment of yours.",
        show_default=False,
    ),
]
SystemDir = Annotated[
    Path, typer.Argument(metavar="DIR", help="The folder of a heuristic system.", show_default=False)
]
AccessName = Annotated[
    str | None,
    typer.Option(
        "--access",
        metavar="ram|pixels|vector",
        help="What the program observes. Default: ram for Atari, else what the environment gives.",
        show_default=False,
    ),
]
ProtocolName = Annotated[
    str | None,
    typer.Option(
        "--protocol",
        metavar="article|sticky|v5|standard",
        help="How an episode is run. Default: sticky for Atari, else standard.",
        show_default=False,
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="none|identified|simulator",
        help="What the program may know of the dynamics: nothing (none, the default), what it fits from what it sees "
        "(identified), or clones of the environment to plan with (simulator).",
        show_default=False,
    ),
]
VariantText = Annotated[
    str | None,
    typer.Option(
        "--variant",
        metavar="NAME=VALUE,...",
        help="Another world: delay (decisions), observation_noise, flicker (chance) and hue (degrees) of pictures, "
        "action_noise, mass, friction, gravity (factors), mixed (chance of it per episode); or robust, which is "
        "delay=1, noise and 20 % more mass.",
        show_default=False,
    ),
]
PlannerSteps = Annotated[
    int | None,
    typer.Option(
        "--planner-steps",
        min=10,
        help="With --model simulator: simulated steps that the search gives its planners for one decision, about. "
        "Default: 600.",
        show_default=False,
    ),
]
PlannerBudget = Annotated[
    int | None,
    typer.Option(
        "--planner-budget",
        min=1,
        help="With --model simulator: simulated steps to spend while learning, in all. Default: 40 times --steps, "
        "5,000,000 at least.",
        show_default=False,
    ),
]
EnvArguments = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        metavar="KEY=VALUE",
        help="An argument for the environment, such as is_slippery=false; may be given several times. "
        "It is part of the task.",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Learning seed: decides dev and gate seeds.")]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="FILE",
        help="A key of 64 hexadecimal digits: the same key and seed repeat a run bit for bit. Default: a new one.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="Episodes played side by side. Default: the cores this process may use.",
        show_default=False,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        min=1,
        help="Environment steps to spend in all, probes and failed trials included. "
        "Default: 2,000,000 for Atari, else 500,000; with --resume what the system was started with.",
        show_default=False,
    ),
]
Teach = Annotated[
    str | None,
    typer.Option(
        "--teach",
        metavar="every=N",
        help="Teach a network what the program does after every N accepted programs and at the end, into "
        "OUT/student; a new one stays where it is no worse. Needs hlearn[distill].",
        show_default=False,
    ),
]
Target = Annotated[
    float | None,
    typer.Option(
        "--target",
        help="Stop at this mean of 32 gate episodes (fewer where the budget ends before); exit code 1 if it is missed.",
        show_default=False,
    ),
]

BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        help="Where a coding agent's model answers, such as http://127.0.0.1:8000/v1. Default: the client's own.",
        show_default=False,
    ),
]
KeyVariable = Annotated[
    str | None,
    typer.Option(
        "--key-variable",
        metavar="NAME",
        help="Environment variable that holds the key of the model. Default: the client's usual one.",
        show_default=False,
    ),
]
EditorSeconds = Annotated[
    float | None,
    typer.Option(
        "--edit-seconds",
        metavar="SECONDS",
        min=1.0,
        help="How long one run of a coding agent or command may take. Default: 1800.",
        show_default=False,
    ),
]
Prices = Annotated[
    Path | None,
    typer.Option(
        "--prices",
        metavar="FILE",
        help="TOML with US dollars per million tokens by model, for agents that tell no money.",
        show_default=False,
    ),
]
Proposals = Annotated[
    int,
    typer.Option(
        "--proposals",
        min=1,
        max=32,
        help="Proposals that a coding agent or command makes from one brief, each in its own copy; the gate chooses.",
    ),
]
Tune = Annotated[
    float | None,
    typer.Option(
        "--tune",
        metavar="SHARE",
        help="After each accepted edit of a coding agent or command, a tuner sets the program's numbers within their "
        "declared ranges, with this share of the steps left (such as 0.2), as a trial of its own.",
        show_default=False,
    ),
]
Feedback = Annotated[
    bool,
    typer.Option(
        "--feedback/--no-feedback",
        help="Whether briefs tell what became of earlier proposals; without, the control arm of independent tries.",
    ),
]
MaxUsd = Annotated[
    float | None,
    typer.Option(
        "--max-usd",
        min=0.0001,
        help="US dollars that the editor may cost in all; learning ends cleanly there.",
        show_default=False,
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        "--max-tokens", min=1, help="Tokens that the editor may use in all, the same.", show_default=False
    ),
]
MaxTime = Annotated[
    float | None,
    typer.Option(
        "--max-time",
        metavar="SECONDS",
        min=1.0,
        help="Wall time after which learning ends cleanly; holdout episodes come after it.",
        show_default=False,
    ),
]

EnvTimeout = Annotated[
    float | None,
    typer.Option(
        "--env-timeout",
        metavar="SECONDS",
        min=0.1,
        help="How long one call of the environment (its constructor, reset, step, render, close) may take before it is "
        "ended as hanging. Default: 60.",
        show_default=False,
    ),
]


def key_of(file: Path | None) -> Key | None:
    """Reads ``--key``.

    Raises:
        UsageError: there is no such file, or it holds no key.
    """
    from hlearn.errors import UsageError
    from hlearn.trust.store import read_key

    try:
        return None if file is None else read_key(file)
    except FileNotFoundError:
        raise UsageError(f"there is no key {file}; make one with: openssl rand -hex 32 > {file}") from None


_TAKEN = (
    "render_mode",
    "disable_env_checker",
    "env_id",
    "access",
    "protocol",
    "target",
    "model",
    "variant",
    "env_timeout",
)


def env_arguments(given: list[str] | None) -> dict[str, Scalar]:
    """Reads ``--env`` options; a value is JSON where it can be read so (true, 3, 0.5), else text.

    Raises:
        UsageError: no KEY=VALUE, a key twice or not to be set here, or a value that is a list, an object or null.
    """
    from hlearn.errors import UsageError

    arguments: dict[str, Scalar] = {}
    for text in given or ():
        key, equals, written = text.partition("=")
        key = key.strip()
        if not equals or not key.isidentifier():
            raise UsageError(f"--env {text}: expected KEY=VALUE, such as --env is_slippery=false")
        if key in _TAKEN:
            raise UsageError(f"--env {text}: {key} cannot be set here; hlearn or another option decides it")
        if key in arguments:
            raise UsageError(f"--env {key} is given twice")
        try:
            value = json.loads(written)
        except ValueError:
            value = written
        if value is None or isinstance(value, (list, dict)):
            raise UsageError(f"--env {text}: expected a number, true, false or text")
        arguments[key] = value
    return arguments


def lessons_every(text: str) -> int:
    """``every=N`` as a number.

    Raises:
        UsageError: it is something else.
    """
    from hlearn.errors import UsageError

    found = re.fullmatch(r"every=([1-9]\d{0,5})", text.strip())
    if found is None:
        raise UsageError(f"--teach takes every=N, N accepted programs between two lessons, got {text!r}")
    return int(found[1])
