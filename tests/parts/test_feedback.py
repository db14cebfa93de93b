from __future__ import annotations

import math

import numpy as np
import pytest

from hlearn.parts.feedback import Latch, bang, limited, pd, wrapped
from hlearn.parts.linear import LinearFeedback, strongest
from hlearn.parts.oscillator import Oscillator, Steps


def test_limited_and_bang():
    assert [limited(v, 2.0) for v in (-3.0, 1.0, 5.0)] == [-2.0, 1.0, 2.0]
    assert [bang(v, 3.0, 0.5) for v in (-1.0, 0.2, 0.6)] == [-3.0, 0.0, 3.0]


def test_pd_settles_a_mass_at_its_target():
    position, rate = 0.0, 0.0
    for _ in range(2000):
        rate += 0.01 * pd(1.0, position, rate, stiffness=4.0, damping=3.0)
        position += 0.01 * rate
    assert position == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("turns", [-2, 0, 3])
def test_wrapped(turns):
    assert wrapped(1.0 + 2 * math.pi * turns) == pytest.approx(1.0)


def test_latch_holds_between_its_limits():
    latch = Latch(low=0.2, high=0.8)
    assert [latch.next(v) for v in (0.5, 0.9, 0.5, 0.1, 0.5)] == [False, True, True, False, False]
    with pytest.raises(ValueError, match="low must not exceed high"):
        Latch(low=1.0, high=0.0)


def test_linear_feedback_is_centred_scaled_and_clipped():
    feedback = LinearFeedback([[1.0, 2.0], [0.0, -4.0]], centre=[1.0, 1.0], scale=[1.0, 2.0], bias=[0.5, 0.0])
    np.testing.assert_allclose(feedback([1.0, 1.0]), [0.5, 0.0])
    np.testing.assert_allclose(feedback(np.array([1.0, 3.0])), [1.0, -1.0])


def test_strongest():
    assert strongest({1: 0.2, 2: 0.9, 3: 0.9}) == 2
    assert strongest({1: 0.2}, threshold=0.5) is None


def test_oscillator_goes_round():
    rhythm = Oscillator(2 * math.pi / 8)
    waves = [(rhythm.next(), rhythm.wave(1.0, 0.5))[1] for _ in range(8)]
    assert waves[1] == pytest.approx(1.5)
    assert waves[5] == pytest.approx(0.5)
    assert rhythm.phase == pytest.approx(0.0, abs=1e-9) or rhythm.phase == pytest.approx(2 * math.pi)
    assert Oscillator(0.1, phase=1.0).first_half()


def test_limbs_take_turns():
    steps = Steps(patience=3, settle=0)
    assert steps.next(reached=False, touching=True) == (0, False)
    assert steps.next(reached=True, touching=False) == (0, True)
    assert steps.next(reached=False, touching=True) == (1, False)
    for _ in range(3):
        assert steps.next(reached=False, touching=False) == (1, False)
    assert steps.next(reached=False, touching=False) == (1, True)
