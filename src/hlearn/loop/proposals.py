"""Where the next proposal comes from: the editor, an undecided challenger that plays on, or what nobody proposed."""

from __future__ import annotations

from collections.abc import Callable

from hlearn.editors.api import Brief, Editor, Proposal
from hlearn.errors import BudgetExhausted
from hlearn.lab import SystemLab
from hlearn.loop.budget import BudgetSplit
from hlearn.loop.undecided import Undecided
from hlearn.records import Program

_LEFTOVERS = 5  # programs that an editor measured and did not propose, which are judged at most
_FLATTERED = (
    0.5  # what is left of a lead in development at the gate, where the lead was what made it a proposal
)


class ProposalQueue:
    """Asks the editor as long as it may spend, then looks further.

    Args:
        editor: who is asked.
        lab: what it measures with.
        split: gives it back what judging did not need.
        undecided: challengers that may play on.
        replaying: whether the editor is deterministic, and so can be asked once more after its budget's end.
        lead: by how much a program is better than the champion in development, 0 where that is not known.
    """

    def __init__(
        self,
        editor: Editor,
        lab: SystemLab,
        split: BudgetSplit,
        undecided: Undecided,
        *,
        replaying: bool,
        lead: Callable[[Program], float],
    ) -> None:
        self._editor = editor
        self._lab = lab
        self._split = split
        self._undecided = undecided
        self._replaying = replaying
        self._lead = lead
        self._leftovers = 0
        self._asked = False  # whether the editor was asked at all
        self._asked_last = False  # whether it was asked after the budget's end
        self._ended = False  # whether it has nothing more to try
        self._waiting: Proposal | None = None  # its last one, while a better one plays on

    def next(self, brief: Brief, unjudged_best: Callable[[], Proposal | None]) -> Proposal | None:
        """Returns what to judge next, None when there is nothing more.

        After the budget's end a search is asked once more, for the best that it has found since its last proposal; then
        undecided challengers that lead play on, the most promising first. Where nothing is left to judge, the editor
        gets what was kept for judging, and goes on. A run does not end without a champion if any program completed a
        development episode: where the editor leaves none, those that it measured are proposed, the best first.

        Args:
            brief: the evidence for the editor.
            unjudged_best: the best program that was measured and never judged, None if there is none.
        """
        self._undecided.playing = None
        while True:
            proposal, self._waiting = self._waiting, None
            if proposal is not None and self._lead(proposal.program) < 0:
                proposal = None  # there is a better champion meanwhile
            if proposal is None and self._may_ask():
                proposal = self._ask(brief)
            if proposal is not None and brief.champion is not None and self._is_behind(proposal):
                self._waiting = proposal
                proposal = None
            if proposal is None and brief.champion is None and self._leftovers < _LEFTOVERS:
                proposal = unjudged_best()
                self._leftovers += proposal is not None
            proposal = proposal or self.resume_undecided()
            if proposal is not None:
                return proposal
            if self._ended or brief.champion is None or not self._split.give_back():
                return None
            self._lab.say("nothing is left to judge: the search goes on with what was kept for that")

    def resume_undecided(self) -> Proposal | None:
        """The most promising undecided challenger, which plays on."""
        proposal = self._undecided.reopen(self._split.budget.left)
        if proposal is not None:
            self._lab.say("an undecided challenger plays on")
        return proposal

    def _is_behind(self, proposal: Proposal) -> bool:
        """Whether, at the budget's end, an undecided challenger promises more than the editor's last proposal."""
        if self._lab.remaining > 0:
            return False
        first = self._undecided.best(self._split.budget.left)
        return first is not None and self._undecided.lead(first) > _FLATTERED * self._lead(proposal.program)

    def _may_ask(self) -> bool:
        """Whether the editor is asked; after the budget's end once, for to ask a coding agent would bring nothing."""
        if self._ended:
            return False
        if self._lab.remaining > 0:
            self._asked_last = False
            return True
        again, self._asked_last = self._asked_last, True
        return not again and (self._replaying or not self._asked)

    def _ask(self, brief: Brief) -> Proposal | None:
        self._asked = True
        try:
            proposal = self._editor.propose(brief, self._lab)
        except BudgetExhausted:
            return None
        self._ended = proposal is None and self._lab.remaining > 0
        return proposal
