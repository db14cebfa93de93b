"""Division of labour: an agent changes the structure, the tuner sets the numbers that it left open.

After each accepted edit the tuner may set the ``Param`` declarations of the new champion, each within the range that
the program declares, with a share of what is left of the budget. What it finds is a proposal of its own, in the
ledger under its own name, and the gate judges it like any other.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from hlearn.editors.api import Brief, Editor, Lab, Proposal
from hlearn.editors.in_copy import SystemDoor
from hlearn.editors.search.knobs import SourceKnobs
from hlearn.editors.search.planning.search import ShareLab
from hlearn.editors.search.trials import Candidate, PairedComparison, saturated
from hlearn.editors.search.tune import Tuner
from hlearn.errors import BudgetExhausted, UsageError
from hlearn.ledger import TUNER
from hlearn.policy.modules import params_of
from hlearn.records import NO_COST, Program

_DECIDE = 16  # episodes on which a setting must beat the best so far
_QUIET = 10  # generations in a row without a better setting, after which it stops
_SIGMA = 0.6  # first step size, in sixths of a range
_NAMED = 6  # numbers that the note names
_CENTRE_EVERY = 3  # generations between trials of the distribution's centre


class TunedEditor:
    """An editor whose accepted edits are tuned.

    Args:
        inner: who changes the structure.
        share: of the environment steps left for editing, what the tuner may spend after each accepted edit; within
            0 and 1.

    Raises:
        UsageError: the share is none, or the inner editor is a search, which tunes by itself.
    """

    deterministic = False

    def __init__(self, inner: Editor, *, share: float) -> None:
        if not 0.0 < share < 1.0:
            raise UsageError(
                f"the tuner's share is {share:g}; expected a number between 0 and 1, such as 0.2"
            )
        if inner.deterministic:
            raise UsageError(
                f"editor {inner.name} searches, and tunes by itself; --tune is for coding agents and commands"
            )
        self.name = inner.name
        self.inner = inner
        self.share = share
        self._done: set[str] = set()

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        """The tuner's proposal where an edit was just accepted and a better setting is found, else the editor's."""
        champion = brief.champion
        if champion is not None and brief.numbers_open and champion.sha256 not in self._done:
            self._done.add(champion.sha256)
            tuned = self._tune(champion, lab)
            if tuned is not None:
                return tuned
        return self.inner.propose(replace(brief, tuned=True), lab)

    def _tune(self, champion: Program, lab: Lab) -> Proposal | None:
        knobs = declared_knobs(champion)
        steps = int(self.share * lab.remaining)
        if not knobs.knobs or steps <= 0:
            return None
        own = ShareLab(lab)
        own.kept = lab.remaining - steps
        own.rng = np.random.default_rng(list(hashlib.sha256(champion.sha256.encode()).digest()[:8]))
        lab.say(f"tuner: {len(knobs.knobs)} numbers within their ranges")
        before = lab.charged[1] if isinstance(lab, SystemDoor) else 0
        best = search_numbers(own, champion, knobs)
        note = "nothing better found" if best is None else _note(knobs, best)
        if isinstance(lab, SystemDoor):
            lab.ran(
                cost=NO_COST,
                status=0,
                fault=None,
                said=note,
                transcript=b"",
                editor=TUNER,
                env_steps=lab.charged[1] - before,
            )
        if best is None:
            return None
        return Proposal(
            program=replace(best.program, parent=champion.sha256),
            note=f"{TUNER}: {note}",
            dev=best.evaluation(),
            editor=TUNER,
        )


def declared_knobs(program: Program) -> SourceKnobs:
    """The numbers of a program whose range is declared with both ends; others are the editor's own."""
    found = SourceKnobs.read(program)
    specs = params_of(program)
    bounded = tuple(
        k for k in found.knobs if specs[k.name].low is not None and specs[k.name].high is not None
    )
    return replace(found, knobs=bounded)


def search_numbers(lab: Lab, champion: Program, knobs: SourceKnobs) -> Candidate | None:
    """Tunes until the lab's budget ends or nothing better comes; None where the program's own numbers stay the best.

    Args:
        lab: what may be spent.
        champion: whose numbers are set.
        knobs: which of them, within which ranges.
    """
    trials = PairedComparison(lab)
    first = best = trials.written(champion, "as it stands")
    quiet = 0
    try:
        trials.play([first], _DECIDE // 2)
        tuner = Tuner(lab, knobs, sigma=_SIGMA)
        while quiet < _QUIET and not tuner.converged and not saturated(best, 0.0):
            values = tuner.step()[0].values
            if tuner.generation % _CENTRE_EVERY == 0:
                values = tuner.centre
            challenger = trials.candidate(knobs, values, f"generation {tuner.generation}")
            if trials.challenge(challenger, best, _DECIDE):
                best, quiet = challenger, 0
            else:
                quiet += 1
    except BudgetExhausted:
        pass
    return None if best is first else best


def _note(knobs: SourceKnobs, best: Candidate) -> str:
    moved = [
        f"{k.name} {k.start:g} to {best.values[k.name]:g}"
        for k in knobs.knobs
        if best.values[k.name] != k.start
    ]
    more = f" and {len(moved) - _NAMED} more" if len(moved) > _NAMED else ""
    return f"sets {', '.join(moved[:_NAMED])}{more}"
