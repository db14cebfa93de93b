"""What it takes to write a kind of behaviour as lines of a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hlearn.editors.search.arcade.behaviors import Behavior
from hlearn.editors.search.arcade.signals import Signal


@dataclass(slots=True)
class Writing:
    """What a behaviour writes: names it may use, and lines it adds to ``setup`` and to the detectors."""

    see: Mapping[str, str]  # role -> expression for its present value
    rest: str  # expression for where the own thing comes to rest on this channel
    knob: Callable[[str], str]  # knob name -> expression
    part: Callable[[str, str], str]  # (word, constructor) -> expression of a part made in setup
    watch: Callable[[str, str, str], str]  # (word, parts expression, update call) -> state expression
    knobs: frozenset[str]  # the names of its knobs
    sign: int  # 1, or -1 where the command's direction lowers the position
    lines: list[str] = field(default_factory=list)

    def steer(self, expression: str) -> None:
        """Ends with the answer, turned round where the command's direction lowers the position."""
        self.lines.append(f"return {'-' if self.sign < 0 else ''}{expression}")


Draw = Callable[[Signal | None, Sequence[Signal], str, np.random.Generator], Behavior | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviorKind:
    """How one kind of behaviour is written.

    Attributes:
        doc: docstring of its method; ``{role}`` stands for the name of the role's detector, ``{way}`` for the direction
            of its option.
        noun: role -> what the thing is called in the program.
        told: what it does, in a few words; ``{}`` stands for what it is about, ``{way}`` for the direction.
        write: adds its lines to a :class:`Writing`.
        rests: whether it steers by where the own thing comes to rest.
        avoids: whether it keeps clear of something, and goes before what gets somewhere.
        draw: makes one at random for an own position (None: none is known), what may be targets, and a channel; None
            where it has nothing to say. Without it, only who names the kind proposes it.
        imports: names of ``hlearn.parts`` that its lines use; a part that it makes alone imports itself.
    """

    doc: str
    noun: Mapping[str, str]  # role -> what the thing is called in the program
    write: Callable[[Behavior, Writing], None]
    told: str
    imports: tuple[str, ...] = ()
    rests: bool = False
    avoids: bool = False
    draw: Draw | None = None
