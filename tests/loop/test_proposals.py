"""Where the next proposal comes from, as long as there is budget and after."""

from __future__ import annotations

from collections.abc import Sequence

from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.gate import Decision, Gate, Pair, Verdict
from hlearn.loop.proposals import ProposalQueue
from hlearn.loop.undecided import Undecided
from hlearn.records import Budget, Episode, Evaluation, Program, Split
from hlearn.testing.labs import ScriptedLab

STEPS = 100  # environment steps of an episode
CHAMPION = Program(source="# champion\n")


def proposal(name: str) -> Proposal:
    return Proposal(program=Program(source=f"# {name}\n"), note=name)


class Script:
    """Proposes what it was given, and counts how often it was asked."""

    name = "script"
    deterministic = True

    def __init__(self, *proposals: Proposal | None) -> None:
        self.proposals = list(proposals)
        self.asked = 0

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        self.asked += 1
        return self.proposals.pop(0) if self.proposals else None


class GivenBack:
    """All of what is left is the gate's; gives back what it is told to, so often."""

    def __init__(self, lab: ScriptedLab, *, gifts: Sequence[int] = ()) -> None:
        self.lab, self.gifts = lab, list(gifts)

    @property
    def budget(self) -> Budget:
        return Budget(total=10_000)

    def give_back(self) -> bool:
        if not self.gifts:
            return False
        self.lab._left += self.gifts.pop(0)
        return True


def queue(
    editor: Script,
    lab: ScriptedLab,
    *,
    gifts: Sequence[int] = (),
    undecided: Undecided | None = None,
    replaying: bool = True,
    leads: dict[str, float] | None = None,
) -> ProposalQueue:
    lead = lambda program: (leads or {}).get(program.source, 0.0)  # noqa: E731
    return ProposalQueue(
        editor,
        lab,  # type: ignore[arg-type]
        GivenBack(lab, gifts=gifts),  # type: ignore[arg-type]
        undecided or Undecided(Gate(), lead),
        replaying=replaying,
        lead=lead,
    )


def brief(lab: ScriptedLab, champion: Program | None = CHAMPION) -> Brief:
    return Brief(
        task=lab.task,
        observation=lab.observation,
        actions=lab.actions,
        champion=champion,
        champion_dev=None,
        rejected=(),
    )


def nothing() -> None:
    return None


def verdict(differences: Sequence[float]) -> Verdict:
    scores = [10.0 + d for d in differences]
    outcomes = tuple(
        Episode(seed=i, score=s, length=STEPS, env_steps=STEPS, terminated=True, truncated=False)
        for i, s in enumerate(scores)
    )
    side = Evaluation(program="x", split=Split.GATE, outcomes=outcomes)
    return Verdict(
        decision=Decision.UNDECIDED,
        reasons=("undecided",),
        pairs=tuple(Pair(s, 10.0) for s in scores),
        challenger=side,
        champion=side,
    )


def test_the_editor_is_asked_while_it_may_spend() -> None:
    first, lab = proposal("first"), ScriptedLab({}, steps=100)
    editor = Script(first)
    asked = queue(editor, lab)
    assert asked.next(brief(lab), nothing) is first
    assert asked.next(brief(lab), nothing) is None
    assert asked.next(brief(lab), nothing) is None
    assert editor.asked == 2, "who has nothing more to try is not asked again"


def test_after_the_budgets_end_a_search_is_asked_once_more_and_an_agent_is_not() -> None:
    lab, last = ScriptedLab({}, steps=0), proposal("last")
    editor = Script(last, proposal("too late"))
    asked = queue(editor, lab)
    assert asked.next(brief(lab), nothing) is last
    assert asked.next(brief(lab), nothing) is None

    editor = Script(last)
    asked = queue(editor, lab, replaying=False)
    assert asked.next(brief(lab), nothing) is last, "it was never asked"
    assert asked.next(brief(lab), nothing) is None
    assert editor.asked == 1


def test_what_nobody_proposed_is_judged_where_there_is_no_champion() -> None:
    lab, found = ScriptedLab({}, steps=100), proposal("measured")
    asked = queue(Script(), lab)
    got = [asked.next(brief(lab, champion=None), lambda: found) for _ in range(7)]
    assert got == [found] * 5 + [None] * 2
    assert queue(Script(), lab).next(brief(lab), lambda: found) is None, "there is a champion"


def test_an_undecided_challenger_plays_on_before_a_last_proposal_that_promises_less() -> None:
    lab, open_one, last = ScriptedLab({}, steps=0), proposal("open"), proposal("last")
    leads = {open_one.program.source: 8.0, last.program.source: 2.0}
    undecided = Undecided(Gate(), lambda program: leads.get(program.source, 0.0))
    undecided.add(open_one, verdict([8.0, 7.0, 6.0]))
    asked = queue(Script(last), lab, undecided=undecided, leads=leads)
    assert asked.next(brief(lab), nothing) is open_one
    assert asked.next(brief(lab), nothing) is last, "it waited"


def test_what_was_kept_for_judging_goes_back_to_the_editor() -> None:
    lab, more = ScriptedLab({}, steps=0), proposal("more")
    editor = Script(None, more)
    asked = queue(editor, lab, gifts=[50])
    assert asked.next(brief(lab), nothing) is more
    assert lab.remaining == 50
