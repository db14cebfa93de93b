"""``hl zoo``: learnt systems as data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.opening import open_system
from hlearn.cli.options import SystemDir, Workers
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.words import number, several
from hlearn.errors import UsageError

if TYPE_CHECKING:
    from hlearn.zoo import ZooEntry

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="List, show, verify, copy and add learnt systems."
)

ZooDir = Annotated[
    Path | None,
    typer.Option("--zoo", help="Folder of a zoo. Default: the one in the box.", show_default=False),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="An entry; see hl zoo list.", show_default=False)]


@app.command("list")
@verb
def list_(zoo: ZooDir = None, as_json: AsJson = False, debug: Debug = False) -> Answer:
    """List the entries with their scores."""
    from hlearn.zoo import find_entries

    screen = console(as_json)
    entries = find_entries(zoo)
    width = max((len(e.name) for e in entries), default=0)
    for entry in entries:
        score = entry.about["score"]
        hns = "" if score["hns"] is None else f"  HNS {score['hns']:.2f}"
        screen.print(f"{entry.name:<{width}}  {number(score['mean']):>10}{hns}", markup=False, soft_wrap=True)
    screen.print(several(len(entries), "system"), markup=False)
    return Answer(data={"entries": [_data(e) for e in entries]})


@app.command("show")
@verb
def show(name: Name, zoo: ZooDir = None, as_json: AsJson = False, debug: Debug = False) -> Answer:
    """Show an entry's card and program."""
    from hlearn.zoo import find_entry

    screen = console(as_json)
    entry = find_entry(name, zoo)
    card = (entry.path / "README.md").read_text(encoding="utf-8")
    screen.print(card.rpartition("---\n")[2].strip(), markup=False, soft_wrap=True)
    screen.print(f"\n{entry.path}\n\n{entry.program.source}", markup=False, soft_wrap=True)
    return Answer(data=_data(entry) | {"source": entry.program.source})


@app.command("verify")
@verb
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Entries; all if none is named.", show_default=False),
    ] = None,
    episodes: Annotated[
        int, typer.Option("--episodes", min=0, help="Episodes of each to play again; 0 for all.")
    ] = 5,
    zoo: ZooDir = None,
    workers: Workers = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Play the entries' episodes again and compare them with the cards, bit for bit.

    Exit code 1 if one comes out otherwise.
    """
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.zoo import find_entries, find_entry
    from hlearn.zoo.verifying import verify_entry

    screen = console(as_json)
    entries = [find_entry(n, zoo) for n in names] if names else find_entries(zoo)
    found, broken = [], 0
    for entry in entries:
        try:
            check = verify_entry(entry, episodes=episodes or None, workers=workers or usable_cores())
        except UsageError as error:
            broken += 1
            said = f"cannot be played here: {str(error).splitlines()[0]}"
            found.append({"name": entry.name, "holds": False, "reason": said})
        else:
            broken += not check.holds
            said = f"{several(check.played, 'episode')} the same" if check.holds else "; ".join(check.differ)
            if not check.holds and check.versions:
                said += f" (versions differ: {', '.join(check.versions)})"
            found.append({"name": entry.name, "holds": check.holds, "reason": said})
        screen.print(f"{entry.name}: {said}", markup=False, soft_wrap=True)
    screen.print(f"{len(entries) - broken} of {several(len(entries), 'system')} hold", markup=False)
    return Answer(data={"entries": found, "broken": broken}, code=NO if broken else DONE)


@app.command("copy")
@verb
def copy(
    name: Name,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new or empty folder.", show_default=False)
    ],
    zoo: ZooDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Make a system of an entry, to go on from: its program waits in the folder for the gate."""
    from hlearn.system import System
    from hlearn.system.program_files import write_program
    from hlearn.zoo import find_entry

    screen = console(as_json)
    entry = find_entry(name, zoo)
    system = System.create(directory, entry.task)
    write_program(system.path, entry.program.as_files())
    screen.print(
        f"Created {directory} with the program of {entry.name}. Have it judged: hl gate {directory}",
        markup=False,
        soft_wrap=True,
    )
    return Answer(data={"system": str(system.path), "program_sha256": entry.program.sha256})


@app.command("add")
@verb
def add(
    directory: SystemDir,
    zoo: Annotated[Path, typer.Option("--zoo", help="Folder of the zoo.", show_default=False)],
    name: Annotated[
        str | None,
        typer.Option("--name", help="Default: TASK-ACCESS-PROTOCOL-EDITOR.", show_default=False),
    ] = None,
    episodes: Annotated[int, typer.Option("--episodes", min=2, help="Fresh episodes to play.")] = 20,
    film: Annotated[bool, typer.Option("--film/--no-film", help="Film a stretch of one.")] = True,
    notes: Annotated[
        Path | None,
        typer.Option(
            "--notes", help="A text file for the card: what the program cannot do.", show_default=False
        ),
    ] = None,
    workers: Workers = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Make an entry of a system's champion: fresh episodes, controls, a card, a film."""
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.zoo.adding import add_entry

    screen = console(as_json)
    system = open_system(directory, screen)
    entry = add_entry(
        system,
        zoo,
        name=name,
        episodes=episodes,
        film=film,
        notes="" if notes is None else notes.read_text(encoding="utf-8"),
        workers=workers or usable_cores(),
    )
    screen.print(f"{entry.path}: score {number(entry.about['score']['mean'])}", markup=False, soft_wrap=True)
    return Answer(data=_data(entry))


def _data(entry: ZooEntry) -> dict[str, object]:
    return {"name": entry.name, "path": str(entry.path), **entry.about}
