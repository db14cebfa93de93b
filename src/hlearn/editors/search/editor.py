"""The search as an editor: one proposal after another from the search that fits the task."""

from __future__ import annotations

from collections.abc import Iterator

from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.search.arcade.search import search_arcade
from hlearn.editors.search.vector import search_vector
from hlearn.errors import UsageError
from hlearn.records import Access
from hlearn.tasks.environment import Discrete


class SearchEditor:
    """The default editor. One instance serves one run: it carries on where its last proposal left off."""

    name = "search"

    def __init__(self) -> None:
        self._proposals: Iterator[Proposal] | None = None

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        """Returns the next better program, or None when the search has ended.

        Raises:
            UsageError: no search fits the task (images without a joystick).
        """
        if self._proposals is None:
            self._proposals = _search(brief, lab)
        return next(self._proposals, None)


def _search(brief: Brief, lab: Lab) -> Iterator[Proposal]:
    if lab.task.access is Access.VECTOR:
        return search_vector(brief, lab)
    if isinstance(lab.actions, Discrete) and lab.actions.names:
        return search_arcade(brief, lab)
    raise UsageError(
        f"the embedded search sees {lab.task.access} only in games with named joystick actions, and "
        f"{lab.task.env_id} names none; use --editor command:'...' or an environment with a state vector"
    )
