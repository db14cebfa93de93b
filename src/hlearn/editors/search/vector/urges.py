"""What families of urges share: weights, the meaning of an axis, and how urges become an action."""

from __future__ import annotations

from collections.abc import Sequence

from hlearn.editors.search.knobs import Knob
from hlearn.editors.search.vector.template import Formula, Template, Term
from hlearn.probe.vector.sketch import ActionAxis, Feature, VectorFindings

APART = 0.5  # of its scale, from which it matters that a signal at rest is not 0


def act_by_urges(sketch: VectorFindings) -> str:
    """The method that turns urges into the action."""
    if not sketch.discrete:
        urges = ", ".join(f"s.{a.name}" for a in sketch.axes)
        return f"@controller\ndef push(self, s):\n    return [{urges}]"
    lines = ["@rule", "def push(self, s):"]
    if len(sketch.axes) == 1 and sketch.axes[0].minus is not None:
        axis = sketch.axes[0]
        lines.append(f"    return {axis.plus} if s.{axis.name} > 0.0 else {axis.minus}")
        return "\n".join(lines)
    if len(sketch.axes) == 1 and sketch.neutral is None:
        return "\n".join(
            [*lines, f"    return {sketch.axes[0].plus}"]
        )  # there is one action, and nothing to choose
    sizes = ", ".join(_size(a) for a in sketch.axes)
    if sketch.neutral is not None:
        sizes += ", 1.0"
    lines.append(f"    strongest = max({sizes})")
    for axis in sketch.axes:
        lines.append(f"    if {_size(axis)} == strongest:")
        choice = (
            f"{axis.plus} if s.{axis.name} > 0.0 else {axis.minus}" if axis.minus is not None else axis.plus
        )
        lines.append(f"        return {choice}")
    lines.append("    return None")
    return "\n".join(lines)


def attributes(sketch: VectorFindings) -> tuple[str, ...]:
    """Class attributes: the idle action, or the bounds of the push."""
    if sketch.discrete:
        return (f"idle = {sketch.neutral if sketch.neutral is not None else 0}",)
    low, high = [a.low for a in sketch.axes], [a.high for a in sketch.axes]
    if len(set(low)) == 1 and len(set(high)) == 1:
        return (f"low = {low[0]:g}", f"high = {high[0]:g}")
    return (f"low = np.array({low})", f"high = np.array({high})")


def urge_template(
    sketch: VectorFindings,
    title: str,
    name: str,
    story: str,
    knobs: Sequence[Knob],
    formulas: Sequence[Formula],
    body: str,
) -> Template:
    """A template whose body turns urges into actions."""
    return Template(
        name=name,
        title=title,
        story=story,
        composed=not sketch.discrete,
        attributes=attributes(sketch),
        knobs=tuple(knobs),
        signals=sketch.signals,
        formulas=tuple(formulas),
        body=body,
    )


def weigh(knobs: list[Knob], formula: str, name: str, factor: str, spread: float) -> Term:
    """Opens a knob and returns the term that it weighs."""
    knob = Knob(name=f"{formula}_{name}", spread=spread)
    knobs.append(knob)
    return Term(knob=knob.name, factor=factor)


def away(signal: Feature) -> str:
    """A signal counted from where episodes begin, as source; where that is about 0, the signal itself."""
    rest = float(f"{signal.rest:.2g}")
    if abs(rest) < APART * signal.scale:
        return f"s.{signal.name}"
    return f"(s.{signal.name} {'-' if rest > 0 else '+'} {abs(rest):g})"


def gain_of(axis: ActionAxis) -> float:
    """Half the axis's range: a push of that size is a sensible answer to one deviation."""
    return 0.5 * (axis.high - axis.low) if axis.minus is None and axis.low < 0.0 else axis.high


def _size(axis: ActionAxis) -> str:
    return f"abs(s.{axis.name})" if axis.minus is not None else f"s.{axis.name}"


def meaning(axis: ActionAxis, sketch: VectorFindings) -> str:
    """What an urge stands for, for its docstring."""
    moved = ", ".join(f"{'+' if effect > 0 else '-'}{name}" for name, effect in axis.drives[:2])
    moves = f" (moves {moved})" if moved else ""
    if not sketch.discrete:
        return f"Push on channel {axis.plus}{moves}."
    if axis.minus is None:
        return f"Urge for action {axis.plus}{moves}."
    return f"Urge for action {axis.plus}{moves}; below 0 for action {axis.minus}."
