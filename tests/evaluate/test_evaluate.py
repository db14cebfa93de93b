"""Outcomes, recordings, order and repeatability."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from hlearn.errors import HarnessError, UsageError
from hlearn.evaluate.api import Job, Record, Result
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.records import Access, Episode, Failure, FailureKind, Program, Protocol
from hlearn.tasks.task import Task

from .faulty import open_broken, open_faulty
from .programs import HONEST_RANDOM, SEEK, WALK, acting

CORRIDOR = Task(env_id="hlearn.testing.toys:Corridor-v0", access=Access.VECTOR, protocol=Protocol.STANDARD)
TARGET = Task(env_id="hlearn.testing.toys:Seek-v0", access=Access.VECTOR, protocol=Protocol.STANDARD)
walk, seek, dice = (Program(source=s) for s in (WALK, SEEK, HONEST_RANDOM))


@pytest.fixture(scope="module")
def corridor():
    with IsolatedEvaluator(CORRIDOR, workers=2) as evaluator:
        yield evaluator


@pytest.fixture(scope="module")
def target():
    with IsolatedEvaluator(TARGET) as evaluator:
        yield evaluator


def plain(results: list[Result]) -> list[object]:
    """Everything that must repeat (wall time does not)."""
    rows: list[object] = []
    for outcome, recording in results:
        rows.append((type(outcome).__name__, outcome.seed, outcome.score, outcome.env_steps, outcome.length))
        if recording is not None:
            rows.append(
                (recording.observations.tobytes(), recording.actions.tobytes(), recording.rewards.tobytes())
            )
            rows.append(recording.traces)
    return rows


def test_an_episode(corridor):
    [result] = corridor.run([Job(program=walk, seed=3)])
    assert isinstance(result.outcome, Episode)
    assert result.outcome.score == 10.0
    assert result.outcome.terminated and not result.outcome.truncated and not result.outcome.stopped
    assert result.outcome.length == result.outcome.env_steps > 10
    assert result.recording is None


@pytest.mark.parametrize("kind", [IsolatedEvaluator, InProcessEvaluator])
def test_each_result_is_told_as_soon_as_it_is_there(kind):
    jobs = [Job(program=walk, seed=i) for i in range(12)]
    told: list[Result] = []
    with kind(CORRIDOR) as evaluator:
        results = evaluator.run(jobs, told.append)
    assert sorted(map(repr, told)) == sorted(map(repr, results))


def test_results_come_in_the_order_of_the_jobs(corridor):
    jobs = [Job(program=walk if i % 3 else dice, seed=i) for i in range(40)]
    assert [r.outcome.seed for r in corridor.run(jobs)] == list(range(40))


@pytest.mark.parametrize("record", [Record.NOTHING, Record.STEPS, Record.TRACE])
def test_isolated_and_in_process_agree(corridor, record):
    jobs = [Job(program=walk, seed=i, record=record) for i in range(4)]
    with InProcessEvaluator(CORRIDOR) as here:
        assert plain(here.run(jobs)) == plain(corridor.run(jobs))


def test_the_same_job_twice_is_the_same_episode(corridor):
    jobs = [Job(program=dice, seed=i % 4, record=Record.STEPS) for i in range(8)]
    rows = plain(corridor.run(jobs))
    assert rows[: len(rows) // 2] == rows[len(rows) // 2 :]
    with IsolatedEvaluator(CORRIDOR, workers=1) as alone:
        assert plain(alone.run(jobs)) == rows


def test_a_reused_child_plays_the_same_episodes_as_a_fresh_one(corridor):
    jobs = [Job(program=p, seed=i, record=Record.TRACE) for p in (dice, walk, dice) for i in range(6)]
    with IsolatedEvaluator(CORRIDOR, episodes_per_child=4) as reusing:
        assert plain(reusing.run(jobs)) == plain(corridor.run(jobs))


def test_episodes_that_may_be_played_together_are_the_same_as_alone(corridor):
    jobs = [Job(program=p, seed=i, record=Record.TRACE) for p in (dice, walk) for i in range(6)]
    mixed = [replace(job, together=i % 3 > 0) for i, job in enumerate(jobs)]
    assert plain(corridor.run(mixed)) == plain(corridor.run(jobs))


def test_a_reused_child_that_failed_is_not_used_again():
    bad = acting("return 7 if obs[1] > 10 else 'left'")
    with IsolatedEvaluator(CORRIDOR, episodes_per_child=8) as reusing:
        results = reusing.run([Job(program=bad, seed=i) for i in range(6)] + [Job(program=walk, seed=1)])
    assert [r.outcome.kind for r in results[:6] if isinstance(r.outcome, Failure)] == [
        FailureKind.INVALID_ACTION
    ] * 6
    assert results[6].outcome.score == 10.0


def test_box_actions(target):
    [result] = target.run([Job(program=seek, seed=5, record=Record.STEPS)])
    recording = result.recording
    assert result.outcome.truncated
    assert recording.observations.shape == (50, 4) and recording.actions.shape == (50, 2)
    assert np.abs(recording.actions).max() <= 1.0  # clipped before they are recorded
    assert math.isclose(recording.rewards.sum(), result.outcome.score)


def test_the_recording_shows_what_the_program_saw(corridor):
    [full] = corridor.run([Job(program=walk, seed=3, record=Record.TRACE)])
    seen = full.recording.observations
    away = seen[:, 1] - seen[:, 0]
    assert [t["away"] for t in full.recording.traces] == away.tolist()
    assert [t["t"] for t in full.recording.traces] == list(range(1, full.outcome.length + 1))
    [part] = corridor.run([Job(program=walk, seed=3, record=Record.TRACE, record_limit=5)])
    assert part.outcome.score == full.outcome.score
    assert np.array_equal(part.recording.observations, seen[:5])
    assert part.recording.traces == full.recording.traces[:5]
    assert len(part.recording.actions) == len(part.recording.rewards) == 5


def test_long_recordings_without_a_limit():
    task = Task(
        env_id=CORRIDOR.env_id, access=Access.VECTOR, protocol=Protocol.STANDARD, kwargs=(("goals", 10**6),)
    )
    with InProcessEvaluator(task) as here:
        [result] = here.run([Job(program=walk, seed=3, record=Record.STEPS)])
    assert result.recording is not None
    assert result.recording.observations.shape[0] == result.outcome.length == 200


def test_early_stops(corridor):
    idle = acting("return 0")
    jobs = [
        Job(program=walk, seed=3, max_steps=7),
        Job(program=walk, seed=3, stop_score=4.0),
        Job(program=idle, seed=3, stall_steps=9),
        Job(program=walk, seed=3, max_steps=0),
    ]
    outcomes = [r.outcome for r in corridor.run(jobs)]
    assert all(o.stopped and not o.terminated for o in outcomes)
    assert [o.length for o in outcomes][::2] == [7, 9]
    assert outcomes[1].score == 4.0
    assert outcomes[3].env_steps == 0


def test_who_misses_a_hurdle_is_stopped_there_and_tells_the_return_at_each(corridor):
    [whole] = corridor.run([Job(program=walk, seed=3)])
    hurdles = ((4, None), (8, 0.0), (10**6, 5.0))
    [over] = corridor.run([Job(program=walk, seed=3, hurdles=hurdles)])
    assert (over.outcome.score, over.outcome.length) == (whole.outcome.score, whole.outcome.length)
    assert len(over.outcome.passed) == 2, "it ended before the last"
    assert over.outcome.passed[0] <= over.outcome.passed[1] <= whole.outcome.score
    [short] = corridor.run([Job(program=walk, seed=3, hurdles=((4, None), (8, 1e6), (9, 0.0)))])
    assert short.outcome.stopped and not short.outcome.terminated
    assert short.outcome.env_steps == 8
    assert short.outcome.passed == over.outcome.passed


SAWTOOTH = Program(source="class S:\n def reset(self, seed): pass\n def act(self, obs): return 0\n")


@pytest.mark.parametrize(
    ("rewards", "goal", "length", "stopped"),
    [
        ((1.0, 1.0, 1.0, 1.0), 2.0, 2, True),  # only rises: nothing that comes can take it away
        ((1.0, 1.0, 1.0, -5.0), 2.0, 2, True),  # a fall that nobody could foresee
        ((-1.0, 2.0, 2.0, -5.0), 2.0, 4, False),  # it fell before, so it may again
        ((-1.0, -1.0, -1.0, -1.0), -3.5, 4, False),  # costs: begins above the target
        ((0.0, 1.0, 0.0, -4.0), 0.0, 4, False),  # begins at the target
    ],
)
def test_a_target_stops_an_episode_only_where_the_return_rises(
    tmp_path, monkeypatch, rewards, goal, length, stopped
):
    (tmp_path / "sawtooth_env.py").write_text(
        "import gymnasium, numpy as np\n"
        "class Sawtooth(gymnasium.Env):\n"
        "    observation_space = gymnasium.spaces.Box(0, 9, (1,), np.float32)\n"
        "    action_space = gymnasium.spaces.Discrete(2)\n"
        "    def __init__(self, rewards): self.rewards = list(rewards)\n"
        "    def reset(self, *, seed=None, options=None):\n"
        "        self.left = list(self.rewards)\n"
        "        return np.zeros(1, np.float32), {}\n"
        "    def step(self, action):\n"
        "        reward = self.left.pop(0)\n"
        "        return np.zeros(1, np.float32), reward, not self.left, False, {}\n"
        "gymnasium.register('Sawtooth-v0', entry_point=Sawtooth)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    task = Task(
        env_id="sawtooth_env:Sawtooth-v0",
        access=Access.VECTOR,
        protocol=Protocol.STANDARD,
        kwargs=(("rewards", rewards),),
    )
    with InProcessEvaluator(task) as here:
        [result] = here.run([Job(program=SAWTOOTH, seed=3, stop_score=goal)])
    assert isinstance(result.outcome, Episode)
    assert (result.outcome.length, result.outcome.stopped) == (length, stopped)


def test_the_program_seed_is_not_the_environment_seed(corridor):
    tell = Program(
        source="class T:\n def reset(self, seed): self.seed = seed\n def act(self, obs): return 0\n"
        " def trace(self): return {'seed': self.seed}\n"
    )
    jobs = [Job(program=tell, seed=s, max_steps=1, record=Record.TRACE) for s in (1, 2, 1)]
    seeds = [r.recording.traces[0]["seed"] for r in corridor.run(jobs)]
    assert seeds[0] == seeds[2] != seeds[1]
    assert not {1, 2} & set(seeds)


def test_a_failing_environment_is_a_harness_error():
    with IsolatedEvaluator(CORRIDOR, opener=open_faulty) as evaluator:
        with pytest.raises(HarnessError, match="the emulator broke"):
            evaluator.run([Job(program=walk, seed=i) for i in range(3)])
        assert not evaluator._pool


def test_an_environment_that_cannot_be_opened_is_a_usage_error():
    with (
        IsolatedEvaluator(CORRIDOR, opener=open_broken) as evaluator,
        pytest.raises(UsageError, match="no such"),
    ):
        evaluator.run([Job(program=walk, seed=0)])


def test_an_evaluator_can_be_used_again_after_close(corridor):
    with IsolatedEvaluator(CORRIDOR) as evaluator:
        first = evaluator.run([Job(program=walk, seed=0)])
        evaluator.close()
        assert plain(evaluator.run([Job(program=walk, seed=0)])) == plain(first)
    assert evaluator.run([]) == []


def test_failures_say_how_far_it_got(corridor):
    [result] = corridor.run([Job(program=acting("raise ValueError('no')"), seed=1, record=Record.STEPS)])
    failure = result.outcome
    assert isinstance(failure, Failure)
    assert failure.length == failure.env_steps == 3
    assert result.recording is not None
    assert result.recording.observations.shape == (3, 2)
    assert "ValueError: no" in failure.message and 'File "policy.py", line' in failure.message
    assert "hlearn" not in failure.message


@pytest.mark.parametrize("kind", [IsolatedEvaluator, InProcessEvaluator])
def test_an_episode_says_how_many_lives_were_left(kind):
    breakout = Task(env_id="ALE/Breakout-v5", access=Access.RAM, protocol=Protocol.STICKY)
    waiting, throwing = acting("return 0"), acting("return 1")
    with kind(breakout) as evaluator:
        [idle, cut, lost] = evaluator.run(
            [
                Job(program=p, seed=3, max_steps=m)
                for p, m in ((waiting, 100), (throwing, 300), (throwing, None))
            ]
        )
    assert idle.outcome.lives == 5
    assert 0 < cut.outcome.lives < 5
    assert lost.outcome.terminated and lost.outcome.lives == 0
