"""Families for bodies with two alike limbs: linear feedback shared by both, and limbs that take turns."""

from __future__ import annotations

import textwrap
from dataclasses import replace

from hlearn.editors.search.knobs import Knob
from hlearn.editors.search.vector.families import linear
from hlearn.editors.search.vector.template import Formula, Template
from hlearn.editors.search.vector.urges import attributes, weigh
from hlearn.probe.vector.limbs import Limbs, find_joint
from hlearn.probe.vector.sketch import ANGLE, FLAG, PLAIN, Feature, VectorFindings

MOST_LINEAR = 260  # weights of linear feedback in which every channel hears all
FULL = 1.0  # strength of a push's feedback: usual signals together push about fully
MOST_BODY = 8  # signals of the body that a rhythm listens to
ROLES = ("lead", "carry")
PATIENCE = 20  # control steps after which a limb stops waiting, at first


def gait_families(sketch: VectorFindings, limbs: Limbs, title: str) -> list[Template]:
    """Every family that fits two alike limbs; taking turns needs contacts."""
    both = [shared(sketch, limbs, title)]
    return [turns(sketch, limbs, title), *both] if limbs.find("contact") else both


def turns(sketch: VectorFindings, limbs: Limbs, title: str) -> Template:
    """A state machine of two mirrored halves.

    The leading limb reaches out while the other carries; then it comes down until it touches, and the other
    leads. Each half has a target angle per joint of the leading and of the carrying limb, held by
    proportional-derivative control; feedback of the body's motion is added.

    Args:
        sketch: what the probe found.
        limbs: the two limbs.
        title: name of the class.
    """
    knobs: list[Knob] = []
    for phase in ("reach", "plant"):
        for role in ROLES:
            for j in range(limbs.joints):
                part = limbs.part(f"joint{j}")
                knobs.append(Knob(name=f"{phase}_{role}{j}", start=part.centre, spread=part.scale))
    reached = limbs.part("joint0")
    knobs.append(Knob(name="reached", start=reached.centre, spread=reached.scale))
    knobs.append(
        Knob(name="patience", start=PATIENCE, spread=0.4 * PATIENCE, low=4.0, high=80.0, unit="steps")
    )
    formulas = []
    for j in range(limbs.joints):
        gain = sketch.axes[limbs.channels[0][j]].high
        knobs.append(Knob(name=f"stiffness{j}", start=gain, spread=0.7 * gain, low=0.0))
        knobs.append(Knob(name=f"damping{j}", start=0.2 * gain, spread=0.2 * gain, low=0.0))
        terms = []
        for signal in limbs.body:
            terms.append(
                weigh(knobs, f"steady{j}", signal.name, f"s.{signal.name}", 0.4 * gain / signal.scale)
            )
        doc = f"Correction of joint {j} of both limbs by the motion of the body."
        formulas.append(Formula(name=f"steady{j}", doc=doc, terms=tuple(terms)))
    return Template(
        name="limbs in turns",
        title=title,
        story=(
            "Two limbs take turns: the leading one reaches out while the other carries, then comes down\n"
            "until it touches, and the other leads. Joints follow target angles; the body's motion corrects them."
        ),
        composed=True,
        attributes=attributes(sketch),
        knobs=tuple(knobs),
        signals=sketch.signals,
        formulas=tuple(formulas),
        body=_turning(limbs),
        parts=(("feedback", "pd"), ("oscillator", "Steps")),
        setup=("self.steps = Steps(patience=self.patience)",),
        head=_limb_type(limbs),
    )


def _turning(limbs: Limbs) -> str:
    """The methods that act."""
    joints = range(limbs.joints)

    def each(start: str) -> str:
        return "(" + ", ".join(f"{start}{j}" for j in joints) + ("," if limbs.joints == 1 else "") + ")"

    hold = [
        f"pd(targets[{j}], limb.joint{j}, limb.joint{j}_rate, stiffness[{j}], self.damping{j}) + steady[{j}],"
        for j in joints
    ]
    return "\n\n".join(
        [
            _limb_detectors(limbs),
            "@detect\ndef turn(self, obs):\n"
            '    """Which limb leads, and whether it comes down already."""\n'
            "    own = (self.s.limb0, self.s.limb1)[self.steps.lead]\n"
            "    return self.steps.next(own.joint0 > self.reached, own.contact > 0.5)",
            "def hold(self, limb, targets, stiffness, steady):\n"
            '    """Pushes that bring one limb\'s joints to their targets."""\n'
            "    return [\n" + textwrap.indent("\n".join(hold), "        ") + "\n    ]",
            "@controller\ndef walk(self, s):\n"
            "    lead, planting = s.turn\n"
            "    if planting:\n"
            f"        leading, carrying = {each('self.plant_lead')}, {each('self.plant_carry')}\n"
            "    else:\n"
            f"        leading, carrying = {each('self.reach_lead')}, {each('self.reach_carry')}\n"
            "    limbs = (s.limb0, s.limb1)\n"
            f"    leads = self.hold(limbs[lead], leading, {each('self.stiffness')}, {each('s.steady')})\n"
            "    carries = self.hold(\n"
            f"        limbs[1 - lead], carrying, {each('self.stiffness')}, {each('s.steady')}\n"
            "    )\n"
            "    return leads + carries if lead == 0 else carries + leads",
        ]
    )


def shared(sketch: VectorFindings, limbs: Limbs, title: str) -> Template:
    """Linear feedback, the same for both limbs: each joint listens to its limb, to the other, and to the body."""
    knobs: list[Knob] = []
    formulas = []
    for j in range(limbs.joints):
        gain = sketch.axes[limbs.channels[0][j]].high
        name = f"joint{j}_push"
        terms = []
        sources: list[tuple[str, str, float]] = [(s.name, f"s.{s.name}", s.scale) for s in limbs.body]
        sources += [(f"own_{p.name}", f"own.{p.name}", p.scale) for p in limbs.parts]
        sources += [(f"other_{p.name}", f"other.{p.name}", p.scale) for p in limbs.parts]
        for what, factor, scale in sources:
            terms.append(weigh(knobs, f"joint{j}", what, factor, 0.5 * gain / scale))
        terms.append(weigh(knobs, f"joint{j}", "bias", "1", 0.5 * gain))
        doc = f"Push on joint {j} of a limb, from its own state, the other limb's and the body's."
        formulas.append(Formula(name=name, doc=doc, terms=tuple(terms), arguments=("s", "own", "other")))
    pushes = ", ".join(f"self.joint{j}_push(s, {{0}}, {{1}})" for j in range(limbs.joints))
    body = (
        _limb_detectors(limbs)
        + "\n\n@controller\ndef push(self, s):\n    return [\n"
        + f"        {pushes.format('s.limb0', 's.limb1')},\n"
        + f"        {pushes.format('s.limb1', 's.limb0')},\n    ]"
    )
    return Template(
        name="shared linear",
        title=title,
        story="Each joint is pushed by a weighted sum of its limb, the other limb and the body; both limbs alike.",
        composed=True,
        attributes=attributes(sketch),
        knobs=tuple(knobs),
        signals=sketch.signals,
        formulas=tuple(formulas),
        body=body,
        head=_limb_type(limbs),
    )


def linear_body(sketch: VectorFindings, title: str) -> Template:
    """Every channel by a weighted sum of all that is seen; of what pushes move first, where that is too much."""
    moved = _heard(sketch)
    others = [s for s in sketch.signals if s.kind in (PLAIN, ANGLE, FLAG) and s not in moved]
    signals = [*moved, *others][: max(len(moved), MOST_LINEAR // len(sketch.axes))]
    family = linear(sketch, title, signals, "linear", most=MOST_LINEAR, centred=True)
    return replace(family, strength=FULL)


def rhythm(sketch: VectorFindings, title: str) -> Template:
    """Joints that swing in one rhythm, each with its own centre, size and lag, corrected by the body's motion."""
    knobs: list[Knob] = [Knob(name="pace", start=0.3, spread=0.15, low=0.02, high=1.5, unit="rad/step")]
    joints = [(axis, find_joint(sketch, k)) for k, axis in enumerate(sketch.axes)]
    own = {s.name for _, joint in joints if joint for s in joint}
    body = [s for s in _moved(sketch) if s.name not in own]
    formulas, pushes = [], []
    for k, (axis, joint) in enumerate(joints):
        gain = axis.high
        scale = joint[0].scale if joint else gain
        centre = joint[0].centre if joint else 0.0
        for what, start, spread in (("centre", centre, scale), ("size", 0.0, scale), ("lag", 0.0, 1.5)):
            knobs.append(Knob(name=f"{what}{k}", start=start, spread=spread))
        wave = f"self.rhythm.wave(self.centre{k}, self.size{k}, self.lag{k})"
        if joint:
            knobs.append(Knob(name=f"stiffness{k}", start=gain / scale, spread=0.5 * gain / scale, low=0.0))
            knobs.append(Knob(name=f"damping{k}", start=0.0, spread=0.2 * gain / joint[1].scale, low=0.0))
            wave = f"pd({wave}, s.{joint[0].name}, s.{joint[1].name}, self.stiffness{k}, self.damping{k})"
        terms = []
        for signal in body[:MOST_BODY]:
            terms.append(
                weigh(knobs, f"steady{k}", signal.name, f"s.{signal.name}", 0.3 * gain / signal.scale)
            )
        doc = f"Correction on channel {k} by the motion of the body."
        formulas.append(Formula(name=f"steady{k}", doc=doc, terms=tuple(terms)))
        pushes.append(f"{wave} + s.steady{k},")
    parts = [("oscillator", "Oscillator")] + ([("feedback", "pd")] if any(j for _, j in joints) else [])
    body_source = (
        "@controller\ndef swing(self, s):\n    self.rhythm.next()\n    return [\n"
        + textwrap.indent("\n".join(pushes), "        ")
        + "\n    ]"
    )
    return Template(
        name="rhythm",
        title=title,
        story="Every joint swings in one rhythm, with its own centre, size and lag; the body's motion corrects it.",
        composed=True,
        attributes=attributes(sketch),
        knobs=tuple(knobs),
        signals=sketch.signals,
        formulas=tuple(formulas),
        body=body_source,
        parts=tuple(parts),
        setup=("self.rhythm = Oscillator(self.pace)",),
    )


def _heard(sketch: VectorFindings) -> list[Feature]:
    """Signals that pushes move, the joints of all channels, and what they are rates of."""
    names = {name for axis in sketch.axes for name, _ in axis.drives}
    for channel in range(len(sketch.axes)):
        names |= {s.name for s in find_joint(sketch, channel) or ()}
    names |= {s.rate_of for s in sketch.signals if s.name in names and s.rate_of is not None}
    return [s for s in sketch.signals if s.name in names and s.kind in (PLAIN, ANGLE)]


def _moved(sketch: VectorFindings) -> list[Feature]:
    """Signals that pushes move."""
    names = {name for axis in sketch.axes for name, _ in axis.drives}
    return [s for s in sketch.signals if s.name in names and s.kind != FLAG]


def _limb_type(limbs: Limbs) -> str:
    names = " ".join(p.name for p in limbs.parts)
    return f'Limb = namedtuple("Limb", "{names}")'


def _limb_detectors(limbs: Limbs) -> str:
    blocks = []
    for side in (0, 1):
        reads = ", ".join(f"float(obs[{p.indices[side]}])" for p in limbs.parts)
        blocks.append(f"@detect\ndef limb{side}(self, obs):\n    return Limb({reads})")
    return "\n\n".join(blocks)
