"""What looks at nothing races too: what is proposed is never below it."""

from __future__ import annotations

import numpy as np

from hlearn.editors.api import Brief
from hlearn.editors.search.trials import Candidate
from hlearn.editors.search.vector import VectorSearch
from hlearn.editors.search.vector.blind import MOST_MOVES, random_program, replay_program
from hlearn.editors.search.vector.probing import play_probe, probe
from hlearn.editors.search.vector.short import constants
from hlearn.evaluate.api import Job, Record
from hlearn.records import Episode
from tests.editors.search.plain_lab import PlainLab

DANCE = "tests.editors.search.own_environments:Dance-v0"


def _search(lab: PlainLab) -> VectorSearch:
    brief = Brief(
        task=lab.task, observation=lab.observation, actions=lab.actions, champion=None, champion_dev=None
    )
    return VectorSearch(brief, lab)


def test_where_looking_helps_nobody_the_best_episode_over_again_is_the_floor():
    best_by_chance = max(outcome.score for outcome, _ in play_probe(PlainLab(DANCE, steps=6_000)))
    last = list(_search(PlainLab(DANCE, steps=6_000)).proposals())[-1]
    assert last.dev is not None and last.dev.mean is not None
    assert last.dev.mean >= best_by_chance > 7.0  # of the best constant


def test_a_written_replay_does_what_was_recorded_and_begins_again():
    for env_id in ("CartPole-v1", "Pendulum-v1"):
        lab = PlainLab(env_id, steps=10_000)
        chance = random_program("Chance", lab.actions)
        shown = lab.measure([Job(program=chance, seed=5, max_steps=12, record=Record.ACTIONS)])[0]
        assert shown.recording is not None
        bounds = ("low = -2", "high = 2") if env_id == "Pendulum-v1" else ()
        program = replay_program("Again", shown.recording.actions, bounds)
        assert program is not None
        played = lab.measure([Job(program=program, seed=5, max_steps=15, record=Record.ACTIONS)])[0].recording
        assert played is not None
        count = len(shown.recording.actions)
        np.testing.assert_allclose(played.actions[:count], shown.recording.actions, rtol=1e-3)
    assert replay_program("Again", np.arange(MOST_MOVES + 1)) is None


def test_what_looks_takes_the_place_of_what_does_not_only_by_a_clear_lead():
    search = _search(PlainLab("CartPole-v1", steps=1_000))
    blind, lucky, clear = (
        Candidate(
            number=n,
            program=random_program(f"P{n}", search.lab.actions),
            values={},
            outcomes=[
                Episode(seed=s, score=score, length=1, env_steps=1, terminated=True, truncated=False)
                for s, score in enumerate(scores)
            ],
        )
        for n, scores in enumerate(((5, 5, 5, 5), (4, 4, 4, 9), (6, 7, 6, 7)))
    )
    search.standing.crown(blind, blind=True)
    assert not search.standing.beaten_by(lucky)
    assert search.standing.beaten_by(clear)
    search.standing.floor = -295.0
    assert not search.standing.beaten_by(clear)  # half a percent more is not worth a program that looks
    search.standing.crown(blind)
    assert search.standing.beaten_by(lucky)


def test_where_one_episode_is_dear_the_first_proposal_has_played_one():
    lab = PlainLab("MountainCar-v0", steps=60_000)
    probed = PlainLab("MountainCar-v0", steps=60_000)
    play_probe(probed)
    first = next(_search(lab).proposals())
    assert first.dev is not None and len(first.dev.outcomes) == 1
    assert lab.spent == probed.spent + 200


def test_a_constant_action_wins_where_a_budget_has_two_dozen_episodes():
    lab = PlainLab("tests.editors.search.own_environments:Bend-v0", steps=5_000)
    search = _search(lab)
    first = next(search.proposals())  # the gate is asked once it is known what the ends of the push do
    assert first.dev is not None and first.dev.mean is not None
    assert first.dev.mean > 15.0
    assert lab.spent < 2_000


def test_one_shared_episode_decides_where_no_more_can_be_paid():
    search = _search(PlainLab("CartPole-v1", steps=1_000))
    still, other, seeing = (
        Candidate(
            number=n,
            program=random_program(f"P{n}", search.lab.actions),
            values={},
            outcomes=[Episode(seed=0, score=score, length=1, env_steps=1, terminated=True, truncated=False)],
        )
        for n, score in enumerate((5.0, 6.0, 7.0))
    )
    search.standing.crown(still, blind=True)
    assert search.standing.beaten_by(other, blind=True)
    assert search.standing.beaten_by(seeing)


def test_where_episodes_are_dear_a_challenger_leaves_as_soon_as_it_is_behind():
    lab = PlainLab("Pendulum-v1", steps=4_000)
    trials = _search(lab).trials
    found = [trials.candidate(g.template, g.values, g.template.name) for g in constants(probe(lab), "Still")]
    still, push = found[0], found[1]
    trials.play([still, push], 1)
    better, worse = sorted((still, push), key=lambda c: -c.mean)
    before = lab.spent
    assert not trials.challenge(worse, better, 16, dear=True)
    assert lab.spent == before
    trials.challenge(better, worse, 2, dear=True)
    assert [len(c.outcomes) for c in (better, worse)] == [2, 2]
