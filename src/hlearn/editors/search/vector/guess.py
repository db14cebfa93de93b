"""What a short program is written from before it was measured: a template and its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hlearn.editors.search.knobs import Knob
from hlearn.editors.search.vector.template import Template
from hlearn.editors.search.vector.urges import attributes
from hlearn.probe.vector.sketch import VectorFindings


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A program that was not measured yet: a template and its numbers.

    Attributes:
        sums: the same as weighted sums, where it is that: by action or channel the weights by signal, and a constant
            by the name "" (an action without one has 0, and the largest sum decides).
    """

    template: Template
    values: dict[str, float]
    sums: Mapping[int, Mapping[str, float]] = field(default_factory=dict)


def choices(sketch: VectorFindings) -> list[tuple[int, int]]:
    """Two actions that a rule chooses between: opposite ones; where there are none, any two of the first few."""
    opposite = [(a.plus, a.minus) for a in sketch.axes if a.minus is not None]
    ways = [pair for plus, minus in opposite for pair in ((plus, minus), (minus, plus))]
    if ways and len(sketch.axes) == 1:
        return ways
    actions = [a for axis in sketch.axes for a in (axis.plus, axis.minus) if a is not None]
    actions += [] if sketch.neutral is None else [sketch.neutral]
    return [(a, b) for a in actions[:6] for b in actions[:6] if a != b]


def rule_template(
    sketch: VectorFindings, title: str, name: str, story: str, knobs: Sequence[Knob], text: str
) -> Template:
    """A template of one method that acts, whose body is one line."""
    method = "@rule" if sketch.discrete else "@controller"
    plain = attributes(sketch) if not sketch.discrete else ()
    return Template(
        name=name,
        title=title,
        story=story,
        composed=not sketch.discrete,
        attributes=plain,
        knobs=tuple(knobs),
        signals=sketch.signals,
        formulas=(),
        body=f"{method}\ndef push(self, s):\n    {text}",
    )
