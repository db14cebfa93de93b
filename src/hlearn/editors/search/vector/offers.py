"""Choosing among offers: tasks in which every action has numbers of its own in what is seen.

Items to pack, machines to load, customers to serve: the observation holds one number per action (a price, a size,
whether it may be taken now), often several of them, as columns or as rows. A rule that takes the best offer is short
however many actions there are, and the same weights serve all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations, product

import numpy as np

from hlearn.editors.search.knobs import Knob
from hlearn.editors.search.vector.template import Formula, Template, Term
from hlearn.editors.search.vector.urges import attributes
from hlearn.probe.vector.sketch import Feature, VectorFindings
from hlearn.tasks.environment import ObservationSpec, Part

FEWEST = 5  # actions: of fewer, whether numbers belong to them is chance
MOST_COLUMNS = 6  # numbers of each action, in one part of the observation
EACH = "each"  # kind of a feature that has a number for each action


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Numbers of all actions, in their order.

    Attributes:
        name: how programs call it.
        places: components of the observation, one per action.
        flags: whether it only says yes or no.
        scale: spread of the numbers among the actions, never 0.
        positive: whether none is below 0.
    """

    name: str
    places: range
    flags: bool
    scale: float
    positive: bool

    @property
    def source(self) -> str:
        """Python expression over ``obs``, float[actions]."""
        step = f":{self.places.step}" if self.places.step != 1 else ""
        return f"obs[{self.places.start}:{self.places.stop}{step}]"


def find_columns(observation: ObservationSpec, actions: int, episodes: Sequence[np.ndarray]) -> list[Column]:
    """Stretches that may hold a number for each action, and that differ among the actions.

    Args:
        observation: its parts; where it names none, the whole is one.
        actions: how many there are.
        episodes: observations, float[T, d].
    """
    if actions < FEWEST or not episodes:
        return []
    every = np.concatenate(list(episodes))
    parts = observation.parts or (Part(name="x", start=0, size=every.shape[1]),)
    found: list[Column] = []
    seen: set[bytes] = set()
    for part in parts:
        for name, places in _layouts(part, actions):
            values = every[:, list(places)]
            spread = float(values.std(axis=1).mean())
            if not np.isfinite(spread) or spread < 1e-9 or values.tobytes() in seen:
                continue
            seen.add(values.tobytes())
            flags = bool(np.isin(values, (0.0, 1.0)).all())
            found.append(
                Column(name=name, places=places, flags=flags, scale=spread, positive=bool(values.min() >= 0))
            )
    return found


def _layouts(part: Part, actions: int) -> Iterator[tuple[str, range]]:
    """Where a part may hold numbers of each action: in blocks of as many (or one more), or in rows of equal length."""
    for block in (actions, actions + 1):
        count = part.size // block
        if not 1 <= count <= MOST_COLUMNS or part.size - count * block > max(1, count):
            continue
        for k in range(count):
            start = part.start + k * block
            yield (
                f"{part.name}_of_each{k}" if count > 1 else f"{part.name}_of_each",
                range(start, start + actions),
            )
        if count > 1 and part.size % block == 0:
            for k in range(count):
                start = part.start + k
                yield f"{part.name}_in_row{k}", range(start, start + (actions - 1) * count + 1, count)


def offers(
    sketch: VectorFindings, columns: Sequence[Column], title: str
) -> Iterator[tuple[Template, dict[str, float]]]:
    """Rules that take the best offer, with their numbers: by one column, by one over another, by a sum of two.

    Each with each column of flags as what may be taken, then with no condition.

    Args:
        sketch: what the probe found.
        columns: numbers of each action.
        title: name of the class that is written.
    """
    if not sketch.discrete:
        return
    weighed = [c for c in columns if not c.flags]
    flags = [c for c in columns if c.flags]
    for allowed in [*flags, None]:
        for column in [*weighed, *(f for f in flags if f is not allowed)]:
            for sign in (1.0, -1.0):
                yield _sum(sketch, title, {column: sign}, allowed)
        for above, below in permutations(weighed, 2):
            if below.positive:
                yield _ratio(sketch, title, above, below, allowed)
        if allowed is not None:
            yield _first(sketch, title, allowed)
        for one, two in combinations(weighed, 2):
            for first, second in product((1.0, -1.0), repeat=2):
                yield _sum(sketch, title, {one: first, two: second}, allowed)


def _sum(
    sketch: VectorFindings, title: str, weights: dict[Column, float], allowed: Column | None
) -> tuple[Template, dict[str, float]]:
    knobs = [Knob(name=f"{c.name}_weight", spread=1.0 / c.scale) for c in weights]
    terms = tuple(Term(knob=k.name, factor=f"s.{c.name}") for k, c in zip(knobs, weights, strict=True))
    worth = Formula(name="worth", doc="What each action is worth.", terms=terms)
    values = {k.name: float(f"{w * k.spread:.4g}") for k, w in zip(knobs, weights.values(), strict=True)}
    signals = [_feature(c) for c in weights]
    return _choosing(sketch, title, signals, knobs, [worth], allowed), values


def _ratio(
    sketch: VectorFindings, title: str, above: Column, below: Column, allowed: Column | None
) -> tuple[Template, dict[str, float]]:
    worth = Formula(
        name="worth",
        doc=f"{above.name} for each unit of {below.name}.",
        terms=(),
        source=f"s.{above.name} / np.maximum(s.{below.name}, 1e-9)",
    )
    return _choosing(sketch, title, [_feature(above), _feature(below)], [], [worth], allowed), {}


def _first(sketch: VectorFindings, title: str, allowed: Column) -> tuple[Template, dict[str, float]]:
    text = f"@rule\ndef choose(self, s):\n    return int(np.argmax(s.{allowed.name}))"
    story = "Takes the first action that may be taken."
    return _template(sketch, title, story, [_feature(allowed)], [], [], text), {}


def _choosing(
    sketch: VectorFindings,
    title: str,
    signals: Sequence[Feature],
    knobs: Sequence[Knob],
    formulas: Sequence[Formula],
    allowed: Column | None,
) -> Template:
    worth = "s.worth" if allowed is None else f"np.where(s.{allowed.name} > 0.0, s.worth, -np.inf)"
    story = "Takes the action that is worth most" + (", of those that may be taken." if allowed else ".")
    text = f"@rule\ndef choose(self, s):\n    return int(np.argmax({worth}))"
    more = [] if allowed is None else [_feature(allowed)]
    return _template(sketch, title, story, [*signals, *more], knobs, formulas, text)


def _template(
    sketch: VectorFindings,
    title: str,
    story: str,
    signals: Sequence[Feature],
    knobs: Sequence[Knob],
    formulas: Sequence[Formula],
    text: str,
) -> Template:
    return Template(
        name="best offer",
        title=title,
        story=story,
        composed=False,
        attributes=attributes(sketch),
        knobs=tuple(knobs),
        signals=tuple(signals),
        formulas=tuple(formulas),
        body=text,
    )


def _feature(column: Column) -> Feature:
    return Feature(
        name=column.name,
        source=column.source,
        indices=(column.places.start,),
        kind=EACH,
        centre=0.0,
        scale=column.scale,
    )
