"""Detectors of change: what they notice, what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.parts import Cusum, Dynamics, PageHinkley, Recognizer


def test_cusum_notices_a_rise_and_not_the_noise() -> None:
    rng = np.random.default_rng(0)
    detector = Cusum(threshold=10, warm=200)
    assert not any(detector.update(x) for x in rng.normal(3, 2, 2000))
    late = [detector.update(x) for x in rng.normal(6, 2, 60)]
    assert late[-1] and not late[2]
    detector.clear()
    assert not detector.changed and not detector.update(3.0)
    falls = Cusum(mean=0.0, spread=1.0, upward=False, downward=True)
    assert not any(falls.update(x) for x in rng.normal(1, 1, 300))
    assert any(falls.update(x) for x in rng.normal(-2, 1, 30))
    assert Cusum(mean=0.0, spread=1.0).update(float("nan"))
    with pytest.raises(ValueError, match="mean and spread"):
        Cusum(mean=1.0)


def test_page_hinkley_notices_a_fall_of_scores() -> None:
    rng = np.random.default_rng(1)
    detector = PageHinkley(downward=True)
    assert not any(detector.update(x) for x in rng.normal(100, 10, 300))
    assert any(detector.update(x) for x in rng.normal(60, 10, 30))


def swing(gravity: float, steps: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A damped pendulum near its rest."""
    state, seen, done, after = np.array([0.3, 0.0]), [], [], []
    for _ in range(steps):
        push = int(rng.integers(2))
        seen.append(state)
        done.append(push)
        speed = 0.98 * state[1] - 0.1 * gravity * state[0] + 0.2 * (push - 0.5)
        state = np.array([state[0] + 0.1 * speed, speed])
        after.append(state)
    return np.array(seen), np.array(done), np.array(after)


def test_a_recognizer_tells_which_world_and_whether_it_knows_it() -> None:
    rng = np.random.default_rng(2)
    known = {name: Dynamics.fit(*swing(g, 300, rng), count=2) for name, g in (("moon", 1.6), ("earth", 9.8))}
    known["earth"] = Dynamics(**known["earth"].arrays)  # as an asset brings it back
    for gravity, name, strange in ((9.8, "earth", False), (1.6, "moon", False), (25.0, None, True)):
        recognizer = Recognizer(known)
        seen, done, _ = swing(gravity, 20, rng)
        for observation, action in zip(seen, done, strict=True):
            recognizer.see(observation)
            recognizer.did(observation, action)
        assert recognizer.is_strange is strange
        assert name is None or recognizer.choice == name
