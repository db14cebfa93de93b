"""Joint linear policies: what is drawn is what is written, and a floor where channels help only together."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.editors.api import Brief, Proposal
from hlearn.editors.search.trials import PairedComparison
from hlearn.editors.search.vector import VectorSearch
from hlearn.editors.search.vector.climb import LinearClimb
from hlearn.editors.search.vector.joint import MOST_OUTPUTS, JointLinear, JointPolicy
from hlearn.editors.search.vector.probing import probe
from hlearn.editors.search.vector.standing import Incumbent
from hlearn.evaluate.api import Job, Record
from hlearn.policy.source import check_source
from hlearn.probe.vector.sketch import VectorFindings, values_of
from hlearn.records import Episode
from hlearn.tasks.environment import Discrete
from tests.editors.search.plain_lab import PlainLab

OWN = "tests.editors.search.joint_environments"
DEAR = 120  # episodes in all


def _joint(lab: PlainLab, seed: int = 0) -> tuple[JointLinear, VectorFindings]:
    sketch = probe(lab)
    actions = lab.actions.n if isinstance(lab.actions, Discrete) else 0
    return JointLinear(sketch, "Drawn", actions, np.random.default_rng(seed)), sketch


def _proposals(lab: PlainLab) -> list[Proposal]:
    brief = Brief(
        task=lab.task, observation=lab.observation, actions=lab.actions, champion=None, champion_dev=None
    )
    return list(VectorSearch(brief, lab).proposals())


def _sums(policy: JointPolicy, sketch: VectorFindings, observations: np.ndarray) -> np.ndarray:
    seen = np.stack([(values_of(s, observations) - s.centre) / s.scale for s in sketch.signals], axis=1)
    return np.concatenate([seen, np.ones((len(seen), 1))], axis=1) @ policy.weights.T


@pytest.mark.parametrize(
    "env_id", ["CartPole-v1", "LunarLander-v3", "LunarLanderContinuous-v3", "Pendulum-v1"]
)
def test_the_program_does_what_was_drawn_and_changed(env_id: str) -> None:
    lab = PlainLab(env_id, steps=100_000)
    joint, sketch = _joint(lab)
    drawn = joint.fresh()
    for policy in (drawn, joint.varied(drawn, 1.0)):
        template, values = joint.written(policy)
        program = template.program(values)
        assert check_source(program.source) == []
        job = Job(program=program, seed=lab.seeds(0, 1)[0], max_steps=40, record=Record.STEPS)
        (result,) = lab.measure([job])
        assert isinstance(result.outcome, Episode) and result.recording is not None
        sums = _sums(policy, sketch, np.asarray(result.recording.observations, dtype=float))
        if isinstance(lab.actions, Discrete):
            expected = np.array(policy.outputs)[sums.argmax(axis=1)]
            assert (expected == result.recording.actions).mean() > 0.95  # numbers are rounded
        else:
            low, high = np.array(lab.actions.finite_bounds).T
            expected = np.clip(0.5 * (low + high) + 0.5 * (high - low) * sums, low, high)
            assert np.allclose(expected, result.recording.actions, atol=0.02 * (high - low))


def test_what_others_found_is_written_as_the_same_sums() -> None:
    lab = PlainLab("CartPole-v1", steps=10_000)
    joint, _ = _joint(lab)
    policy = joint.of({1: {"x2": 9.0, "x2_rate": 1.5, "": -0.25}, 0: {}})
    assert policy is not None
    template, values = joint.written(policy)
    assert values == pytest.approx({"lean_x2": 9.0, "lean_x2_rate": 1.5, "lean_bias": -0.25})
    assert "1 if s.lean > 0.0 else 0" in template.program(values).source
    assert joint.of({}) is None


def test_of_very_many_actions_a_draw_chooses_among_a_few() -> None:
    joint, _ = _joint(PlainLab("CartPole-v1", steps=10_000))
    joint.actions = 200
    policy = joint.fresh()
    assert len(policy.outputs) == MOST_OUTPUTS and max(policy.outputs) < 200
    template, values = joint.written(policy)
    assert template.program(values).source.count("return max(") == 1


def test_where_channels_help_only_together_few_episodes_are_enough_for_a_start() -> None:
    lab = PlainLab(f"{OWN}:Yoke-v0", steps=50 * DEAR, seed=2)
    last = _proposals(lab)[-1]
    assert lab.spent <= 50 * (DEAR + 1)
    lab.grant(50 * 30)
    fresh = lab.measure([Job(program=last.program, seed=s) for s in lab.seeds(800_000, 30)])
    mean = np.mean([r.outcome.score for r in fresh if isinstance(r.outcome, Episode)])
    assert mean > 3.0  # resting: 0, chance: -17, each channel alone less than 0


def test_an_arm_that_gains_nothing_ends_by_itself() -> None:
    lab = PlainLab("tests.editors.search.unseeing_environments:Unseeing/Constant4-v0", steps=100_000)
    joint, sketch = _joint(lab)
    trials = PairedComparison(lab)
    standing = Incumbent(lab, trials)
    climb = LinearClimb(lab, trials, standing, joint, 1.0)
    assert not sketch.signals and climb.tired
    climb.run(1_000)
    assert standing.best is None


def test_states_that_never_come_again_are_not_counted_for_long() -> None:
    lab = PlainLab(f"{OWN}:Crowd-v0", steps=3_000)
    _proposals(lab)
    counted = [said for said in lab.said if said.startswith("exploring")]
    assert len(counted) <= 2
    assert any(said.startswith("joint linear") for said in lab.said)
