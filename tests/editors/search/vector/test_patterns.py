"""The plainest gait: joints are found from pushes alone, few numbers move them, and the program is short."""

from __future__ import annotations

import pytest

from hlearn.editors.search.vector.opening import body_families
from hlearn.editors.search.vector.probing import probe
from hlearn.evaluate.api import Job
from hlearn.policy.source import check_source
from hlearn.probe.vector.limbs import find_joint
from hlearn.records import Episode
from tests.editors.search.plain_lab import PlainLab


@pytest.mark.parametrize(
    ("env_id", "joints"),
    [
        ("HalfCheetah-v5", [(n + 2, n + 11) for n in range(6)]),
        ("Ant-v5", [(n, n + 14) for n in (11, 12, 5, 6, 7, 8, 9, 10)]),
    ],
)
def test_a_pattern_moves_the_joints_that_pushes_drive(env_id: str, joints: list[tuple[int, int]]) -> None:
    lab = PlainLab(env_id, steps=30_000)
    sketch = probe(lab)
    found = [find_joint(sketch, k) for k in range(len(sketch.axes))]
    assert [j and (j[0].indices[0], j[1].indices[0]) for j in found] == joints
    template = body_families(sketch, "Body")[0]
    assert template.name == "one rhythm"
    assert len(template.knobs) == 3 + 3 * len(joints)
    program = template.program({k.name: k.start + 0.3 * k.spread for k in template.knobs})
    assert check_source(program.source) == []
    assert len(program.source.splitlines()) < 150
    outcome = lab.measure([Job(program=program, seed=1, max_steps=60)])[0].outcome
    assert isinstance(outcome, Episode)
