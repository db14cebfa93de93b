"""The search as an editor."""

from __future__ import annotations

from hlearn.editors.api import Brief, Proposal
from hlearn.editors.search import SearchEditor
from tests.editors.search.plain_lab import PlainLab


def test_given_more_after_the_budgets_end_the_search_goes_on() -> None:
    lab = PlainLab("Acrobot-v1", steps=15_000)
    editor = SearchEditor()
    brief = Brief(
        task=lab.task, observation=lab.observation, actions=lab.actions, champion=None, champion_dev=None
    )

    def proposals() -> list[Proposal]:
        found = []
        while (proposal := editor.propose(brief, lab)) is not None:
            found.append(proposal)
        return found

    first = proposals()
    assert first
    assert lab.remaining == 0
    lab.grant(15_000)
    assert lab.remaining > 0
    again = proposals()
    assert lab.remaining == 0
    assert not {p.program.sha256 for p in first} & {p.program.sha256 for p in again}
