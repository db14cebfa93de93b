"""A policy made of skills under a dispatcher: rules say which skill acts; the trace says which and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from hlearn.policy.base import Policy
from hlearn.policy.rules import RulePolicy


class DispatchPolicy(RulePolicy):
    """Rules choose among skills: the first that returns the name of a skill has it act; a rule may also act itself.

    ::

        class Walker(DispatchPolicy):
            skills = {"walk": walk.Walk, "stand_up": stand_up.StandUp}
            otherwise = "walk"

            @rule
            def fallen(self, s):
                '''It lies: stand up first.'''
                return "stand_up" if s.height < 0.5 else None

    The trace has, beside what detectors saw: ``rule`` (who chose), ``skill``, ``why`` (the first line of that rule's
    docstring), ``switched`` (whether another skill acted before) and ``inner`` (the skill's own trace).

    Attributes:
        skills: policy classes by name.
        otherwise: the skill that acts where no rule speaks; "": :attr:`idle`.
        all_watch: whether skills that do not act are shown the observation too (what they would do is thrown away), so
            that what they track stays current. It costs their time.
    """

    skills: ClassVar[Mapping[str, type[Policy]]] = {}
    otherwise: ClassVar[str] = ""
    all_watch: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        if self.otherwise and self.otherwise not in self.skills:
            raise KeyError(self._unknown(self.otherwise))
        self._made = {name: kind() for name, kind in self.skills.items()}
        self.skill = ""
        self._before = ""
        self._whys = {
            name: (method.__doc__ or "").strip().partition("\n")[0].strip() for name, method in self._rules
        }

    def reset(self, seed: int) -> None:
        """Begins an episode, for every skill too."""
        self.skill = self._before = ""
        super().reset(seed)
        for place, skill in enumerate(self._made.values()):
            skill.reset((seed + place) % 2**32)

    def act(self, observation: np.ndarray) -> Any:
        """Returns the action of the skill that the rules choose, or that a rule says itself."""
        self._detect(observation)
        said, name = self._ask(self._rules)
        self.acted = name or "otherwise"
        if said is None:
            said = self.otherwise or self.idle
        self._before, self.skill = self.skill, said if isinstance(said, str) else ""
        if self.skill and self.skill not in self._made:
            raise KeyError(self._unknown(self.skill))
        if self.all_watch:
            acts = {of: skill.act(observation) for of, skill in self._made.items()}
            return acts[self.skill] if self.skill else said
        return self._made[self.skill].act(observation) if self.skill else said

    def trace(self) -> Mapping[str, Any]:
        """The last step: what was detected, who chose which skill and why, and that skill's own trace."""
        found = {
            **super().trace(),
            "skill": self.skill,
            "why": self._whys.get(self.acted, ""),
            "switched": bool(self._before) and self._before != self.skill,
        }
        inner = getattr(self._made.get(self.skill), "trace", None)
        return {**found, "inner": inner()} if callable(inner) else found

    def _unknown(self, name: str) -> str:
        return f"{type(self).__name__} has no skill {name!r}; it has: {', '.join(self.skills) or 'none'}"
