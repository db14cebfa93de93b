"""Short programs first: doing one thing, one rule on one or two signals, few gains. They race before anything is tuned.

The first ones are ready as soon as the probe is; whoever solves the task ends the search, the shortest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from types import MappingProxyType

import numpy as np

from hlearn.editors.search.knobs import Knob, tidy
from hlearn.editors.search.vector.approaches import approaches
from hlearn.editors.search.vector.families import linear
from hlearn.editors.search.vector.guess import Guess, choices, rule_template
from hlearn.editors.search.vector.holding import holds
from hlearn.editors.search.vector.regulator import Gains, regulated, regulators
from hlearn.editors.search.vector.template import Formula, Template, Term
from hlearn.editors.search.vector.urges import act_by_urges, meaning, urge_template
from hlearn.evaluate.api import Result
from hlearn.probe.vector.draw import FREE
from hlearn.probe.vector.sketch import (
    CHANGE,
    COS,
    FLAG,
    GAP,
    SIN,
    ActionAxis,
    Feature,
    VectorFindings,
    values_of,
)

MOST_CONSTANTS = 12  # actions
MOST_SIDES = 3  # channels of a box of which all corners are tried
LEVELS = (0.5, 0.25, 0.75)  # of a box's range
SMALL_LEVELS = (0.1, 0.03, 0.01)  # the same where its ends are on one side of 0
MOST_SINGLES = 60  # rules on one signal
MOST_PAIRS = 90  # rules on two
MOST_WEIGHED = 12  # signals that are weighed against each other, what pushes move first
EDGES = (0.2, 0.5, 0.8)  # quantiles of a signal at which a rule may ask
RATIOS = (0.3, 1.0, 3.0)  # of two signals in a rule, in their spreads
SIZES = (0.5, 2.0, 8.0)  # gains of a chase, in full pushes per spread of the gap
MOST_TERMS = 4  # of a regulator's rule
SMALL = 0.03  # share of the largest pull below which a gain is left out


def guesses(
    sketch: VectorFindings,
    played: Sequence[Result],
    title: str,
    rng: np.random.Generator,
    levels: Mapping[str, float] = MappingProxyType({}),
) -> Iterator[list[Guess]]:
    """Groups of guesses that look at something, the shortest programs first.

    Args:
        sketch: what the probe found.
        played: the probe's episodes.
        title: name of the classes that are written.
        rng: chooses where there are too many.
        levels: the best constant push of each channel, where one was better than none.
    """
    seen = observations_of(played)
    signals = [s for s in sketch.signals if s.kind not in (COS, SIN)]
    if not seen or not signals:
        return
    yield list(holds(sketch, title, levels))
    yield list(approaches(sketch, title))
    singles = list(single_rules(sketch, title, signals, seen))
    yield some_of(singles, MOST_SINGLES, rng)
    yield list(chases(sketch, title))
    found = list(regulators(sketch, played))
    if len(sketch.axes) == 1 and sketch.discrete and sketch.axes[0].minus is not None:
        for terms in range(2, MOST_TERMS + 1):
            yield [cut(sketch, title, gains, terms) for gains in found]
    yield [gained(sketch, title, gains) for gains in found]
    yield some_of(list(pair_rules(sketch, title, signals)), MOST_PAIRS, rng)


def observations_of(played: Sequence[Result]) -> list[np.ndarray]:
    """What recorded episodes showed, float[T, d] each."""
    return [
        np.asarray(r.observations, dtype=np.float64).reshape(len(r.observations), -1)
        for _, r in played
        if r is not None and len(r.observations)
    ]


def some_of(found: list[Guess], most: int, rng: np.random.Generator) -> list[Guess]:
    """All of them, or as many as may be, drawn by chance, in their order."""
    if len(found) <= most:
        return found
    return [found[i] for i in sorted(rng.choice(len(found), most, replace=False).tolist())]


def constants(sketch: VectorFindings, title: str) -> Iterator[Guess]:
    """Programs that do the same all the time: each action; a box's rest, its corners, levels between its ends.

    The levels are numbers to tune. Where one end is 0 or near it, small shares of the other are among them.
    """
    story = "Does the same all the time."
    if sketch.discrete:
        neutral = [] if sketch.neutral is None else [sketch.neutral]
        actions = [*neutral, *(a for axis in sketch.axes for a in (axis.plus, axis.minus) if a is not None)]
        actions = list(dict.fromkeys(actions))[:MOST_CONSTANTS]
        for action in actions:
            template = rule_template(sketch, title, "constant", story, [], f"return {action}")
            yield Guess(template=template, values={})
        return
    sides = [(a.low, a.high) for a in sketch.axes]
    middle = tuple(min(max(0.0, low), high) for low, high in sides)
    corners = product(*sides) if len(sides) <= MOST_SIDES else zip(*sides, strict=True)
    for push in dict.fromkeys((middle, *corners)):
        numbers = ", ".join(f"{p:g}" for p in push)
        template = rule_template(sketch, title, "constant", story, [], f"return [{numbers}]")
        yield Guess(template=template, values={})
    if any(min(-a.low, a.high) >= FREE for a in sketch.axes):
        return  # nothing says how far a push may sensibly go
    lopsided = all(low >= 0.0 or high <= 0.0 for low, high in sides)
    names = [level_of(a) for a in sketch.axes]
    text = f"return [{', '.join(f'self.{n}' for n in names)}]"
    for share in (*LEVELS, *(SMALL_LEVELS if lopsided else ())):
        if all(low == -high for low, high in sides) and share == LEVELS[0]:
            continue  # the rest itself
        levels = [
            high - share * (high - low) if high <= 0.0 else low + share * (high - low) for low, high in sides
        ]
        knobs = [
            Knob(name=n, start=v, spread=0.1 * (high - low), low=low, high=high)
            for n, v, (low, high) in zip(names, levels, sides, strict=True)
        ]
        template = rule_template(sketch, title, "constant levels", story, knobs, text)
        sums = {a.plus: {"": tidy(k.start)} for a, k in zip(sketch.axes, knobs, strict=True)}
        yield Guess(template=template, values={k.name: tidy(k.start) for k in knobs}, sums=sums)


def level_of(axis: ActionAxis) -> str:
    """What the number of a constant push along an axis is called."""
    return f"{axis.name}_level"


def single_rules(
    sketch: VectorFindings, title: str, signals: Sequence[Feature], seen: Sequence[np.ndarray]
) -> Iterator[Guess]:
    """One of two actions, by whether one signal is above an edge; a box of one channel in proportion to one signal."""
    for signal in signals:
        edges = (
            [0.5] if signal.kind == FLAG else [0.0] if signal.kind in (GAP, CHANGE) or signal.rate_of else []
        )
        values = np.concatenate([values_of(signal, e) for e in seen])
        edges += [] if edges else np.quantile(values, EDGES).tolist()
        if sketch.discrete:
            for first, other in choices(sketch):
                for edge in edges:
                    knob = Knob(name="edge", start=edge, spread=signal.scale)
                    text = f"return {first} if s.{signal.name} > self.edge else {other}"
                    story = f"Chooses by {signal.name} alone."
                    template = rule_template(sketch, title, "one rule", story, [knob], text)
                    sums = {first: {signal.name: 1.0 / signal.scale, "": -edge / signal.scale}, other: {}}
                    yield Guess(template=template, values={"edge": tidy(edge)}, sums=sums)
        elif len(sketch.axes) == 1:
            axis = sketch.axes[0]
            for sign in (1.0, -1.0):
                yield _proportional(sketch, title, axis, signal, sign)


def _proportional(
    sketch: VectorFindings, title: str, axis: ActionAxis, signal: Feature, sign: float
) -> Guess:
    gain = Knob(name="gain", spread=axis.high / signal.scale)
    rest = Knob(name="rest", start=0.0, spread=signal.scale)
    text = f"return [self.gain * (s.{signal.name} - self.rest)]"
    template = rule_template(
        sketch, title, "one gain", f"Pushes in proportion to {signal.name}.", [gain, rest], text
    )
    centre = 0.0 if signal.rate_of or signal.kind in (GAP, CHANGE) else signal.centre
    values = {"gain": tidy(sign * gain.spread), "rest": tidy(centre)}
    sums = {axis.plus: {signal.name: values["gain"], "": -values["gain"] * values["rest"]}}
    return Guess(template=template, values=values, sums=sums)


def pair_rules(sketch: VectorFindings, title: str, signals: Sequence[Feature]) -> Iterator[Guess]:
    """One of two actions, by the sign of a weighted sum of two signals; one channel by such a sum."""
    driven = {name for axis in sketch.axes for name, _ in axis.drives}
    numbers = sorted((s for s in signals if s.kind != FLAG), key=lambda s: s.name not in driven)[
        :MOST_WEIGHED
    ]
    if len(sketch.axes) > 1 and not sketch.discrete:
        return
    for one, two in combinations(numbers, 2):
        for ratio in RATIOS:
            for sign in (1.0, -1.0):
                weight = tidy(sign * ratio * one.scale / two.scale)
                knob = Knob(name="ratio", start=weight, spread=abs(weight))
                total = f"s.{one.name} + self.ratio * s.{two.name}"
                story = f"Weighs {two.name} against {one.name}."
                if sketch.discrete:
                    for first, other in choices(sketch):
                        text = f"return {first} if {total} > 0.0 else {other}"
                        template = rule_template(sketch, title, "one rule on two", story, [knob], text)
                        weights = {one.name: 1.0 / one.scale, two.name: weight / one.scale}
                        sums: dict[int, dict[str, float]] = {first: weights, other: {}}
                        yield Guess(template=template, values={"ratio": weight}, sums=sums)
                    continue
                for way in (1.0, -1.0):
                    gain = Knob(name="gain", spread=sketch.axes[0].high / one.scale)
                    template = rule_template(
                        sketch, title, "two gains", story, [gain, knob], f"return [self.gain * ({total})]"
                    )
                    values = {"gain": tidy(way * gain.spread), "ratio": weight}
                    weights = {one.name: values["gain"], two.name: values["gain"] * weight}
                    yield Guess(template=template, values=values, sums={sketch.axes[0].plus: weights})


def chases(sketch: VectorFindings, title: str) -> Iterator[Guess]:
    """Every channel closes the gap that it drives most: in proportion, and with a brake where speed is known."""
    gaps = {a.name: pull for a in sketch.axes if (pull := _driven(sketch, a, lambda s: s.kind == GAP))}
    speeds = {
        a.name: pull
        for a in sketch.axes
        if a.name in gaps
        and (pull := _driven(sketch, a, lambda s: s.rate_of is not None or s.kind == CHANGE))
    }
    if sketch.discrete or not gaps:
        return
    for kinds in ({"gain": gaps}, {"gain": gaps, "brake": speeds}) if speeds else ({"gain": gaps},):
        knobs = []
        for name, pulls in kinds.items():
            size = float(np.mean([a.high / pulls[a.name][0].scale for a in sketch.axes if a.name in pulls]))
            knobs.append(Knob(name=name, start=size, spread=size, low=0.0))
        formulas = []
        for axis in sketch.axes:
            own = [(knob, pulls[axis.name]) for knob, pulls in kinds.items() if axis.name in pulls]
            terms = tuple(Term(knob=knob, factor=f"{sign}s.{signal.name}") for knob, (signal, sign) in own)
            formulas.append(Formula(name=axis.name, doc=meaning(axis, sketch), terms=terms))
        story = "Brings what it moves to where the goal is."
        name = "chase with a brake" if "brake" in kinds else "chase"
        template = urge_template(sketch, title, name, story, knobs, formulas, act_by_urges(sketch))
        for times in SIZES:
            values = {k.name: tidy(k.start * (times if k.name == "gain" else 0.5)) for k in knobs}
            yield Guess(template=template, values=values, sums=_sums(sketch, template, values))


def _driven(
    sketch: VectorFindings, axis: ActionAxis, wanted: Callable[[Feature], bool]
) -> tuple[Feature, str] | None:
    """The wanted signal that an axis drives most, and the sign of the push that makes it small."""
    for name, effect in axis.drives:
        if wanted(signal := sketch.signal(name)):
            return signal, "-" if effect > 0 else ""
    return None


def cut(sketch: VectorFindings, title: str, gains: Gains, terms: int) -> Guess:
    """One of two opposite actions, by the sign of a regulator's push of which only the strongest pulls are left."""
    signals, axis = regulated(sketch), sketch.axes[0]
    assert axis.minus is not None
    pulls = np.abs(gains.weights[0] * np.array([s.scale for s in signals]))
    first, *others = np.argsort(-pulls)[:terms].tolist()
    ways = (axis.plus, axis.minus) if gains.weights[0, first] > 0 else (axis.minus, axis.plus)
    total, values, knobs = f"s.{signals[first].name}", {}, []
    for place in others:
        name = f"{signals[place].name}_weight"
        values[name] = tidy(float(gains.weights[0, place] / gains.weights[0, first]))
        knobs.append(Knob(name=name, start=values[name], spread=abs(values[name]) or 1e-3))
        total += f" + self.{name} * s.{signals[place].name}"
    story = f"Leans one way or the other by a sum of {1 + len(others)} of the numbers that it sees."
    template = rule_template(
        sketch,
        title,
        f"one rule on {1 + len(others)}",
        story,
        knobs,
        f"return {ways[0]} if {total} > 0.0 else {ways[1]}",
    )
    scale = signals[first].scale
    weights = {
        signals[first].name: 1.0 / scale,
        **{k.name.removesuffix("_weight"): values[k.name] / scale for k in knobs},
    }
    return Guess(template=template, values=values, sums={ways[0]: weights, ways[1]: {}})


def gained(sketch: VectorFindings, title: str, gains: Gains) -> Guess:
    """Linear feedback with the gains of a regulator, without those that hardly pull."""
    signals = regulated(sketch)
    template = linear(sketch, title, signals, f"regulator of {gains.note}")
    scale = np.array([s.scale for s in signals])
    values: dict[str, float] = {}
    for row, axis in enumerate(sketch.axes):
        size = 1.0 if sketch.discrete else max(abs(axis.low), abs(axis.high))
        pulls = np.abs(gains.weights[row] * scale)
        for column, signal in enumerate(signals):
            name = f"{axis.name}_{signal.name}"
            if pulls[column] < SMALL * pulls.max(initial=0.0):
                template = template.drop(name)
            else:
                values[name] = tidy(float(gains.weights[row, column]) * size)
        values[f"{axis.name}_bias"] = tidy(float(gains.bias[row]) * size)
        if abs(values[f"{axis.name}_bias"]) < SMALL * size:
            template = template.drop(f"{axis.name}_bias")
    known = {k.name for k in template.knobs}
    values = {name: values.get(name, 0.0) for name in known}
    knobs = tuple(
        replace(k, start=values[k.name], spread=max(abs(values[k.name]), 0.1 * k.spread))
        for k in template.knobs
    )
    sums = {} if sketch.discrete else _sums(sketch, template, values)
    return Guess(template=replace(template, knobs=knobs), values=values, sums=sums)


def _sums(
    sketch: VectorFindings, template: Template, values: Mapping[str, float]
) -> dict[int, dict[str, float]]:
    """The weighted sums that a template pushes channels by."""
    channels = {axis.name: axis.plus for axis in sketch.axes}
    found: dict[int, dict[str, float]] = {channel: {} for channel in channels.values()}
    for formula in template.formulas:
        for term in formula.terms:
            name = "" if term.factor == "1" else term.factor.removeprefix("-").removeprefix("s.")
            sign = -1.0 if term.factor.startswith("-") else 1.0
            found[channels[formula.name]][name] = sign * values[term.knob]
    return found
