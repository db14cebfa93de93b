"""The order in which a program's rules are asked, read from its text: which were tried where one of them acted."""

from __future__ import annotations

from dataclasses import dataclass

from hlearn.policy.modules import parts_of
from hlearn.policy.rewriting import RuleSpec
from hlearn.program import Program

_ASKED = ("rule", "horizontal", "vertical", "trigger")
IDLE = "idle"  # what acts where no rule speaks


@dataclass(frozen=True, slots=True)
class RuleOrder:
    """The parts of a program that say what to do, in the order written.

    Args:
        specs: by name; a name of another module is taken without its module, as traces have it.
    """

    specs: dict[str, RuleSpec]

    @classmethod
    def of(cls, program: Program) -> RuleOrder:
        """Reads a program; empty where it does not parse or has no such parts."""
        try:
            return cls({key.rpartition(".")[2]: spec for key, spec in parts_of(program).items()})
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return cls({})

    def of_role(self, role: str) -> tuple[str, ...]:
        """Names of the parts with a role, in order."""
        return tuple(name for name, spec in self.specs.items() if spec.role == role)

    @property
    def detectors(self) -> tuple[str, ...]:
        """Names of the detectors."""
        return self.of_role("detect")

    @property
    def acting(self) -> tuple[str, ...]:
        """Names of everything that may act."""
        return tuple(name for name, spec in self.specs.items() if spec.role != "detect")

    def tried(self, acted: str) -> tuple[str, ...]:
        """What was asked in a decision in which ``acted`` acted (``a+b`` where several did), in order."""
        spoke = acted.split("+")
        first = self.of_role("rule")
        if len(spoke) == 1 and spoke[0] in first:
            return first[: first.index(spoke[0]) + 1]
        tried = list(first)
        for role in _ASKED[1:]:
            names = self.of_role(role)
            stop = next((names.index(name) for name in spoke if name in names), len(names) - 1)
            tried += names[: stop + 1]
        return (*tried, *self.of_role("controller"), *self.of_role("reflex"))
