"""Programs that a search plays to see what actions do: random or curious, and never to be proposed."""

from __future__ import annotations

from hlearn.records import Program

PUSHING = '"""Pushes at random'
HOLDING = '"""Holds a random action'
EXPLORING = '"""Does what was tried least'


def is_probe(program: Program) -> bool:
    """Whether a program is a probe of the embedded search; each begins with one of these words."""
    return program.source.startswith((PUSHING, HOLDING, EXPLORING))
