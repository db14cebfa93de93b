"""Whether a system can be believed: ``hl verify``, and ``hl open`` for others to check it."""

from __future__ import annotations

from typing import Annotated

import typer

from hlearn.cli.opening import open_system
from hlearn.cli.options import SystemDir, Workers
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.words import several
from hlearn.errors import UsageError


@verb
def verify(
    directory: SystemDir,
    replay: Annotated[
        str,
        typer.Option(
            "--replay", metavar="N|all", help="How many of the champion's recorded episodes to play again."
        ),
    ] = "5",
    workers: Workers = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Check a system: ledger, seals, commits, programs, files, and a sample of the champion's episodes.

    Exit code 0: nothing is broken; 1: something is, and it is named; 2: no system; 3: the check itself failed. Nothing
    is written or charged.
    """
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.evidence.verifying import CheckState, verify_system

    screen = console(as_json)
    with screen.status("checking"):
        found = verify_system(directory, replay=_episodes(replay), workers=workers or usable_cores())
    marks = {CheckState.HOLDS: "green", CheckState.BROKEN: "bold red", CheckState.UNKNOWN: "yellow"}
    for check in found.checks:
        screen.print(f"{check.state.value:8}", style=marks[check.state], end="")
        screen.print(f"{check.name:10}{check.said}", markup=False, soft_wrap=True)
    if found.vouched:
        screen.print("All of it holds.", style="bold")
    elif found.holds:
        screen.print("Nothing is broken, as far as can be told on this machine.", style="bold")
    data = {
        "system": str(directory.absolute()),
        "holds": found.holds,
        "vouched": found.vouched,
        "rows": found.rows,
        "recorded": found.recorded,
        "replayed": found.replayed,
        "checks": [{"check": c.name, "state": c.state.value, "said": c.said} for c in found.checks],
    }
    return Answer(data=data, code=DONE if found.holds else NO)


@verb
def open_(directory: SystemDir, as_json: AsJson = False, debug: Debug = False) -> Answer:
    """Open a system's seeds, for anybody to play its episodes again and check its scores.

    The ledger then shows what every seed stands for, and whoever writes next takes a new key: what was measured until
    here is not reused. What seals the ledger stays secret.
    """
    from hlearn.system.keys import open_seeds

    screen = console(as_json)
    system = open_system(directory, screen)
    opened = open_seeds(system)
    if opened:
        screen.print(
            f"Opened the seeds of {several(len(opened), 'key')}: {', '.join(opened)}. Anybody who has {directory} can "
            f"now run: hl verify {directory} --replay all",
            soft_wrap=True,
            markup=False,
        )
    else:
        screen.print("There is nothing to open: no key of it is here that was not opened before.")
    return Answer(data={"system": str(system.path), "opened": list(opened)})


def _episodes(text: str) -> int | None:
    if text == "all":
        return None
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise UsageError(f"--replay {text}: expected a number of episodes, or all")
