"""Growing: a good policy gets the terms that improve it, tried at its own numbers first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np

from hlearn.editors.search.knobs import Knob
from hlearn.editors.search.trials import Candidate, PairedComparison, compare
from hlearn.editors.search.vector.template import Template
from hlearn.probe.vector.sketch import ANGLE, COS, PLAIN, SIN, VectorFindings

MOST_SCREENED = 40  # terms tried at most
SCREENED_ON = 8  # episodes
MOST_ADDED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A term that a formula might get."""

    formula: str
    knob: Knob
    factor: str


def extensions(sketch: VectorFindings, template: Template) -> list[Extension]:
    """Terms that the template's sums do not have: signals first, then products of two where there are few."""
    singles = [(s.name, f"s.{s.name}", s.scale) for s in sketch.signals]
    bases = [s for s in sketch.signals if s.kind in (PLAIN, ANGLE, COS, SIN)]
    products = [
        (
            f"{a.name}_squared" if a is b else f"{a.name}_{b.name}",
            f"s.{a.name}**2" if a is b else f"s.{a.name} * s.{b.name}",
            2.0 * a.scale * b.scale,
        )
        for a, b in combinations_with_replacement(bases, 2)
    ]
    sizes = [
        (f"abs_{s.name}", f"abs(s.{s.name})", s.scale) for s in sketch.signals if s.kind in (PLAIN, ANGLE)
    ]
    found = []
    for choices in (singles, sizes, products):
        for formula in template.formulas:
            if formula.source or formula.arguments:
                continue
            have = {t.factor for t in formula.terms}
            for name, factor, scale in choices:
                if factor not in have:
                    knob = Knob(name=f"{formula.name}_{name}", spread=1.0 / scale)
                    found.append(Extension(formula=formula.name, knob=knob, factor=factor))
    return found[:MOST_SCREENED]


def rescaled(template: Template, values: Mapping[str, float]) -> Template:
    """The template with spreads that fit numbers already tuned: a step is as large as the numbers are."""
    ratio = typical(template, values)
    knobs = tuple(
        replace(k, start=values[k.name], spread=max(abs(values[k.name]), 0.5 * ratio * k.spread))
        for k in template.knobs
    )
    return replace(template, knobs=knobs, strength=math.inf)  # spreads are no usual signals any more


def typical(template: Template, values: Mapping[str, float]) -> float:
    """Median size of the numbers in units of their spreads, at least 0.3."""
    sizes = [abs(values[k.name]) / k.spread for k in template.knobs]
    return max(float(np.median(sizes)) if sizes else 1.0, 0.3)


def grow(
    trials: PairedComparison,
    sketch: VectorFindings,
    template: Template,
    best: Candidate,
    episodes: int = SCREENED_ON,
) -> Template | None:
    """Tries terms one by one, both signs, at the best numbers.

    Returns:
        The template with the most promising ones (knobs start at 0), or None where none helps.

    Raises:
        BudgetExhausted: nothing is lost.
    """
    ratio = typical(template, best.values)
    tried: list[tuple[Extension, Candidate]] = []
    for extension in extensions(sketch, template):
        longer = template.extend(extension.formula, extension.knob, extension.factor)
        for sign in (-1.0, 1.0):
            values = {**best.values, extension.knob.name: sign * 0.3 * ratio * extension.knob.spread}
            tried.append(
                (extension, trials.candidate(longer, values, f"{template.name}, {extension.knob.name}"))
            )
    if not tried:
        return None
    trials.play([best, *(c for _, c in tried)], episodes)
    merit: dict[str, float] = {}
    for extension, candidate in tried:
        gap, _ = compare(candidate, best)
        merit[extension.knob.name] = max(gap, merit.get(extension.knob.name, -np.inf))
    chosen = sorted(merit, key=lambda name: -merit[name])[:MOST_ADDED]
    chosen = [name for name in chosen if merit[name] > 0.0]
    if not chosen:
        return None
    grown = template
    for extension, _ in tried[::2]:
        if extension.knob.name in chosen:
            grown = grown.extend(extension.formula, extension.knob, extension.factor)
    return grown
