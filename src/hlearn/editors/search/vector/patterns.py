"""The plainest gait: all joints swing in one rhythm around their centres, and springs pull them there."""

from __future__ import annotations

import textwrap

from hlearn.editors.search.knobs import Knob
from hlearn.editors.search.vector.template import Formula, Template
from hlearn.editors.search.vector.urges import attributes
from hlearn.probe.vector.limbs import find_joint
from hlearn.probe.vector.sketch import VectorFindings

PACE = (0.6, 0.3)  # radians per step: where it begins, and how far a sensible step goes
STIFFNESS = 0.5  # full pushes per usual swing of a joint
DAMPING = 0.35  # full pushes per usual rate of a joint


def pattern(sketch: VectorFindings, title: str) -> Template:
    """A central pattern generator: few numbers per joint, one rhythm, one spring and one damper for all.

    A swing is written by its sine and its cosine, so that no number is an angle that starts over. The sums ``steady``
    are empty at first: feedback of the body's motion is added term by term once the gait stands.

    Args:
        sketch: what the probe found.
        title: name of the class.
    """
    joints = [find_joint(sketch, k) for k in range(len(sketch.axes))]
    knobs = [Knob(name="pace", start=PACE[0], spread=PACE[1], low=0.02, high=2.5, unit="rad/step")]
    found = [(axis, joint) for axis, joint in zip(sketch.axes, joints, strict=True) if joint is not None]
    if found:
        springs = [STIFFNESS * axis.high / joint[0].scale for axis, joint in found]
        dampers = [DAMPING * axis.high / joint[1].scale for axis, joint in found]
        for name, sizes in (("stiffness", springs), ("damping", dampers)):
            size = sum(sizes) / len(sizes)
            knobs.append(Knob(name=name, start=size, spread=0.5 * size, low=0.0))
    formulas, pushes = [], []
    for k, (axis, joint) in enumerate(zip(sketch.axes, joints, strict=True)):
        scale, centre = (joint[0].scale, joint[0].centre) if joint is not None else (0.5 * axis.high, 0.0)
        for what, start in (("centre", centre), ("sine", 0.0), ("cosine", 0.0)):
            knobs.append(Knob(name=f"{what}{k}", start=start, spread=scale))
        wave = f"self.rhythm.mixed(self.centre{k}, self.sine{k}, self.cosine{k})"
        if joint is not None:
            wave = f"pd({wave}, s.{joint[0].name}, s.{joint[1].name}, self.stiffness, self.damping)"
        formulas.append(
            Formula(name=f"steady{k}", doc=f"Correction on channel {k} by the motion of the body.", terms=())
        )
        pushes.append(f"{wave} + s.steady{k},")
    body = (
        "@controller\ndef swing(self, s):\n    self.rhythm.next()\n    return [\n"
        + textwrap.indent("\n".join(pushes), "        ")
        + "\n    ]"
    )
    return Template(
        name="one rhythm",
        title=title,
        story="All joints swing in one rhythm around their centres; springs pull them there.",
        composed=True,
        attributes=attributes(sketch),
        knobs=tuple(knobs),
        signals=sketch.signals,
        formulas=tuple(formulas),
        body=body,
        parts=(("oscillator", "Oscillator"), *([("feedback", "pd")] if found else [])),
        setup=("self.rhythm = Oscillator(self.pace)",),
    )
