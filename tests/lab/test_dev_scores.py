"""What development episodes say of programs."""

from __future__ import annotations

from hlearn.lab.dev_scores import DevScores
from hlearn.ledger import Caps
from hlearn.records import Episode, Failure, FailureKind, Outcome


def episode(score: float) -> Outcome:
    return Episode(seed=1, score=score, length=1, env_steps=1, terminated=True, truncated=False)


def failure() -> Outcome:
    return Failure(seed=1, kind=FailureKind.CRASHED, message="", score=9.0)


def test_whole_episodes_come_before_capped_ones_and_failures_do_not_count() -> None:
    tallies = DevScores()
    whole, short = Caps(), Caps(max_steps=10)
    for program, caps, outcome in (
        ("capped", short, episode(90)),
        ("poor", whole, episode(1)),
        ("good", whole, episode(4)),
        ("good", whole, episode(6)),
        ("good", short, episode(99)),
        ("bad", whole, episode(50)),
        ("bad", whole, failure()),
    ):
        tallies.add(program, caps, outcome)
    assert tallies.ranking() == ["good", "poor", "capped"]
    assert tallies.mean("good") == 5
    assert tallies.mean("bad") is None
    assert tallies.mean("unknown") is None
