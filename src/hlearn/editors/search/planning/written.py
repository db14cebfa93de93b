"""Planners as programs: a base program, renamed and kept word for word, and a planner of a few numbers around it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hlearn.editors.search.knobs import Knob
from hlearn.records import Program
from hlearn.tasks.environment import ActionSpace, Box, Discrete

BASE = "_Base"
_STEPS = "decisions"
FITTED = 30  # sequences of a decision from which on linear models can be fitted to them


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """A terminal value's numbers, one per component of the observation (:class:`hlearn.parts.planning.Value`)."""

    weights: tuple[float, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerKind:
    """A kind of planner.

    Attributes:
        name: for notes.
        made: the class in ``hlearn.parts.planning``.
        story: what it does, for the docstring.
        knobs: its open numbers, named as its arguments; those in ``whole`` are whole numbers.
        whole: see above.
        fixed: further arguments, as source.
        coarse: whether it plays coarser physics, where the simulator can: its samples may grow by what that saves.
    """

    name: str
    made: str
    story: str
    knobs: tuple[Knob, ...]
    whole: frozenset[str] = frozenset(
        {"horizon", "samples", "rounds", "hold", "depth", "steps", "knots", "longest"}
    )
    fixed: str = ""
    coarse: bool = False


def _horizon(start: float) -> Knob:
    return Knob(name="horizon", start=start, spread=0.3 * start, low=3.0, high=80.0, unit=_STEPS)


def _spread(start: float) -> Knob:
    return Knob(name="spread", start=start, spread=0.1, low=0.02, high=1.0, unit="half ranges")


def _cyclic(horizon: int, steps: int, *, substeps: int = 0) -> PlannerKind:
    samples = float(max(8, steps // horizon))
    coarse = f", {substeps} physics steps each" if substeps else ""
    return PlannerKind(
        name=f"cycles over {horizon} steps{coarse}",
        made="Cyclic",
        story="what was played lately is tried again as a cycle, and draws around the best of it are tried too",
        knobs=(
            _horizon(horizon),
            Knob(name="samples", start=samples, spread=0.1 * samples, low=8.0, high=40 * samples),
            _spread(0.6),
            Knob(name="knots", start=float(horizon // 3), spread=2.0, low=1.0, high=80.0),
            Knob(name="longest", start=10.0, spread=3.0, low=3.0, high=40.0, unit=_STEPS),
        ),
        fixed=f"rounds=2, substeps={substeps}" if substeps else "rounds=2",
        coarse=substeps > 0,
    )


def box_kinds(steps: int) -> tuple[PlannerKind, ...]:
    """Planners for box actions.

    Args:
        steps: simulated decisions for one decision, about.
    """
    kinds = []
    for horizon in (8, 15, 30):
        samples = float(max(8, steps // horizon))
        budget = Knob(name="samples", start=samples, spread=0.1 * samples, low=8.0, high=4 * samples)
        kinds.append(
            PlannerKind(
                name=f"iCEM over {horizon} steps",
                made="ICEM",
                story="the cross-entropy method draws and draws again around the best, and plays the first of it",
                knobs=(_horizon(horizon), budget, _spread(0.4)),
                fixed="rounds=3, elites=0.15",
            )
        )
    samples = float(max(8, steps // 15))
    kinds.append(
        PlannerKind(
            name="MPPI over 15 steps",
            made="MPPI",
            story="path integral control moves the plan to the mean of what was drawn, weighted by what it brings",
            knobs=(
                _horizon(15),
                Knob(name="samples", start=samples, spread=0.1 * samples, low=8.0, high=4 * samples),
                _spread(0.25),
                Knob(name="temperature", start=0.3, spread=0.1, low=0.02, high=2.0),
            ),
            fixed="rounds=2",
        )
    )
    if samples >= FITTED:
        kinds.append(
            PlannerKind(
                name="iLQR over 15 steps",
                made="ILQR",
                story="a linear model is fitted around the plan and solved backwards, and the plan changed as it says",
                knobs=(
                    _horizon(15),
                    Knob(
                        name="samples",
                        start=samples,
                        spread=0.1 * samples,
                        low=float(FITTED),
                        high=4 * samples,
                    ),
                    _spread(0.5),
                    Knob(name="probe", start=0.2, spread=0.1, low=0.02, high=0.6, unit="half ranges"),
                ),
                fixed="rounds=2",
            )
        )
    kinds.append(
        PlannerKind(
            name="gradient over 15 steps",
            made="GradientShooting",
            story="the plan climbs along the gradient of the return, found by small differences",
            knobs=(
                _horizon(15),
                Knob(name="samples", start=samples, spread=0.1 * samples, low=8.0, high=4 * samples),
                _spread(0.5),
            ),
            fixed="knots=5",
        )
    )
    return (*kinds, _cyclic(18, steps), _cyclic(26, steps), _cyclic(16, steps, substeps=2))


def discrete_kinds(steps: int) -> tuple[PlannerKind, ...]:
    """Planners for discrete actions whose states are vectors."""
    return tuple(
        PlannerKind(
            name=f"shooting over {horizon} steps",
            made="DiscreteShooting",
            story="sequences around its plan and of held actions are tried, and the first action of the best is played",
            knobs=(
                _horizon(horizon),
                Knob(
                    name="samples",
                    start=max(8.0, steps // horizon),
                    spread=2.0,
                    low=4.0,
                    high=max(16.0, 4.0 * steps // horizon),
                ),
                Knob(name="hold", start=float(hold), spread=2.0, low=1.0, high=60.0, unit=_STEPS),
            ),
        )
        for horizon, hold in ((15, 4), (40, 10), (80, 40))
    )


def tree_kinds(steps: int) -> tuple[PlannerKind, ...]:
    """Planners for discrete actions of consoles: an action is held, the tree is grown anew when it was played."""
    kinds = []
    for hold in (5, 10, 15):
        common = (
            Knob(
                name="steps", start=float(steps), spread=0.1 * steps, low=50.0, high=4.0 * steps, unit=_STEPS
            ),
            Knob(name="hold", start=float(hold), spread=2.0, low=1.0, high=30.0, unit=_STEPS),
            Knob(name="discount", start=0.98, spread=0.01, low=0.8, high=1.0),
        )
        kinds.append(
            PlannerKind(
                name=f"rollout IW(1), actions held {hold}",
                made="RolloutIW",
                story="walks from the present go on while they show something new; the way that brings most is taken",
                knobs=common,
            )
        )
    kinds.append(
        PlannerKind(
            name="UCT, actions held 10",
            made="UCT",
            story="a tree grows where returns were good or little is known; the action that brought most is taken",
            knobs=(
                Knob(
                    name="steps",
                    start=float(steps),
                    spread=0.1 * steps,
                    low=50.0,
                    high=4.0 * steps,
                    unit=_STEPS,
                ),
                Knob(name="hold", start=10.0, spread=2.0, low=1.0, high=30.0, unit=_STEPS),
                Knob(name="depth", start=12.0, spread=3.0, low=2.0, high=60.0),
            ),
        )
    )
    return tuple(kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A planner around a base program, with open numbers.

    Attributes:
        base: the program that is planned around, of one module.
        title: name of the class that is written.
        kind: which planner.
        actions: what programs of the task may do.
        knobs: the open numbers.
        beyond: terminal value, None for none.
        limit: how far actions may be from the base's, in half ranges; None for anywhere.
    """

    base: Program
    title: str
    kind: PlannerKind
    actions: ActionSpace
    knobs: tuple[Knob, ...]
    beyond: Beyond | None = None
    limit: float | None = None

    @property
    def name(self) -> str:
        """For progress lines and notes."""
        more = [", with a value"] if self.beyond is not None else []
        more += [f", within {self.limit:g} of the base"] if self.limit is not None else []
        return self.kind.name + "".join(more)

    @property
    def droppable(self) -> tuple[str, ...]:
        """Nothing: each number belongs to the planner."""
        return ()

    def drop(self, part: str) -> Planned:
        """The same; nothing can be dropped."""
        return self

    def with_knobs(self, knobs: tuple[Knob, ...]) -> Planned:
        """The same, whose numbers have other ranges."""
        return replace(self, knobs=knobs)

    def admissible(self, values: Mapping[str, float]) -> dict[str, float]:
        """The numbers as they are."""
        return dict(values)

    def program(self, values: Mapping[str, float], *, parent: str | None = None, origin: str = "") -> Program:
        """Writes the program with these numbers."""
        source = renamed(self.base.source)
        lines = [
            f"class {self.title}({'ComposedPolicy' if isinstance(self.actions, Box) else 'RulePolicy'}):"
        ]
        lines += [f'    """Plans around the base: {self.kind.story}."""', ""]
        if isinstance(self.actions, Box):
            low, high = (np.array(b).tolist() for b in zip(*self.actions.finite_bounds, strict=True))
            lines += [f"    low = {_bound(low)}", f"    high = {_bound(high)}", ""]
        lines += [f"    # {origin}"] if origin else []
        for knob in self.knobs:
            value = round(values[knob.name]) if knob.name in self.kind.whole else values[knob.name]
            lines.append(f"    {knob.declare(value)}")
        lines += ["", *self._setup(), "", *self._acting()]
        names = [self.kind.made, *(["Value"] if self.beyond is not None else [])]
        if self.kind.made not in ("RolloutIW", "UCT"):
            names += ["continued", "held"] if isinstance(self.actions, Box) else ["continued"]
        imports = [f"from hlearn.parts.planning import {', '.join(sorted(names))}"]
        text = with_imports(
            source, imports, "ComposedPolicy" if isinstance(self.actions, Box) else "RulePolicy"
        )
        table = "" if self.beyond is None else _table(self.beyond)
        return Program(source=text.rstrip() + "\n\n\n" + table + "\n".join(lines) + "\n", parent=parent)

    def _setup(self) -> list[str]:
        given = [f"{k.name}=self.{k.name}" for k in self.knobs]
        first = []
        if isinstance(self.actions, Box):
            given += ["low=self.low", "high=self.high"]
        else:
            first = [str(self.actions.n)]
        if self.kind.fixed:
            given.append(self.kind.fixed)
        if self.limit is not None:
            given.append(f"limit={self.limit:g}")
        if self.beyond is not None:
            given.append("value=BEYOND")
        given.append("seed=self.rng.randrange(2**31)")
        lines = [
            "    def setup(self):",
            f"        self.base = {BASE}()",
            "        self.base.reset(self.rng.randrange(2**31))",
            f"        self.planner = {self.kind.made}(",
            *(f"            {argument}," for argument in [*first, *given]),
            "        )",
        ]
        if self.kind.made in ("RolloutIW", "UCT"):
            lines += ["        self.left = 0", "        self.choice = None"]
        return lines

    def _acting(self) -> list[str]:
        if self.kind.made in ("RolloutIW", "UCT"):
            return _HELD.splitlines()
        return (_BOX if isinstance(self.actions, Box) else _DISCRETE).splitlines()


_BOX = '''\
    @detect
    def ahead(self, obs):
        """What the base would do from here on, in the model."""
        if not self.model.alive:
            return held(self.base.act(obs), self.planner.horizon)
        plan = continued(self.model, self.base, obs, self.planner.horizon)
        self.base.act(obs)  # the base itself goes on by one step
        return plan

    @controller
    def plan(self, s):
        return self.planner.decide(self.model, s.ahead)
'''
_DISCRETE = '''\
    @detect
    def ahead(self, obs):
        """What the base would do from here on, in the model."""
        if not self.model.alive:
            return [self.base.act(obs)]
        plan = continued(self.model, self.base, obs, self.planner.horizon)
        self.base.act(obs)  # the base itself goes on by one step
        return plan

    @rule
    def plan(self, s):
        return self.planner.decide(self.model, s.ahead)
'''
_HELD = '''\
    @detect
    def usual(self, obs):
        """What the base does: where the planner tells no actions apart, it decides."""
        return self.base.act(obs)

    @rule
    def plan(self, s):
        """The planned action is held for as long as the planner held it."""
        if self.left <= 0:
            self.choice, self.left = self.planner.decide(self.model), int(self.hold)
        self.left -= 1
        return self.choice

    @rule
    def go_on(self, s):
        return s.usual
'''


def renamed(source: str) -> str:
    """A program whose policy class is called ``_Base``; one that plans already gives its own base back."""
    tree = ast.parse(source)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    policies = [c for c in classes if not c.name.startswith("_") and _acts(c)] or classes[-1:]
    name = policies[-1].name
    return re.sub(rf"\b{re.escape(name)}\b(?!, written)", BASE, source)


def _acts(node: ast.ClassDef) -> bool:
    bases = {getattr(base, "id", getattr(base, "attr", "")) for base in node.bases}
    methods = {m.name for m in node.body if isinstance(m, ast.FunctionDef)}
    return bool(bases & {"ComposedPolicy", "RulePolicy", "JoystickPolicy"}) or {"reset", "act"} <= methods


def with_imports(source: str, lines: list[str], base: str) -> str:
    """A program with further imports below its own, and the names that a planner's class needs of ``hlearn.policy``."""
    roles = {"ComposedPolicy": ["Param", "controller", "detect"], "RulePolicy": ["Param", "detect", "rule"]}
    tree = ast.parse(source)
    wanted = {base, *roles[base]}
    rows = source.splitlines()
    last = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom | ast.Import):
            last = node.end_lineno or last
            if isinstance(node, ast.ImportFrom) and node.module == "hlearn.policy":
                wanted |= {alias.name for alias in node.names}
                for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                    rows[number] = "\0"
    if not last:
        doc: Any = tree.body[0] if tree.body and isinstance(tree.body[0], ast.Expr) else None
        last = doc.end_lineno if doc is not None else 0
    names = ", ".join(sorted(wanted, key=lambda name: (name[0].islower(), name)))
    rows[last:last] = [*lines, f"from hlearn.policy import {names}"]
    return "\n".join(row for row in rows if row != "\0")


def _bound(values: list[float]) -> str:
    if len(set(values)) == 1:
        return f"{values[0]:g}"
    return "(" + ", ".join(f"{v:g}" for v in values) + ")"


def _table(beyond: Beyond) -> str:
    def row(values: tuple[float, ...]) -> str:
        return "[" + ", ".join(f"{v:.3g}" for v in values) + "]"

    return (
        "# What lies beyond the horizon: fitted from returns that the planner itself has had.\n"
        f"BEYOND = Value(\n    {row(beyond.weights)},\n    centre={row(beyond.centre)},\n"
        f"    scale={row(beyond.scale)},\n    most={beyond.most:.3g},\n)\n\n\n"
    )


def kinds_for(actions: ActionSpace, *, vector: bool, steps: int) -> tuple[PlannerKind, ...]:
    """Planners that fit a task.

    Args:
        actions: of the task.
        vector: whether programs observe numbers rather than a console.
        steps: simulated decisions for one decision, about.
    """
    if not isinstance(actions, Discrete):
        return box_kinds(steps)
    return (*discrete_kinds(steps), *tree_kinds(steps)[:1]) if vector else tree_kinds(steps)
