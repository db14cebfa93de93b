"""Rules that hold a signal at its target: fully one way or the other, or in proportion, with or without its rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from hlearn.editors.search.knobs import Knob, tidy
from hlearn.editors.search.vector.guess import Guess, choices, rule_template
from hlearn.probe.vector.sketch import CHANGE, Feature, VectorFindings

MOST_AXES = 4  # channels that are tried one by one, while the others rest
MOST_CHOICES = 6  # pairs of actions
PUSHES = 2.0  # full pushes per spread of the deviation, where a push is in proportion
FINE = 0.25  # of its spread, by which a target may be off


def holds(
    sketch: VectorFindings, title: str, levels: Mapping[str, float] = MappingProxyType({})
) -> Iterator[Guess]:
    """Programs that bring one signal to the value at which the reward peaks; targets of 0 first: they are no chance.

    Args:
        sketch: what the probe found.
        title: name of the class that is written.
        levels: the best constant push of each channel, to which the others keep while one regulates; empty where no
            push was better than none: they rest.
    """
    rest = {a.name: min(max(0.0, a.low), a.high) for a in sketch.axes}
    kept = [{**rest, **levels}, rest] if levels and len(sketch.axes) > 1 else [rest]
    for signal in sorted((s for s in sketch.signals if s.target is not None), key=lambda s: s.target != 0.0):
        rate = sketch.rate(signal.name) or next(
            (s for s in sketch.signals if s.kind == CHANGE and s.indices == signal.indices), None
        )
        for ahead in (None, rate) if rate is not None else (None,):
            if sketch.discrete:
                yield from _choosing(sketch, title, signal, ahead)
            else:
                for others in kept:
                    yield from _pushing(sketch, title, signal, ahead, others)


def _choosing(sketch: VectorFindings, title: str, signal: Feature, rate: Feature | None) -> Iterator[Guess]:
    """One of two actions, by the side of the target that the signal is on."""
    text, knobs = _soon(signal, rate)
    for first, other in choices(sketch)[:MOST_CHOICES]:
        body = f"return {first} if {text} > self.target else {other}"
        template = rule_template(sketch, title, "one rule", f"Holds {signal.name} at a target.", knobs, body)
        values = {k.name: tidy(k.start) for k in knobs}
        sums = {first: _weights(signal, rate, values, 1.0 / signal.scale), other: {}}
        yield Guess(template=template, values=values, sums=sums)


def _pushing(
    sketch: VectorFindings, title: str, signal: Feature, rate: Feature | None, others: Mapping[str, float]
) -> Iterator[Guess]:
    """One channel pushes, fully or in proportion; the others keep to a push each."""
    constant = {a.plus: {"": others[a.name]} for a in sketch.axes if others[a.name]}
    text, knobs = _soon(signal, rate)
    for place, axis in enumerate(sketch.axes[:MOST_AXES]):
        drives = dict(axis.drives)
        raises = drives.get(signal.name, drives.get(rate.name, 0.0) if rate is not None else 0.0)
        for sign in (-1.0, 1.0) if raises >= 0.0 else (1.0, -1.0):
            ends = (axis.high, axis.low) if sign > 0 else (axis.low, axis.high)
            full = f"{ends[0]:g} if {text} > self.target else {ends[1]:g}"
            values = {k.name: tidy(k.start) for k in knobs}
            story = f"Holds {signal.name} at a target"
            template = rule_template(
                sketch,
                title,
                "bang-bang",
                f"{story}: fully one way or the other.",
                knobs,
                _act(sketch, place, full, others),
            )
            yield Guess(template=template, values=values)
            middle = 0.5 * (axis.low + axis.high)
            gain = Knob(name="gain", spread=PUSHES * 0.5 * (axis.high - axis.low) / signal.scale)
            soft = f"{f'{middle:g} + ' if middle else ''}self.gain * ({text} - self.target)"
            template = rule_template(
                sketch,
                title,
                "one gain",
                f"{story}, in proportion.",
                [gain, *knobs],
                _act(sketch, place, soft, others),
            )
            values = {"gain": tidy(sign * gain.spread), **values}
            weights = _weights(signal, rate, values, values["gain"])
            yield Guess(
                template=template,
                values=values,
                sums={**constant, axis.plus: {**weights, "": weights[""] + middle}},
            )


def _act(sketch: VectorFindings, place: int, push: str, others: Mapping[str, float]) -> str:
    """The line that pushes along one channel, and along the others as they are to."""
    rest = [f"{tidy(others[a.name]):g}" for a in sketch.axes]
    return f"return [{', '.join([*rest[:place], push, *rest[place + 1 :]])}]"


def _soon(signal: Feature, rate: Feature | None) -> tuple[str, list[Knob]]:
    """A signal as it is now, or as it will be soon, as source, and the numbers of a rule about it and a target."""
    target = Knob(name="target", start=signal.target or 0.0, spread=FINE * signal.scale)
    if rate is None:
        return f"s.{signal.name}", [target]
    lead = Knob(name="lead", start=tidy(signal.scale / rate.scale), spread=signal.scale / rate.scale, low=0.0)
    return f"s.{signal.name} + self.lead * s.{rate.name}", [target, lead]


def _weights(
    signal: Feature, rate: Feature | None, values: dict[str, float], gain: float
) -> dict[str, float]:
    """A gain times the deviation, as a weighted sum of signals."""
    ahead = {} if rate is None else {rate.name: gain * values["lead"]}
    return {signal.name: gain, **ahead, "": -gain * values["target"]}
