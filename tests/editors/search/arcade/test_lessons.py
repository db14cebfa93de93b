"""What counts as a lesson learnt, and who is watched."""

from __future__ import annotations

from hlearn.editors.search.arcade.behaviors import ACROSS, Behavior
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.joint import drawer
from hlearn.editors.search.arcade.lessons import ATTEMPTS, EPISODES, Lessons, Watched, _is_progress
from hlearn.editors.search.arcade.look_ram import look_at_ram
from hlearn.editors.search.arcade.portfolio import Arm, Origin, Portfolio
from hlearn.editors.search.arcade.roster import Roster
from hlearn.editors.search.arcade.search import ArcadeSearch
from hlearn.editors.search.race import Arena
from tests.editors.search.plain_lab import PlainLab


def watched(*scores: float, deaths: int) -> Watched:
    return Watched(scores=scores, deaths=deaths, recordings=())


def test_more_points_per_life_are_progress_unless_points_fall_clearly() -> None:
    old = watched(100.0, 120.0, 110.0, deaths=9)
    assert _is_progress(watched(200.0, 220.0, 210.0, deaths=9), old)
    assert _is_progress(watched(100.0, 120.0, 110.0, deaths=3), old), "as much in lives that last longer"
    assert not _is_progress(watched(10.0, 12.0, 11.0, deaths=0), old), "who only hides loses its points"
    assert not _is_progress(watched(110.0, 120.0, 110.0, deaths=9), old)
    losing = watched(-20.0, -21.0, -20.0, deaths=0)
    assert _is_progress(watched(-10.0, -12.0, -11.0, deaths=5), losing), "points lost are no matter of lives"
    assert not _is_progress(watched(float("-inf"), 0.0, 0.0, deaths=0), old)


def test_a_leader_is_watched_once_and_its_play_is_kept() -> None:
    lab = PlainLab("ALE/SpaceInvaders-v5", steps=150_000)
    roster = Roster(lab)
    view = look_at_ram(lab)
    home = Genome(across=next(s for s in view.own if s.drive == "x"))
    lessons = Lessons(roster, view, home)
    pushing = roster.runner(Genome(behaviors=(Behavior(kind="push", channel=ACROSS, option=1),)))
    before = lab.spent
    safer = lessons.learn(pushing, allowance=2_000)
    assert len(lessons.plays) >= len(view.recordings) + EPISODES
    assert len(safer) <= ATTEMPTS
    assert all(g.across == home.across for g in safer), "a rule needs to know where the player is"
    assert lab.spent > before
    spent = lab.spent
    assert lessons.learn(pushing, allowance=2_000) == []
    assert lab.spent == spent


def test_where_the_same_program_leads_again_nothing_more_is_learnt_from_it() -> None:
    lab = PlainLab("ALE/SpaceInvaders-v5", steps=150_000)
    search = ArcadeSearch(lab)
    roster = search.roster
    view = look_at_ram(lab)
    search.draw = draw = drawer(view, roster)
    search._lessons = Lessons(roster, view, Genome(across=next(s for s in view.own if s.drive == "x")))
    arms = (
        Arm(origin=Origin.PLAIN),
        Arm(origin=Origin.GUESSED),
        Arm(origin=Origin.AHEAD),
    )
    portfolio = Portfolio(roster, Arena(lab, max_steps=300), draw, arms)
    portfolio.enter(Origin.PLAIN, [Genome()], 1)
    search._lessons._tried.add(portfolio.ranked[0].program.sha256)
    search._learn_from(view, portfolio)
    assert search.draw.world is draw.world
