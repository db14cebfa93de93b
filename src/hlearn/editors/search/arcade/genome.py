"""A candidate program as data: which behaviours, in which order, with which constants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, LOOKING, PRESS, Behavior, BehaviorKnob, Guard
from hlearn.editors.search.arcade.outlook import Outlook
from hlearn.editors.search.arcade.signals import Signal

KnobPath = tuple[
    int, str
]  # (index of the behaviour, knob name; "?" for its guard's level), or (AHEAD, knob name)
WHOLE = 10  # steps from which on a part of one is not written
AHEAD = -1  # where the outlook's knobs are


@dataclass(frozen=True, slots=True, kw_only=True)
class Genome:
    """A program of the arcade grammar.

    Attributes:
        across: the own position that steering across moves, None if there is none.
        down: the own position that steering up and down moves, None if there is none.
        behaviors: in the order tried, all channels together.
        outlook: how it looks ahead, for behaviours that do; None where none does.
    """

    across: Signal | None = None
    down: Signal | None = None
    behaviors: tuple[Behavior, ...] = ()
    outlook: Outlook | None = None

    @property
    def looks_ahead(self) -> bool:
        """Whether a behaviour acts by the outlook."""
        return self.outlook is not None and any(b.kind in LOOKING for b in self.behaviors)

    def own(self, channel: str) -> Signal | None:
        """The own position on a steering channel."""
        return {ACROSS: self.across, DOWN: self.down}.get(channel)

    def on(self, channel: str) -> tuple[Behavior, ...]:
        """The behaviours of one channel, in order."""
        return tuple(b for b in self.behaviors if b.channel == channel)

    def with_channel(self, channel: str, behaviors: tuple[Behavior, ...]) -> Genome:
        """The same with all behaviours of one channel replaced."""
        parts = {c: self.on(c) for c in (ACROSS, DOWN, PRESS)}
        parts[channel] = behaviors
        return replace(self, behaviors=parts[ACROSS] + parts[DOWN] + parts[PRESS])

    def knobs(self) -> Iterator[tuple[KnobPath, BehaviorKnob]]:
        """Every constant that may be turned, with its place."""
        for index, behavior in enumerate(self.behaviors):
            for name, knob in behavior.knobs:
                if knob.low < knob.high:
                    yield (index, name), knob
            if behavior.guard is not None:
                yield (index, "?"), behavior.guard.level
        if self.outlook is not None and self.looks_ahead:
            yield from (((AHEAD, n), k) for n, k in self.outlook.knobs if n in self.outlook.used)

    def turned(self, path: KnobPath, value: float, source: str) -> Genome:
        """The same with one constant changed (clipped to its range)."""
        index, name = path
        if index == AHEAD:
            assert self.outlook is not None
            known = tuple((n, _set(k, value, source) if n == name else k) for n, k in self.outlook.knobs)
            return replace(self, outlook=replace(self.outlook, knobs=known))
        behavior = self.behaviors[index]
        if name == "?":
            assert behavior.guard is not None
            guard = Guard(
                signal=behavior.guard.signal,
                test=behavior.guard.test,
                level=_set(behavior.guard.level, value, source),
            )
            behavior = replace(behavior, guard=guard)
        else:
            knobs = tuple((n, _set(k, value, source) if n == name else k) for n, k in behavior.knobs)
            behavior = replace(behavior, knobs=knobs)
        return replace(self, behaviors=(*self.behaviors[:index], behavior, *self.behaviors[index + 1 :]))

    def __str__(self) -> str:
        told = [f"{b.channel}: {b}" for b in self.behaviors]
        ahead = [f"ahead: {self.outlook}"] if self.looks_ahead else []
        return "; ".join(ahead + told) or "nothing"


def _set(knob: BehaviorKnob, value: float, source: str) -> BehaviorKnob:
    clipped = min(knob.high, max(knob.low, value))
    digits = 0 if knob.unit == "steps" and abs(clipped) >= WHOLE else 2
    return replace(knob, value=round(clipped, digits), source=source)
