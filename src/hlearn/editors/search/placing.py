"""Skills from elsewhere, placed: where one component of what is seen says so the skill acts, else the base does.

What a skill expects to see stands in its card in words, so where it is good is found by trial: thresholds come from
what base and skill meet when each plays alone, and all placements race on the same development seeds, the skill alone
among them. None of it asks which task this is.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.search.trials import Candidate, PairedComparison
from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Record
from hlearn.policy.skills import FOLDER, Skill, skills_of
from hlearn.program import Program, ProgramFile

_SHARE = 0.1  # of the steps left that placing may spend
_LOOKED = 2  # episodes of base and skill each, from which thresholds come
_LOOKED_STEPS = 2_000  # decisions of each that are looked at
_QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
_PLACES = 40  # placements of one skill at most, drawn where there are more
_ROUNDS = ((2, 10), (4, 4), (8, 1))  # episodes each then has, and how many go on
_DECIDE = 16  # episodes on which the best placement must beat the base

_PLACED = '''"""The skill {skill} where {told}, else the program as it was (module {base}). Written by hlearn's
search."""

from hlearn.policy import DispatchPolicy, Param, detect, rule

from . import {base}
from .skills import {skill}


class Placed(DispatchPolicy):
    """Two ways to play, and a number that says which."""

    skills = {{"base": {base}.PLAYED, "{skill}": {skill}.{policy}}}
    otherwise = "base"
    all_watch = True
    threshold = Param({threshold!r})  # from what base and skill met when each played alone

    @detect
    def watched(self, obs):
        """{named}"""
        return float(obs[{place}])

    @rule
    def skill_fits(self, s):
        """{told}: {achieves}."""
        return "{skill}" if s.watched {sign} self.threshold else None
'''
_BASE = """

# Added by hlearn: this module's policy, for the dispatcher.
from hlearn.policy import find_policy as _find_policy

PLAYED = _find_policy(dict(globals()), "policy")
"""


class SkillPlacing:
    """Tries the skills that a program carries and does not use; asked once per champion.

    Skills stay known when a later champion does not carry them, and are tried beside that one too.
    """

    def __init__(self) -> None:
        self._known: dict[str, Skill] = {}
        self._asked: set[str] = set()

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        """The best placement where it beats the champion in development; None where there is nothing to place."""
        champion = brief.champion
        if champion is None or champion.sha256 in self._asked:
            return None
        self._asked.add(champion.sha256)
        self._known |= {s.name: s for s in unplaced(champion)}
        used = _used(champion)
        todo = [s for s in self._known.values() if s.name not in used]
        if not todo or len(brief.observation.shape) != 1:
            return None
        return _best(champion, todo, brief, lab)


def unplaced(program: Program) -> tuple[Skill, ...]:
    """Skills that a program carries and no other module of it names; none where its modules are no skills."""
    try:
        found = skills_of(program)
    except ValueError:
        return ()
    used = _used(program)
    return tuple(s for s in found if s.name not in used)


def placed(
    champion: Program, skill: Skill, place: int, threshold: float, *, above: bool, named: str
) -> Program:
    """The program in which a skill acts where a component is above (or below) a threshold, else the champion does."""
    base, number = "base", 1
    taken = {f.path for f in champion.files}
    while f"{base}.py" in taken:
        number += 1
        base = f"base_{number}"
    sign = ">" if above else "<"
    source = _PLACED.format(
        skill=skill.name,
        policy=skill.policy,
        base=base,
        threshold=float(f"{threshold:.5g}"),
        place=place,
        sign=sign,
        named=named,
        told=f"{named} {sign} {threshold:.5g}",
        achieves=(skill.achieves or "the skill acts").rstrip(".").replace('"', "'").replace("\\", "/"),
    )
    own = ProgramFile(path=f"{base}.py", data=(champion.source.rstrip() + "\n" + _BASE).encode())
    return Program(source=source, parent=champion.sha256, files=(*_with(champion, skill), own))


def _with(champion: Program, skill: Skill) -> tuple[ProgramFile, ...]:
    own = {f.path for f in skill.files}
    return (*(f for f in champion.files if f.path not in own), *skill.files)


def _used(program: Program) -> set[str]:
    """Names that the program's modules import, those of skills among them; a skill needs no other module."""
    names: set[str] = set()
    others = [f for f in program.files if f.is_module and f.path.rpartition("/")[0] != FOLDER]
    for text in (program.source, *(f.data.decode("utf-8", "replace") for f in others)):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                names |= {a.name for a in node.names} | set((node.module or "").split("."))
            elif isinstance(node, ast.Import):
                names |= {part for a in node.names for part in a.name.split(".")}
    return names


def _best(champion: Program, skills: Sequence[Skill], brief: Brief, lab: Lab) -> Proposal | None:
    floor = lab.remaining - int(_SHARE * lab.remaining)
    trials = PairedComparison(lab)
    base = trials.written(champion, "the program as it is")
    best: Candidate | None = None
    try:
        for skill in skills:
            lab.say(f"placing the skill {skill.name}")
            if (found := _race(champion, skill, brief, lab, trials, floor)) is not None:
                lab.say(f"{found.note}: against the program as it is")
                if trials.challenge(found, best or base, _DECIDE):
                    best = found
    except BudgetExhausted:
        pass
    if best is None:
        return None
    return Proposal(program=best.program, note=best.note, dev=best.evaluation())


def _race(
    champion: Program, skill: Skill, brief: Brief, lab: Lab, trials: PairedComparison, floor: int
) -> Candidate | None:
    """The best of the placements of a skill by successive halving; None where the share is spent before the end."""
    alone = Program(
        source=f"from .{FOLDER}.{skill.name} import {skill.policy} as Policy\n",
        parent=champion.sha256,
        files=_with(champion, skill),
    )
    met = _met((champion, alone), lab)
    field = [trials.written(alone, f"the skill {skill.name} alone")]
    for place, threshold, above in _places(met, lab.rng):
        named = next(
            (
                p.name if p.size == 1 else f"{p.name}[{place - p.start}]"
                for p in brief.observation.parts
                if p.start <= place < p.start + p.size
            ),
            f"observation[{place}]",
        )
        program = placed(champion, skill, place, threshold, above=above, named=named)
        where = f"{named} {'>' if above else '<'} {threshold:.5g}"
        field.append(trials.written(program, f"the skill {skill.name} where {where}"))
    for episodes, kept in _ROUNDS:
        if lab.remaining <= floor:
            return None
        trials.play(field, episodes)
        field = sorted(field, key=lambda c: (-c.mean, c.length, c.number))[:kept]
    return field[0] if np.isfinite(field[0].mean) else None


def _met(programs: Sequence[Program], lab: Lab) -> np.ndarray:
    """What the programs see when each plays alone, float64[T, n]."""
    jobs = [
        Job(
            program=p,
            seed=s,
            record=Record.STEPS,
            record_limit=_LOOKED_STEPS,
            max_steps=lab.longest,
            together=True,
        )
        for p in programs
        for s in lab.seeds(0, _LOOKED)
    ]
    seen = [r.recording.observations for r in lab.measure(jobs) if r.recording is not None]
    return np.concatenate([np.asarray(o, np.float64) for o in seen]) if seen else np.empty((0, 0))


def _places(met: np.ndarray, rng: np.random.Generator) -> list[tuple[int, float, bool]]:
    """Component, threshold and side; components that never change say nothing."""
    found = dict.fromkeys(
        (place, float(np.quantile(met[:, place], q)), above)
        for place in range(met.shape[1])
        if np.ptp(met[:, place]) > 0
        for q in _QUANTILES
        for above in (True, False)
    )
    places = list(found)
    if len(places) > _PLACES:
        places = [places[i] for i in sorted(rng.choice(len(places), _PLACES, replace=False))]
    return places
