"""Options and arguments that several verbs share, worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
Seed = Annotated[int, typer.Option("--seed", min=0, help="Learning seed: decides dev and gate seeds.")]
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
Target = Annotated[
    float | None,
    typer.Option("--target", help="Stop at this score; exit code 1 if it is missed.", show_default=False),
]
