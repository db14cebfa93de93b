"""Noise for sequences of actions in which neighbours go the same way: coloured, or drawn at few moments."""

from __future__ import annotations

import numpy as np


def coloured(
    rng: np.random.Generator, count: int, horizon: int, channels: int, colour: float = 2.0
) -> np.ndarray:
    """Draws sequences whose power falls with frequency: 0 is white noise, 1 pink, 2 red (a random walk's).

    Args:
        rng: draws.
        count: sequences.
        horizon: actions of a sequence.
        channels: numbers of an action.
        colour: exponent of the power's fall.

    Returns:
        float64[count, horizon, channels] of mean 0 and variance 1.
    """
    if colour == 0.0 or horizon < 3:
        return rng.standard_normal((count, horizon, channels))
    frequencies = np.fft.rfftfreq(horizon)
    frequencies[0] = frequencies[1]
    scale = frequencies ** (-colour / 2.0)
    parts = rng.standard_normal((2, count, channels, len(scale))) * scale
    parts[1, ..., 0] = 0.0
    weights = np.full(len(scale), 4.0)  # of a real signal's frequencies in its variance
    weights[0] = 1.0
    if horizon % 2 == 0:
        weights[-1], parts[1, ..., -1] = 1.0, 0.0
    deviation = float(np.sqrt(weights @ scale**2)) / horizon
    drawn: np.ndarray = np.fft.irfft(parts[0] + 1j * parts[1], horizon) / deviation
    return np.swapaxes(drawn, 1, 2)


def knotted(rng: np.random.Generator, count: int, horizon: int, channels: int, knots: int) -> np.ndarray:
    """Draws sequences at few moments, evenly apart, and goes on along straight lines in between.

    The fewer the moments, the fewer sequences it takes to find a good one (predictive sampling, Howell et al. 2022).

    Args:
        rng: draws.
        count: sequences.
        horizon: actions of a sequence.
        channels: numbers of an action.
        knots: moments, at least 1.

    Returns:
        float64[count, horizon, channels] of mean 0, and variance 1 at the knots.
    """
    drawn = rng.standard_normal((count, knots, channels))
    at = np.linspace(0.0, knots - 1.0, horizon)
    weights = np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(knots)))
    between: np.ndarray = np.einsum("hk,bkc->bhc", weights, drawn)
    return between
