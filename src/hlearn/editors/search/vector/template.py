"""Programs with open numbers: what a family of policies looks like before its constants are tuned."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hlearn.editors.search.knobs import Knob
from hlearn.probe.vector.sketch import Feature
from hlearn.records import Program

IMPORTS = ("ComposedPolicy", "Param", "RulePolicy", "controller", "detect", "reflex", "rule")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One summand, ``knob * factor``; ``factor`` is a Python expression over ``s``, or "1" for a bias."""

    knob: str
    factor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A named number, written into the program as a detector.

    Attributes:
        terms: the weighted sum that it is.
        source: an expression over ``s`` instead of a sum, "" for a sum.
        arguments: of the method, if it is not a detector but is called by others.
    """

    name: str
    doc: str
    terms: tuple[Term, ...]
    source: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A policy with open numbers.

    Attributes:
        name: the family, for progress lines and notes.
        title: name of the class that is written.
        story: what the policy does, for its docstring.
        composed: whether it is a ComposedPolicy (box actions) or a RulePolicy (discrete ones).
        attributes: class attributes, as source lines.
        knobs: the open numbers.
        signals: every signal that formulas and body may read; only those read are written.
        formulas: weighted sums, in the order in which they read each other.
        body: the methods that act, as source.
        parts: names that the body uses from ``hlearn.parts``, as (module, name).
        head: source between the imports and the class.
        setup: what an episode begins with, as source lines.
        strength: how large the weights of one sum may be together, in their knobs' spreads (root of the sum of
            squares): a sum that always pushes fully says no more than one that does at times, and is harder to tune.
    """

    name: str
    title: str
    story: str
    composed: bool
    attributes: tuple[str, ...]
    knobs: tuple[Knob, ...]
    signals: tuple[Feature, ...]
    formulas: tuple[Formula, ...]
    body: str
    parts: tuple[tuple[str, str], ...] = ()
    head: str = ""
    setup: tuple[str, ...] = ()
    strength: float = math.inf

    @property
    def droppable(self) -> tuple[str, ...]:
        """The knobs that weigh a term, and so may go with it."""
        weights = {t.knob for f in self.formulas for t in f.terms}
        return tuple(k.name for k in self.knobs if k.name in weights)

    @property
    def blind(self) -> bool:
        """Whether it reads none of its signals."""
        text = "\n".join([self.body, *(_formula(f) for f in self.formulas)])
        return not any(_reads(text, s.name) for s in self.signals)

    @property
    def from_rest(self) -> bool:
        """Whether it is feedback of limited strength, which begins with no push at all."""
        return math.isfinite(self.strength)

    def drop(self, part: str) -> Template:
        """Returns the template without a knob and the terms that it weighs."""
        return replace(
            self,
            knobs=tuple(k for k in self.knobs if k.name != part),
            formulas=tuple(
                replace(f, terms=tuple(t for t in f.terms if t.knob != part)) for f in self.formulas
            ),
        )

    def extend(self, formula: str, knob: Knob, factor: str) -> Template:
        """Returns the template with one more term in the named formula."""
        term = Term(knob=knob.name, factor=factor)
        return replace(
            self,
            knobs=(*self.knobs, knob),
            formulas=tuple(
                replace(f, terms=(*f.terms, term)) if f.name == formula else f for f in self.formulas
            ),
        )

    def with_knobs(self, knobs: tuple[Knob, ...]) -> Template:
        """Returns the template with other ranges for its numbers."""
        return replace(self, knobs=knobs)

    def admissible(self, values: Mapping[str, float]) -> dict[str, float]:
        """The numbers, with the weights of sums that are stronger than they may be scaled down; biases stay."""
        kept = dict(values)
        if math.isinf(self.strength):
            return kept
        spreads = {k.name: k.spread for k in self.knobs}
        for formula in self.formulas:
            weights = [t.knob for t in formula.terms if t.factor != "1"]
            size = math.hypot(*(kept[w] / spreads[w] for w in weights))
            if size > self.strength:
                kept |= {w: kept[w] * self.strength / size for w in weights}
        return kept

    def program(self, values: Mapping[str, float], *, parent: str | None = None, origin: str = "") -> Program:
        """Writes the program with these numbers.

        Args:
            values: one value per knob, by name.
            parent: SHA-256 of the program that it was edited from.
            origin: where the numbers come from, for the comment above them.
        """
        members = [f'"""{self.story}"""', *(["", *self.attributes] if self.attributes else [])]
        params = [f"# {origin}"] if origin and self.knobs else []
        params += [knob.declare(values[knob.name]) for knob in self.knobs]
        body = self.body.strip("\n")
        for empty in (f for f in self.formulas if not f.terms and not f.source):
            body = body.replace(f" + s.{empty.name}", "")
        text = "\n".join([body, *(f.source + " ".join(t.factor for t in f.terms) for f in self.formulas)])
        written = [f for f in self.formulas if f.terms or f.source or f.arguments or _reads(text, f.name)]
        formulas = [_formula(f) for f in written]
        readers = "\n".join([*formulas, body])
        read = [s for s in self.signals if _reads(readers, s.name)]
        signals = [_signal(s) for s in read]
        begin = [*self.setup, *dict.fromkeys(s.setup for s in read if s.setup)]
        setup = "def setup(self):\n" + textwrap.indent("\n".join(begin), "    ") if begin else ""
        parts = {*self.parts, *(s.part for s in read if s.part is not None)}
        blocks = ["\n".join(members), "\n".join(params), setup, *signals, *formulas, body]
        text = "\n\n".join(b for b in blocks if b)
        used = [n for n in IMPORTS if f"@{n}\n" in text or f"= {n}(" in text or n == self._base()]
        head = [f'"""{self.title}, written by the search of hlearn."""\n']
        if "math." in text:
            head.append("import math" + ("" if "namedtuple" in self.head else "\n"))
        if "namedtuple" in self.head:
            head.append("from collections import namedtuple\n")
        if "np." in text:
            head.append("import numpy as np\n")
        head += [f"from hlearn.parts.{module} import {name}" for module, name in sorted(parts)]
        head.append(f"from hlearn.policy import {', '.join(used)}\n")
        if self.head:
            head.append(f"{self.head}\n")
        head.append("\n")
        source = (
            "\n".join(head) + f"class {self.title}({self._base()}):\n" + textwrap.indent(text, "    ") + "\n"
        )
        return Program(source=source, parent=parent)

    def _base(self) -> str:
        return "ComposedPolicy" if self.composed else "RulePolicy"


def _reads(text: str, name: str) -> bool:
    return re.search(rf"\bs\.{name}\b", text) is not None


def _signal(signal: Feature) -> str:
    note = f"Rate of change of {signal.rate_of}." if signal.rate_of else ""
    note = signal.reading.told if signal.reading is not None else note
    doc = f'\n    """{note}"""' if note else ""
    return f"@detect\ndef {signal.name}(self, obs):{doc}\n    return {signal.source}"


def _formula(formula: Formula) -> str:
    terms = [f"self.{t.knob}" if t.factor == "1" else f"self.{t.knob} * {t.factor}" for t in formula.terms]
    body = formula.source or " + ".join(terms) or "0.0"
    if len(body) > 90:
        body = "(\n        " + "\n        + ".join(terms) + "\n    )"
    if formula.arguments:
        arguments = ", ".join(formula.arguments)
        return f'def {formula.name}(self, {arguments}):\n    """{formula.doc}"""\n    return {body}'
    head = f'@detect\ndef {formula.name}(self, obs):\n    """{formula.doc}"""\n'
    reads = "    s = self.s\n" if re.search(r"\bs\.", body) else ""
    return f"{head}{reads}    return {body}"
