"""The last words of ``hl learn``: the worst failure of what was learnt, and the command that shows it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_EPISODES = 2
_SURE = 0.8  # of what may as well be meant so, such as a detector that counts in units of its own
_STEPS = 20_000  # environment steps of each at most


def name_worst_failure(directory: Path, screen: Console) -> None:
    """Plays two development episodes with traces, and says what went wrong most; says nothing where nothing did."""
    from hlearn.cli.failing import why_command
    from hlearn.cli.words import number
    from hlearn.errors import HlearnError
    from hlearn.failures import mine, play_mined
    from hlearn.failures.mining import CAUSES
    from hlearn.records import Split
    from hlearn.system import System
    from hlearn.tasks.seeds import split_seeds

    try:
        system = System.open(directory)
        program = system.champion()
        if program is None:
            return
        seeds = split_seeds(Split.DEV, system.config.seed, 0, _EPISODES)
        with screen.status("looking for the worst failure"):
            episodes = play_mined(system.task, program, seeds, system.worlds, max_steps=_STEPS)
        groups = mine(episodes, program)
    except HlearnError:
        return  # what was learnt stands, whatever this says
    groups = tuple(g for g in groups if g.kind not in CAUSES or g.worst.loss >= _SURE)
    if not groups:
        return
    worst = groups[0]
    screen.print("Worst failure:", style="bold")
    screen.print(
        f"  {worst.title}: {worst.worst.said} (about {number(worst.loss)} points an episode)",
        markup=False,
        soft_wrap=True,
        highlight=False,
    )
    for command in (
        f"hl failures {shlex.quote(str(directory))}",
        why_command(directory, worst.worst.seed, worst.worst.step),
    ):
        screen.print(f"  {command}", markup=False, soft_wrap=True, highlight=False)
