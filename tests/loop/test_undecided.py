"""Which undecided challengers play on at the end of a run."""

from __future__ import annotations

from collections.abc import Sequence

from hlearn.editors.api import Proposal
from hlearn.gate import Decision, Gate, Pair, Verdict
from hlearn.loop.undecided import Undecided
from hlearn.records import Episode, Evaluation, Program, Split

STEPS = 100  # environment steps of an episode


def proposal(name: str) -> Proposal:
    return Proposal(program=Program(source=f"# {name}\n"), note=name)


def played(scores: Sequence[float], name: str) -> Evaluation:
    outcomes = tuple(
        Episode(seed=i, score=s, length=STEPS, env_steps=STEPS, terminated=True, truncated=False)
        for i, s in enumerate(scores)
    )
    return Evaluation(program=name, split=Split.GATE, outcomes=outcomes)


def verdict(differences: Sequence[float], *, spared: int = 0, final: bool = False) -> Verdict:
    ours = [10.0 + d for d in differences]
    return Verdict(
        decision=Decision.UNDECIDED,
        reasons=("undecided",),
        pairs=tuple(Pair(score, 10.0, spared) for score in ours),
        challenger=played(ours, "challenger"),
        champion=played([10.0] * len(ours), "champion"),
        final=final,
    )


def undecided(leads: dict[str, float] | None = None) -> Undecided:
    return Undecided(Gate(), lambda program: (leads or {}).get(program.source, 0.0))


def test_the_one_that_leads_by_most_plays_on_first_and_once() -> None:
    found = undecided()
    little, much = proposal("little"), proposal("much")
    found.add(little, verdict([2.0, 1.0, -0.5]))
    found.add(much, verdict([5.0, 4.0, -1.0]))
    assert found.reopen(10_000) is much
    assert found.plays_on(much)
    found.add(much, verdict([5.0, 4.0, -1.0, 0.0, 0.0]))
    assert found.reopen(10_000) is little
    assert found.reopen(10_000) is None


def test_development_has_a_say_as_it_stands_now() -> None:
    flattered, sober = proposal("flattered"), proposal("sober")
    leads = {flattered.program.source: 9.0, sober.program.source: 1.0}
    found = undecided(leads)
    found.add(flattered, verdict([1.0, 0.5, -1.0]))
    found.add(sober, verdict([1.0, 2.0, 0.5]))
    leads[flattered.program.source] = -1.0
    assert found.reopen(10_000) is sober
    assert found.reopen(10_000) is None, "it trails by now"


def test_a_lead_that_cannot_become_clear_is_not_worth_the_steps() -> None:
    found = undecided()
    found.add(proposal("noise"), verdict([30.0, -29.0, 1.0]))
    assert found.best(10_000) is None
    found.add(proposal("steady"), verdict([2.0, 1.0, 3.0]))
    assert found.best(10_000) is not None
    assert found.best(STEPS) is None, "not even a pair"


def test_where_both_reach_the_target_lives_lead() -> None:
    found = undecided()
    found.add(proposal("safer"), verdict([0.0, 0.0, 0.0], spared=2))
    assert found.best(10_000) is not None
    found.forget()
    found.add(proposal("same"), verdict([0.0, 0.0, 0.0]))
    assert found.best(10_000) is None


def test_who_has_spent_all_of_alpha_does_not_play_on() -> None:
    found = undecided()
    found.add(proposal("done"), verdict([5.0, 4.0, -1.0, 2.0], final=True))
    assert found.best(10_000) is None
    found.forget()
    assert found.reopen(10_000) is None
