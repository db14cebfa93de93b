"""Discrete actions that bring what they move to another thing, or away from it."""

from __future__ import annotations

from collections.abc import Iterator

from hlearn.editors.search.knobs import Knob, tidy
from hlearn.editors.search.vector.guess import Guess
from hlearn.editors.search.vector.template import Formula, Template, Term
from hlearn.editors.search.vector.urges import act_by_urges, meaning, urge_template
from hlearn.probe.vector.sketch import GAP, ActionAxis, Feature, VectorFindings

PULL = 2.0  # urge per cell that a thing is off, or per spread of another gap; doing nothing has an urge of 1


def approaches(sketch: VectorFindings, title: str) -> Iterator[Guess]:
    """Programs that close the gaps to one thing along all axes that drive them, and those that widen them."""
    if not sketch.discrete:
        return
    gaps = [s for s in sketch.signals if s.kind == GAP]
    for thing in dict.fromkeys(s.goal for s in gaps):
        mine = [s for s in gaps if s.goal == thing]
        pulls = [(a, pull) for a in sketch.axes if (pull := _driven(a, mine)) is not None]
        if not pulls:
            continue
        for sign, name, story in (
            (1.0, "approach", f"Goes to {thing}."),
            (-1.0, "keep away", f"Keeps away from {thing}."),
        ):
            template, values, sums = _written(sketch, title, name, story, pulls, sign)
            yield Guess(template=template, values=values, sums=sums)


def _driven(axis: ActionAxis, gaps: list[Feature]) -> tuple[Feature, float] | None:
    """The gap that an axis drives most, and the effect of a push forwards on it."""
    effects = dict(axis.drives)
    found = [(s, effects[s.name]) for s in gaps if s.name in effects]
    return max(found, key=lambda f: abs(f[1]), default=None)


def _written(
    sketch: VectorFindings,
    title: str,
    name: str,
    story: str,
    pulls: list[tuple[ActionAxis, tuple[Feature, float]]],
    sign: float,
) -> tuple[Template, dict[str, float], dict[int, dict[str, float]]]:
    """The template, its numbers, and the same as weighted sums by action."""
    knobs: list[Knob] = []
    formulas: list[Formula] = []
    values: dict[str, float] = {}
    sums: dict[int, dict[str, float]] = {} if sketch.neutral is None else {sketch.neutral: {"": 1.0}}
    driven = {axis.name: pull for axis, pull in pulls}
    for axis in sketch.axes:
        terms: tuple[Term, ...] = ()
        if axis.name in driven:
            signal, effect = driven[axis.name]
            spread = PULL if signal.reading is not None else PULL / signal.scale
            knob = Knob(name=f"{axis.name}_pull", spread=spread)
            knobs.append(knob)
            values[knob.name] = tidy(-sign * spread if effect > 0.0 else sign * spread)
            sums[axis.plus] = {signal.name: values[knob.name]}
            if axis.minus is not None:
                sums[axis.minus] = {signal.name: -values[knob.name]}
            terms = (Term(knob=knob.name, factor=f"s.{signal.name}"),)
        formulas.append(Formula(name=axis.name, doc=meaning(axis, sketch), terms=terms))
    template = urge_template(sketch, title, name, story, knobs, formulas, act_by_urges(sketch))
    return template, values, sums
