"""What a program does, told in the docstring that stands at its top."""

from __future__ import annotations

import textwrap

from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, PRESS, Behavior
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.outlook import told as told_ahead

_WORDS = {
    "follow": "stay level with {}",
    "pursue": "go where {} will be",
    "intercept": "meet {}",
    "flee": "make way for {}",
    "dodge": "keep clear of {}",
    "reflex": "turn at once while {} comes close",
    "shelter": "keep clear of whatever comes down",
    "idle": "let go while {} warns",
    "cross": "cross the lanes of {} when free",
    "weave": "go on while the way is free",
    "hold": "stay in place",
    "sweep": "patrol",
    "push": "keep pushing",
    "foresee": "as the plan says",
    "shoot": "press while something stands level",
    "rest": "stay",
    "swing": "swing in a rhythm",
    "step": "step in a rhythm",
    "press": "hold",
    "pulse": "press in a rhythm",
    "serve": "press while {} rests",
    "aim": "press when level with {}",
}


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
    about = " and ".join(told)
    text = _WORDS.get(behavior.kind, behavior.kind).format(about)
    guard = behavior.guard
    return f"{text} (if {guard.signal.key} is {guard.test} its level)" if guard else text
