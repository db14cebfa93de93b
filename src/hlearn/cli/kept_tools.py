"""``hl tool``: kept tools of a system, scripts that measure something of development episodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.at_door import is_editors, run_through_door
from hlearn.cli.options import SystemDir
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.words import count, several

if TYPE_CHECKING:
    from hlearn.system.kept_tools import ToolAnswer

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Kept tools: list, show, or run one on dev episodes."
)
ToolName = Annotated[
    str, typer.Argument(metavar="NAME", help="Of tools/NAME.py, without the ending.", show_default=False)
]


@app.command("list")
@verb
def list_(directory: SystemDir = Path(), as_json: AsJson = False, debug: Debug = False) -> Answer:
    """List the tools of a system, with what each says of itself."""
    from hlearn.system.kept_tools import tools_of

    screen = console(as_json)
    tools = tools_of(directory)
    for tool in tools:
        screen.print(f"{tool.name}: {tool.about or 'says nothing of itself'}", markup=False, soft_wrap=True)
    if not tools:
        screen.print("No tools yet: write tools/NAME.py with a function measure(episodes).")
    data = {"system": str(directory), "tools": [{"name": t.name, "about": t.about} for t in tools]}
    return Answer(data=data)


@app.command("show")
@verb
def show(directory: SystemDir, name: ToolName, as_json: AsJson = False, debug: Debug = False) -> Answer:
    """Print a tool's source."""
    from hlearn.system.kept_tools import tool_of

    tool = tool_of(directory, name)
    print(tool.source, end="", file=console(as_json).file)
    return Answer(data={"system": str(directory), "name": tool.name, "source": tool.source})


@app.command("run")
@verb
def run(
    directory: SystemDir,
    name: ToolName,
    episodes: Annotated[int, typer.Option("--episodes", min=1, max=50, help="Development episodes.")] = 3,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Play the program as it stands on development seeds, and have a tool measure what was played.

    The tool runs behind the walls of programs: no files, no network. Exit code 1 where it fails.
    """
    from hlearn.cli.evaluating import working_program
    from hlearn.evidence.measure import measure_program, open_target
    from hlearn.records import Split
    from hlearn.system.kept_tools import recorded_for_tools, run_tool, seen_by_tools, tool_of

    screen = console(as_json)
    tool, program = tool_of(directory, name), working_program(directory)
    if is_editors(directory):
        with screen.status(f"waiting for {several(episodes, 'episode')}"):
            answer, steps = run_through_door(program, tool.source, episodes=episodes)
    else:
        system = open_target(directory)
        with screen.status(f"playing {several(episodes, 'episode')}"):
            measured = measure_program(
                system,
                program,
                split=Split.DEV,
                episodes=episodes,
                record=recorded_for_tools(system.task),
            )
            answer, steps = run_tool(tool.source, seen_by_tools(measured.results)), measured.played_steps
    if answer.printed:
        screen.print(answer.printed, markup=False, soft_wrap=True)
    said = f"it failed: {answer.failed}" if answer.failed else json.dumps(answer.measured)
    screen.print(said, markup=False, soft_wrap=True)
    screen.print(f"{several(episodes, 'episode')}, {count(steps)} environment steps charged", markup=False)
    return Answer(
        data={"system": str(directory), "name": name, "episodes": episodes, "charged_steps": steps}
        | _as_data(answer),
        code=NO if answer.failed else DONE,
    )


def _as_data(answer: ToolAnswer) -> dict[str, object]:
    return {"measured": answer.measured, "failed": answer.failed or None, "printed": answer.printed}
