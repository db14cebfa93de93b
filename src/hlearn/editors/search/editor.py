"""The search as an editor: one proposal after another from the search that fits the task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.search.arcade.search import ArcadeSearch
from hlearn.editors.search.placing import SkillPlacing
from hlearn.editors.search.planning import PlanningSearch
from hlearn.editors.search.planning.search import ShareLab
from hlearn.editors.search.vector import VectorSearch
from hlearn.errors import UsageError
from hlearn.records import Access, Model
from hlearn.tasks.environment import Discrete


class Search(Protocol):
    """A search on one task.

    Attributes:
        reigning: SHA-256 of the gate's champion, None where there is none; told at every proposal.
    """

    reigning: str | None

    def proposals(self) -> Iterator[Proposal]:
        """Better and better programs until it ends or the budget does; called again, it goes on with what is left."""


class SearchEditor:
    """The default editor. One instance serves one run: it carries on where its last proposal left off."""

    name = "search"
    deterministic = True

    def __init__(self) -> None:
        self._search: Search | None = None
        self._proposals: Iterator[Proposal] | None = None
        self._placing = SkillPlacing()

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        """Returns the next better program, or None when the search or the budget has ended.

        Skills that the champion carries and does not use are placed first.
        Asked again after the budget's end, when there is more, it goes on.

        Raises:
            UsageError: no search fits the task (images without a joystick).
        """
        if (found := self._placing.propose(brief, lab)) is not None:
            return found
        if self._search is None:
            self._search = _search(brief, lab)
        if self._proposals is None:
            self._proposals = self._search.proposals()
        self._search.reigning = brief.champion.sha256 if brief.champion is not None else None
        proposal = next(self._proposals, None)
        if proposal is None and lab.remaining <= 0:
            self._proposals = None
        return proposal


def _search(brief: Brief, lab: Lab) -> Search:
    if lab.task.model is not Model.SIMULATOR:
        return _plain(brief, lab)
    share = ShareLab(lab)
    return PlanningSearch(lab, _plain(brief, share), share)


def _plain(brief: Brief, lab: Lab) -> Search:
    if lab.task.access is Access.VECTOR:
        return VectorSearch(brief, lab)
    if isinstance(lab.actions, Discrete) and lab.actions.names:
        return ArcadeSearch(lab)
    raise UsageError(
        f"the embedded search sees {lab.task.access} only in games with named joystick actions, and "
        f"{lab.task.env_id} names none; use --editor command:'...' or an environment with a state vector"
    )
