"""The statistics: exact, sound under peeking, strong enough."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hlearn.gate import Decision, Look, Race, aa_check
from hlearn.gate.sequential import p_sequential
from hlearn.gate.statistics import p_pairs, p_two_samples

finite = st.floats(min_value=-1e6, max_value=1e6)


def test_two_samples_counts_arrangements() -> None:
    assert p_two_samples([4, 5, 6], [1, 2, 3]) == pytest.approx(1 / 20)
    assert p_two_samples([1, 2, 3], [4, 5, 6]) == 1.0
    assert p_two_samples([1, 1], [1, 1]) == 1.0


def test_pairs_counts_sign_flips() -> None:
    assert p_pairs([1, 2, 3, 4]) == pytest.approx(1 / 16)
    assert p_pairs([-1, -2, -3, -4]) == 1.0
    assert p_pairs([0.0, 0.0]) == 1.0


def test_large_samples_are_drawn_and_near_the_exact_value() -> None:
    rng = np.random.default_rng(3)
    ours, theirs = rng.normal(0.8, 1, 16), rng.normal(0, 1, 16)
    pooled = np.var(np.concatenate([ours, theirs]))
    z = (ours.mean() - theirs.mean()) / np.sqrt(pooled * 2 / 16)
    normal = 0.5 * (1 - np.tanh(z * np.sqrt(2 / np.pi)))  # good to a hundredth
    assert p_two_samples(list(ours), list(theirs)) == pytest.approx(normal, abs=0.02)


@settings(max_examples=50, deadline=None)
@given(st.lists(finite, min_size=2, max_size=5), st.lists(finite, min_size=2, max_size=5))
def test_a_p_value_never_falls_below_one_arrangement(ours: list[float], theirs: list[float]) -> None:
    p = p_two_samples(ours, theirs)
    arrangements = sum(1 for _ in itertools.combinations(range(len(ours) + len(theirs)), len(ours)))
    assert 1 / arrangements - 1e-12 <= p <= 1


@settings(max_examples=50, deadline=None)
@given(st.lists(finite, min_size=3, max_size=3), st.lists(finite, min_size=3, max_size=3))
def test_a_race_never_accepts_a_lower_mean(ours: list[float], theirs: list[float]) -> None:
    if sum(ours) <= sum(theirs):
        assert Race().judge(ours, theirs).decision is not Decision.ACCEPTED


def test_clear_winners_and_losers_are_seen_at_the_first_look() -> None:
    race = Race()
    assert race.judge([10, 11, 12], [1, 2, 3]).decision is Decision.ACCEPTED
    assert race.judge([1, 2, 3], [10, 11, 12]).decision is Decision.REJECTED
    assert race.judge([1, 2], [10, 11]).decision is None, (
        "scores may come in two heaps: two bad ones say little"
    )


def test_a_last_look_between_the_looks_may_spend_what_is_left() -> None:
    race = Race()
    rng = np.random.default_rng(5)
    wins = [1.0 + float(x) for x in rng.random(6)]
    ours, theirs = [*wins, 0.0], [*[0.0] * 6, 0.5]
    assert race.judge(ours, theirs).decision is None
    assert race.judge(ours, theirs, last=True).decision is Decision.UNDECIDED, "it may play on"
    assert race.judge(ours, theirs, final=True).decision is Decision.ACCEPTED
    assert race.judge([1, 11, 12], [2, 3, 10]).decision is None


def test_the_cap_leaves_it_undecided() -> None:
    assert Race().judge([1, 11, 12], [2, 3, 10], last=True).decision is Decision.UNDECIDED


def test_equal_scores_are_equal() -> None:
    race = Race()
    assert race.judge([5, 5, 5], [5, 5, 5]).decision is None
    judgement = race.judge([5] * 5, [5] * 5)
    assert judgement.decision is Decision.REJECTED
    assert judgement.equal
    assert race.judge([5], [5], last=True).equal


def test_lives_left_tell_programs_apart_that_score_the_same() -> None:
    race, same, life = Race(), [864.0] * 3, 8.64
    safer = race.judge(same, same, lives=([5, 4, 5], [1, 2, 1]), life=life)
    assert safer.decision is Decision.ACCEPTED
    assert "864 against 864 over 3 gate seeds, 4.7 against 1.3 lives left" in safer.reason
    assert race.judge(same, same, lives=([1, 2, 1], [5, 4, 5]), life=life).decision is Decision.REJECTED
    assert race.judge(same, same, lives=([3, 2, 3], [3, 2, 3]), life=life, last=True).equal
    assert race.judge(same, same, lives=([0, 0, 0], [0, 0, 0]), life=life, last=True).equal


def test_rare_misses_do_not_hide_a_lead_in_lives() -> None:
    ours, theirs = [864.0] * 12, [864.0] * 12
    ours[4], theirs[7] = 863.0, 860.0
    judgement = Race().judge(ours, theirs, lives=([5, 4, 3] * 4, [1, 2, 1] * 4), life=8.64)
    assert judgement.decision is Decision.ACCEPTED


def test_no_number_of_lives_makes_up_for_a_lower_mean() -> None:
    assert Race().judge([863] * 3, [864] * 3, lives=([9] * 3, [0] * 3), life=8.64).decision is None
    alike = [864.0] * 64
    one_worse = Race().judge([*alike[:-1], 863.0], alike, lives=([9] * 64, [0] * 64), life=8.64, final=True)
    assert one_worse.decision is Decision.UNDECIDED


def test_infinite_scores_are_refused() -> None:
    assert Race().judge([float("nan"), 1, 2], [0, 0, 0]).decision is Decision.REJECTED


def test_a_schedule_that_spends_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at most 0\.9"):
        Race(looks=(Look(3, 0.7, 0.5), Look(5, 1.1, 0.5)))
    with pytest.raises(ValueError, match="more and more"):
        Race(looks=(Look(3, 0.7, 0.5), Look(5, 0.6, 0.5)))
    with pytest.raises(ValueError, match="alpha"):
        Race(alpha=1.5)


@pytest.mark.parametrize("kind", ["normal", "heavy", "two values"])
def test_identical_programs_are_rarely_told_apart(kind: str) -> None:
    rng = np.random.default_rng(1)
    scores = {
        "normal": list(rng.normal(100, 20, 200)),
        "heavy": list(rng.pareto(1.5, 200) * 100),
        "two values": [0.0] * 100 + [864.0] * 100,
    }[kind]
    check = aa_check(scores, rounds=400, rng=rng)
    assert check.accepted <= 0.10 + 0.03  # alpha, and three standard errors of 400 races
    assert check.mean_pairs < 20
    assert check.accepted + check.rejected + check.undecided == pytest.approx(1)


def test_a_real_gain_is_mostly_accepted() -> None:
    rng = np.random.default_rng(2)
    scores = list(rng.normal(100, 20, 200))
    assert aa_check(scores, rounds=200, rng=rng, gain=40).accepted > 0.8


def test_a_gain_of_scores_in_two_heaps_is_mostly_accepted() -> None:
    rng = np.random.default_rng(3)
    champion = [421.0] * 70 + [864.0] * 30
    challenger = [421.0] * 37 + [864.0] * 63
    check = aa_check(champion, rounds=300, rng=rng, challenger=challenger)
    assert check.accepted > 0.65
    assert check.rejected < 0.1, "who is stopped early on few pairs is undecided, not rejected"


LOOKED, SPENDING = (3, 5, 8), (0.05, 0.08, 0.10)


@settings(max_examples=6, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 1.0, 1.0, 2.5, 443.0, 1e5]), min_size=6, max_size=6),
    st.lists(st.sampled_from([0.0, 1.0, 1.0, 2.5, 443.0, 1e5]), min_size=5, max_size=5),
)
def test_looking_often_accepts_no_more_paths_than_may_be_spent(
    first: list[float], sizes: list[float]
) -> None:
    accepted = ways = 0
    for dealt in itertools.combinations(range(6), 3):
        rest = [i for i in range(6) if i not in dealt]
        for path in itertools.product((1, -1), repeat=5):
            ours = [first[i] for i in dealt] + [s * size for s, size in zip(path, sizes, strict=True)]
            theirs = [first[i] for i in rest] + [0.0] * 5
            ways += 1
            accepted += any(
                p_sequential(ours[:n], theirs[:n], LOOKED[: k + 1], SPENDING[: k + 1]) <= SPENDING[k]
                for k, n in enumerate(LOOKED)
            )
    assert accepted / ways <= SPENDING[-1]


def test_the_first_look_deals_the_scores_and_later_ones_add_signs() -> None:
    ours, theirs = [4.0, 5.0, 6.0, 2.0, 2.0], [1.0, 2.0, 3.0, 1.0, 1.0]
    assert p_sequential(ours[:3], theirs[:3], (3,), (0.05,)) == pytest.approx(1 / 20)
    assert p_sequential(ours, theirs, (5,), (0.05,)) == pytest.approx(1 / 80)
    assert p_sequential(ours, theirs, (3, 5), (0.05, 0.06)) == pytest.approx(1 / 20), "spent already"


def test_looks_after_the_first_cost_little() -> None:
    looks, spending = (8, 12, 16, 24), (0.02, 0.03, 0.04, 0.05)
    differences = [1.0, -0.4] * 12
    once = p_pairs(differences)
    assert once <= p_sequential(differences, [0.0] * 24, looks, spending) <= once + 0.04


def test_a_path_of_signs_beyond_the_enumerated_ones_is_found() -> None:
    assert p_sequential([1.0] * 40, [0.0] * 40, (20, 40), (1e-5, 0.05)) < 0.001
    assert p_sequential([-1.0] * 40, [0.0] * 40, (20, 40), (0.0, 0.05)) == 1.0


def test_the_final_look_may_lie_between_the_planned_ones() -> None:
    race = Race()
    ours, theirs = [9.0, 2.5, 9.0, 9.0], [1.0, 2, 3, 1]
    assert race.judge(ours, theirs).decision is None
    assert race.judge(ours, theirs, final=True).decision is Decision.ACCEPTED
    assert race.judge(ours[:2], theirs[:2], final=True).decision is Decision.UNDECIDED
    assert [n for n in range(1, 9) if race.may_decide(n)] == [3, 4, 5, 6, 7, 8]


def test_a_last_look_anywhere_keeps_the_error_rate() -> None:
    rng = np.random.default_rng(4)
    race, accepted = Race(), 0
    for _ in range(300):
        end, ours, theirs = int(rng.integers(3, 24)), list[float](), list[float]()
        decision = None
        while decision is None:
            more = min(race.next_look(len(ours)), end) - len(ours)
            ours += list(rng.normal(size=more))
            theirs += list(rng.normal(size=more))
            decision = race.judge(ours, theirs, final=len(ours) >= end).decision
        accepted += decision is Decision.ACCEPTED
    assert accepted / 300 <= 0.10 + 0.03


def test_races_that_cannot_have_more_pairs_keep_the_error_rate_and_see_large_gains() -> None:
    rng = np.random.default_rng(6)
    scores = list(rng.normal(100, 20, 200))
    same = aa_check(scores, rounds=300, rng=rng, most=5)
    assert same.accepted <= 0.10 + 0.03
    assert same.mean_pairs <= 5
    assert aa_check(scores, rounds=100, rng=rng, gain=40, most=5).accepted > 0.75
