"""What a program does, told in the docstring that stands at its top."""

from __future__ import annotations

import textwrap

from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, PRESS, Behavior
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.outlook import told as told_ahead
from hlearn.editors.search.arcade.skills import KINDS


def summary(genome: Genome) -> list[str]:
    """What the program does, in a few lines of prose for its docstring."""
    lines = textwrap.wrap(told_ahead(genome.outlook), 100) if genome.outlook and genome.looks_ahead else []
    for channel, verb in ((ACROSS, "Across"), (DOWN, "Up and down"), (PRESS, "Button")):
        told = [_tell(b) for b in genome.on(channel)]
        if told:
            lines += textwrap.wrap(f"{verb}: {'; else '.join(told)}.", 100)
    return lines or ["Does nothing."]


def _tell(behavior: Behavior) -> str:
    told = [
        s.key
        for r, s in behavior.roles
        if r.rstrip("0123456789") in ("target", "ball", "hazard", "lane", "sign")
    ]
    about = " and ".join(dict.fromkeys(told))
    text = KINDS[behavior.kind].told.format(about, way=behavior.way)
    guard = behavior.guard
    return f"{text} (if {guard.signal.key} is {guard.test} its level)" if guard else text
