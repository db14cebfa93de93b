"""Families for one axis of action that also weigh products of signals: polynomials, and odd functions of a swing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

from hlearn.editors.search.knobs import Knob
from hlearn.editors.search.vector.template import Formula, Template
from hlearn.editors.search.vector.urges import act_by_urges, gain_of, meaning, urge_template, weigh
from hlearn.probe.vector.sketch import ANGLE, COS, FLAG, PLAIN, SIN, Feature, VectorFindings

CUBIC_UP_TO = 2  # signals of which all products of three are weighed; more: products of two
QUADRATIC_UP_TO = 4
FEW = 2  # odd signals that are also weighed by squares
OFF_CENTRE = 0.3  # standard deviations from 0 beyond which products are of distances from the mean


def polynomial(sketch: VectorFindings, title: str) -> Template | None:
    """All products of two or three signals; None where there are too many signals or several axes."""
    signals = [s for s in sketch.signals if s.kind in (PLAIN, ANGLE)]
    if len(sketch.axes) != 1 or not 0 < len(signals) <= QUADRATIC_UP_TO:
        return None
    axis = sketch.axes[0]
    degree = 3 if len(signals) <= CUBIC_UP_TO else 2
    offsets, factors = _centred(signals)
    scales = {s.name: s.scale for s in signals}
    knobs: list[Knob] = []
    terms = []
    for size in range(1, degree + 1):
        for chosen in combinations_with_replacement([s.name for s in signals], size):
            spread = gain_of(axis) * 0.5 ** (size - 1)
            for name in chosen:
                spread /= scales[name]
            terms.append(weigh(knobs, axis.name, _name(chosen), _product(chosen, factors), spread))
    terms.append(weigh(knobs, axis.name, "bias", "1", gain_of(axis)))
    formula = Formula(name=axis.name, doc=meaning(axis, sketch), terms=tuple(terms))
    name = "cubic" if degree == 3 else "quadratic"
    story = f"Pushes by a {name} function of what it sees."
    return urge_template(sketch, title, name, story, knobs, [*offsets, formula], act_by_urges(sketch))


def swing(sketch: VectorFindings, title: str) -> Template | None:
    """For what turns and looks the same from left and right: the push is an odd function of the sideways state.

    Sines and rates are odd: they change sign in the mirror. Each is weighed by itself and by even numbers, which do
    not: cosines and, where there are few, squares.

    Returns:
        None where nothing turns, or where pushes have no opposite.
    """
    signals = [s for s in sketch.signals if s.kind in (PLAIN, SIN, COS)]
    turning = any(s.kind == COS for s in signals)
    flags = any(s.kind == FLAG for s in sketch.signals)
    if not turning or flags or len(sketch.axes) != 1:
        return None
    axis = sketch.axes[0]
    if abs(axis.low + axis.high) > 1e-6 * axis.high:
        return None
    odd = [s for s in signals if s.kind != COS]
    even: list[tuple[tuple[Feature, ...], float]] = [((), 1.0)]
    even += [((s,), 1.0) for s in signals if s.kind == COS]
    if len(odd) <= FEW:
        even += [((s, s), 0.5) for s in signals if s.kind == COS or s.rate_of is not None]
    factors = {s.name: f"s.{s.name}" for s in signals}
    knobs: list[Knob] = []
    terms = []
    for own in odd:
        for others, share in even:
            chosen = tuple(s.name for s in (own, *others))
            spread = share * gain_of(axis) / own.scale
            for other in others:
                spread /= other.scale
            terms.append(weigh(knobs, axis.name, _name(chosen), _product(chosen, factors), spread))
    formula = Formula(name=axis.name, doc=meaning(axis, sketch), terms=tuple(terms))
    story = (
        "Pushes left as it would push right in the mirror: signs come from sines and rates, sizes from all."
    )
    return urge_template(sketch, title, "swing", story, knobs, [formula], act_by_urges(sketch))


def _centred(signals: Sequence[Feature]) -> tuple[list[Formula], dict[str, str]]:
    """Formulas for distances from the mean where 0 is far from it, and what to multiply for each signal."""
    offsets, factors = [], {}
    for signal in signals:
        factors[signal.name] = f"s.{signal.name}"
        if abs(signal.centre) > OFF_CENTRE * signal.scale:
            sign = "-" if signal.centre > 0 else "+"
            name = f"{signal.name}_off"
            doc = f"How far {signal.name} is from its mean in the probe."
            source = f"s.{signal.name} {sign} {abs(signal.centre):.3g}"
            offsets.append(Formula(name=name, doc=doc, terms=(), source=source))
            factors[signal.name] = f"s.{name}"
    return offsets, factors


def _name(chosen: Sequence[str]) -> str:
    """``x``, ``x_squared``, ``x_cubed_y``, in the order of first use."""
    powers = {1: "", 2: "_squared", 3: "_cubed"}
    return "_".join(f"{name}{powers[chosen.count(name)]}" for name in dict.fromkeys(chosen))


def _product(chosen: Sequence[str], factors: dict[str, str]) -> str:
    counts = {name: chosen.count(name) for name in dict.fromkeys(chosen)}
    return " * ".join(factors[n] if c == 1 else f"{factors[n]}**{c}" for n, c in counts.items())
