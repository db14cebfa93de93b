"""Where there is little to see: nothing that changes, or episodes that end at once."""

from __future__ import annotations

import pytest

from hlearn.editors.api import Brief
from hlearn.editors.search.vector import VectorSearch
from hlearn.editors.search.vector.opening import body_families
from hlearn.editors.search.vector.probing import probe
from tests.editors.search.plain_lab import PlainLab

MODULE = "tests.editors.search.unseeing_environments"


def _best(lab: PlainLab) -> float:
    brief = Brief(
        task=lab.task, observation=lab.observation, actions=lab.actions, champion=None, champion_dev=None
    )
    means = [p.dev.mean for p in VectorSearch(brief, lab).proposals() if p.dev is not None]
    return max(m for m in means if m is not None)


@pytest.mark.parametrize(("channels", "best"), [(0, 20.0), (1, 19.0)])
def test_what_never_changes_leaves_a_blind_search(channels: int, best: float) -> None:
    lab = PlainLab(f"{MODULE}:Unseeing/Constant{channels}-v0", steps=8_000)
    assert not probe(lab).signals
    assert _best(PlainLab(f"{MODULE}:Unseeing/Constant{channels}-v0", steps=8_000)) >= best


def test_a_body_that_sees_nothing_has_families() -> None:
    sketch = probe(PlainLab(f"{MODULE}:Unseeing/Constant4-v0", steps=8_000))
    assert not sketch.signals and len(sketch.axes) == 4
    assert body_families(sketch, "Blind")


def test_episodes_of_one_step_are_learnt_from_what_they_show() -> None:
    lab = PlainLab(f"{MODULE}:Unseeing/OneStep-v0", steps=8_000)
    assert len(probe(lab).signals) == 3
    assert _best(PlainLab(f"{MODULE}:Unseeing/OneStep-v0", steps=8_000)) > 0.9
