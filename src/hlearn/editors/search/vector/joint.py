"""Linear policies of all outputs at once, drawn and changed at random: a floor that no other family may stay below.

A short rule shows nothing where several channels must act together, or where an action is right for a sum of many
numbers. So whole policies are drawn, as plain as they come: one weighted sum of what is seen per action (the largest
decides) or per channel. Their zeros are left out of the program, and pruning finds more of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from hlearn.editors.search.knobs import Knob, tidy
from hlearn.editors.search.vector.template import Formula, Template
from hlearn.editors.search.vector.urges import urge_template, weigh
from hlearn.probe.vector.sketch import COS, FLAG, GAP, PLAIN, SIN, VectorFindings

DENSE = 0.5  # share of the weights that are not 0
FEW = 3.0  # weights of each sum that are not 0, in every third draw
MOST_OUTPUTS = 8  # actions among which a draw chooses: of more, so many by chance
MOST_DRAWN = 200  # weights that are not 0, where a draw is wide
STEEP = 4.0  # times the usual size, in every third draw: pushes that go all the way
LITTLE = 0.5  # of the changes touch a few weights only
RAW = (PLAIN, COS, SIN, FLAG, GAP)  # what a fresh draw weighs; changes may open others


@dataclass(frozen=True, slots=True, kw_only=True)
class JointPolicy:
    """A policy by weighted sums of what is seen, in spreads of the probe.

    Attributes:
        outputs: the actions it chooses among, or the channels it pushes.
        weights: float[outputs, signals + 1]; the last column is the sum's constant.
    """

    outputs: tuple[int, ...]
    weights: np.ndarray


class JointLinear:
    """Draws such policies, changes them and writes them as programs.

    Args:
        sketch: what the probe found.
        title: name of the class that is written.
        actions: how many discrete actions there are, 0 for a box.
        rng: decides.
    """

    def __init__(self, sketch: VectorFindings, title: str, actions: int, rng: np.random.Generator) -> None:
        self.sketch = sketch
        self.title = title
        self.actions = actions
        self.rng = rng
        self.signals = sketch.signals
        self._raw = np.array([*(s.kind in RAW for s in sketch.signals), True])  # what a fresh draw weighs

    @property
    def drawable(self) -> bool:
        """Whether there is anything to weigh, and anything to choose."""
        return bool(self._raw[:-1].any()) and (
            self.actions > 1 or (not self.actions and bool(self.sketch.axes))
        )

    def fresh(self) -> JointPolicy:
        """A policy drawn at random."""
        outputs = tuple(range(self.actions or len(self.sketch.axes)))
        if self.actions > MOST_OUTPUTS:
            outputs = tuple(sorted(self.rng.choice(self.actions, MOST_OUTPUTS, replace=False).tolist()))
        size = len(self.signals) + 1
        dense = min(DENSE, MOST_DRAWN / (len(outputs) * size))
        if self.rng.random() < 1 / 3:
            dense = min(dense, FEW / size)
        steep = STEEP if self.rng.random() < 1 / 3 else 1.0
        weights = steep * self._drawn(len(outputs), dense) * self._raw
        return JointPolicy(outputs=outputs, weights=weights)

    def of(self, sums: Mapping[int, Mapping[str, float]]) -> JointPolicy | None:
        """A policy that somebody else found.

        Args:
            sums: by action or channel the weights of what is seen, by the signals' names; "" names the constant.

        Returns:
            None where there is nothing to choose.
        """
        outputs = tuple(sorted(sums))
        if not outputs or (not self.actions and len(outputs) != len(self.sketch.axes)):
            return None
        weights = np.zeros((len(outputs), len(self.signals) + 1))
        for row, output in enumerate(outputs):
            middle, half = (m[0] for m in self._ranges((output,)))
            weights[row, -1] = (sums[output].get("", 0.0) - middle) / half
            for column, signal in enumerate(self.signals):
                weight = sums[output].get(signal.name, 0.0) / half
                weights[row, column] = weight * signal.scale
                weights[row, -1] += weight * signal.centre
        return JointPolicy(outputs=outputs, weights=weights)

    def varied(self, policy: JointPolicy, size: float) -> JointPolicy:
        """The policy with many weights changed a little, or few of them by more.

        Args:
            policy: what is changed.
            size: of the change, beside that of a fresh draw.
        """
        rows, columns = policy.weights.shape
        if self.rng.random() < LITTLE:
            dense = max(1.0, FEW * self.rng.random()) / (rows * columns)
            size *= float(np.sqrt(columns))
        else:
            dense = min(DENSE, MOST_DRAWN / (rows * columns))
        change = self._drawn(rows, dense)
        while not change.any():
            change = self._drawn(rows, max(dense, 1.0 / (rows * columns)))
        return replace(policy, weights=policy.weights + size * change)

    def _drawn(self, rows: int, dense: float) -> np.ndarray:
        shape = (rows, len(self.signals) + 1)
        return np.asarray(
            self.rng.standard_normal(shape) / np.sqrt(shape[1]) * (self.rng.random(shape) < dense)
        )

    def written(self, policy: JointPolicy) -> tuple[Template, dict[str, float]]:
        """The policy as a family with its numbers, without the weights that are 0."""
        knobs: list[Knob] = []
        formulas = []
        values: dict[str, float] = {}
        rows, said = policy.weights, [self._called(output) for output in policy.outputs]
        middles, halves = self._ranges(policy.outputs)
        if self._two(policy):  # which of two sums is larger is one sum
            rows, said = rows[1:] - rows[:1], [("lean", self._lean(policy))]
        for row, (name, doc), middle, half in zip(rows, said, middles, halves, strict=False):
            terms = []
            constant = row[-1]
            for weight, signal in zip(row[:-1], self.signals, strict=True):
                if weight:
                    terms.append(weigh(knobs, name, signal.name, f"s.{signal.name}", half / signal.scale))
                    values[knobs[-1].name] = tidy(float(weight * half / signal.scale))
                    constant -= weight * signal.centre / signal.scale
            if constant or middle:
                terms.append(weigh(knobs, name, "bias", "1", half))
                values[knobs[-1].name] = tidy(float(middle + constant * half))
            formulas.append(Formula(name=name, doc=doc, terms=tuple(terms)))
        knobs = [replace(k, start=values[k.name]) for k in knobs]
        story = (
            "Weighs what it sees for each action; the largest sum decides."
            if self.actions
            else "Pushes along all channels at once, each by a weighted sum of what it sees."
        )
        template = urge_template(
            self.sketch, self.title, "joint linear", story, knobs, formulas, self._body(policy)
        )
        return template if not self.actions else replace(template, attributes=()), values

    def _two(self, policy: JointPolicy) -> bool:
        return self.actions > 0 and len(policy.outputs) == 2

    def _called(self, output: int) -> tuple[str, str]:
        """Name and meaning of a sum."""
        if self.actions:
            return f"urge{output}", f"How much speaks for action {output}."
        return f"push{output}", f"Push on channel {output}."

    @staticmethod
    def _lean(policy: JointPolicy) -> str:
        return f"Above 0: action {policy.outputs[1]}, else {policy.outputs[0]}."

    def _ranges(self, outputs: tuple[int, ...]) -> tuple[list[float], list[float]]:
        """The middle and half the width of each output's range."""
        if self.actions:
            return [0.0] * len(outputs), [1.0] * len(outputs)
        axes = [self.sketch.axes[o] for o in outputs]
        return [0.5 * (a.low + a.high) for a in axes], [0.5 * (a.high - a.low) for a in axes]

    def _body(self, policy: JointPolicy) -> str:
        if not self.actions:
            pushes = ", ".join(f"s.{self._called(o)[0]}" for o in policy.outputs)
            return f"@controller\ndef push(self, s):\n    return [{pushes}]"
        if self._two(policy):
            first, other = policy.outputs
            return f"@rule\ndef choose(self, s):\n    return {other} if s.lean > 0.0 else {first}"
        pairs = ", ".join(f"(s.{self._called(o)[0]}, {o})" for o in policy.outputs)
        return f"@rule\ndef choose(self, s):\n    return max({pairs})[1]"
