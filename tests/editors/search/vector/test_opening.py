from __future__ import annotations

from hlearn.editors.search.lane import TuningRun
from hlearn.editors.search.trials import PairedComparison
from hlearn.editors.search.tune import scatter
from hlearn.editors.search.vector import opening
from hlearn.editors.search.vector.families import urge_families
from hlearn.editors.search.vector.probing import probe
from tests.editors.search.plain_lab import PlainLab


def test_a_body_begins_with_the_best_of_scattered_starts_of_all_families(monkeypatch):
    monkeypatch.setattr(opening, "STARTS", (2, 1, 1))
    monkeypatch.setattr(opening, "SCATTERED", 3)
    monkeypatch.setattr(opening, "BRACKET", ((1, 2), (1, 1)))
    monkeypatch.setattr(opening, "HORIZON", 60)
    lab = PlainLab("BipedalWalker-v3", steps=100_000)
    sketch = probe(lab)
    families = [f for f in opening.body_families(sketch, "Walker") if not f.from_rest]
    lane = opening.body_lane(lab, PairedComparison(lab), sketch, families, population=6, turn=0)
    assert {f"{f.name}: scattered starts" for f in families} <= set(lab.said)
    assert sum("of 5" in text for text in lab.said) == 5
    assert lane.tuner.generation == 2
    assert lane.tuner.horizon == 60


def test_episodes_are_capped_at_first_then_longer_then_whole():
    lab = PlainLab("CartPole-v1", steps=300_000)
    family = urge_families(probe(lab), "Cart")[0]
    lane = TuningRun(lab, PairedComparison(lab), family, episodes=1, horizon=20, forgiven=1.0)
    stages = []
    while lane.tuner.horizon is not None:
        stage = (lane.tuner.horizon, lane.tuner.forgiven)
        if stage not in stages:
            stages.append(stage)
        lane.step()
    assert stages == [(20, 1.0), (40, 0.0)]


def test_mercy_decides_which_scattered_settings_are_finalists():
    lab = PlainLab("CartPole-v1", steps=100_000)
    family = urge_families(probe(lab), "Cart")[0]
    plain, merciful = (
        scatter(lab, family, count=12, first_seed=0, horizon=60, finalists=3, forgiven=forgiven)
        for forgiven in (0.0, 1000.0)
    )
    assert len(plain) == len(merciful) == 3
    assert plain != merciful
