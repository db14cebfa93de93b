"""``hl mcp``: the lab as tools for an agent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hlearn.cli.options import SystemDir
from hlearn.cli.output import Answer, AsJson, Debug, verb


@verb
def mcp(
    directory: SystemDir = Path(),
    http: Annotated[
        int | None,
        typer.Option(
            "--http",
            metavar="PORT",
            min=1,
            max=65535,
            help="Serve http://127.0.0.1:PORT/mcp instead of standard input and output.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Serve a system's tools (Model Context Protocol): evaluate, probe, propose, failures, why, diff, memory, budgets.

    Runs until its client ends it. What is measured is charged and recorded as by the other verbs.
    """
    from hlearn.mcp.server import make_server, serve

    serve(make_server(directory), http)
    return Answer(data={"system": str(directory), "http": http})
