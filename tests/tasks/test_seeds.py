"""Seeds of the three splits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlearn.records import Split
from hlearn.tasks.seeds import SEEDS_PER_SPLIT, split_of, split_seeds

RUNS = st.integers(0, 2**64)
STARTS = st.integers(0, SEEDS_PER_SPLIT - 300)


@given(run=RUNS, start=STARTS, count=st.integers(0, 300), split=st.sampled_from(Split))
def test_seeds_stay_in_their_split_and_never_repeat(run: int, start: int, count: int, split: Split) -> None:
    seeds = split_seeds(split, run, start, count)
    assert len(set(seeds)) == count
    assert all(0 <= seed < 2**31 and split_of(seed) is split for seed in seeds)
    assert seeds == split_seeds(split, run, start, count)
    assert seeds[1:] == split_seeds(split, run, start + 1, count - 1) if count else seeds == []


@given(run=RUNS, first=STARTS, second=STARTS)
def test_splits_share_no_seed(run: int, first: int, second: int) -> None:
    dev, gate, holdout = (
        set(split_seeds(split, run, start, 300))
        for split, start in ((Split.DEV, first), (Split.GATE, second), (Split.HOLDOUT, first))
    )
    assert not dev & gate and not dev & holdout and not gate & holdout


def test_runs_differ_in_dev_and_gate_and_share_the_holdout() -> None:
    for split in (Split.DEV, Split.GATE):
        assert not set(split_seeds(split, 0, 0, 1000)) & set(split_seeds(split, 1, 0, 1000))
    assert split_seeds(Split.HOLDOUT, 0, 0, 10) == split_seeds(Split.HOLDOUT, 1, 0, 10)


def test_the_same_seeds_in_every_release() -> None:
    assert split_seeds(Split.HOLDOUT, 0, 0, 3) == EXPECTED


EXPECTED = [1103258936, 1435063407, 1229996966]


@pytest.mark.parametrize(("start", "count"), [(-1, 2), (0, -1), (SEEDS_PER_SPLIT, 1)])
def test_a_range_outside_the_split(start: int, count: int) -> None:
    with pytest.raises(ValueError, match="expected a range"):
        split_seeds(Split.DEV, 0, start, count)
