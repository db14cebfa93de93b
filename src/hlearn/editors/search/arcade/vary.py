"""Changing a genome a little: constants, order, guards, behaviours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hlearn.editors.search.arcade.behaviors import (
    ACROSS,
    DOWN,
    PRESS,
    STEERING,
    Behavior,
    BehaviorKnob,
    Guard,
)
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.signals import Signal

LIMIT = 4  # behaviours per channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What variation may use.

    Attributes:
        behaviors: guesses per channel, best first.
        signals: what a guard may look at.
    """

    behaviors: dict[str, tuple[Behavior, ...]]
    signals: tuple[Signal, ...]


def turn_knobs(genome: Genome, rng: np.random.Generator, source: str) -> Genome:
    """Changes one to three constants, most by a normal step, some to anywhere in their range."""
    places = list(genome.knobs())
    if not places:
        return genome
    count = min(len(places), int(rng.integers(1, 4)))
    scale = float(np.exp(rng.uniform(np.log(0.3), np.log(3.0))))
    for index in rng.choice(len(places), size=count, replace=False):
        path, knob = places[int(index)]
        if rng.random() < 0.12:
            value = float(rng.uniform(knob.low, knob.high))
        else:
            value = knob.value + float(rng.normal()) * knob.step * scale
        genome = genome.turned(path, value, source)
    return genome


def vary(
    genome: Genome, mates: Sequence[Genome], pool: Pool, rng: np.random.Generator, source: str
) -> Genome:
    """Returns a changed genome: mostly other constants, at times another structure.

    Args:
        genome: what to change.
        mates: genomes from which a whole channel may be taken over.
        pool: behaviours and signals that may come in.
        rng: decides.
        source: what a changed constant names as its source.
    """
    dice = rng.random()
    if dice < 0.5:
        return turn_knobs(genome, rng, source)
    channel = _channel(genome, pool, rng)
    if channel is None:
        return turn_knobs(genome, rng, source)
    have = genome.on(channel)
    if dice < 0.68 and len(have) < LIMIT:  # a new behaviour goes first, if its guard lets it
        new = _pick(pool.behaviors[channel], rng)
        if have or rng.random() < 0.5:
            guarded = new.kind not in ("flee", "dodge", "shelter", "reflex") or rng.random() < (
                0.5 if new.kind == "flee" else 0.0
            )
            new = replace(new, guard=_guard(genome, channel, pool, rng) if guarded else None)
        changed = genome.with_channel(channel, (new, *have))
    elif dice < 0.76:
        changed = genome.with_channel(channel, (*have[:-1], _pick(pool.behaviors[channel], rng)))
    elif dice < 0.83 and have:
        gone = int(rng.integers(len(have)))
        changed = genome.with_channel(channel, have[:gone] + have[gone + 1 :])
    elif dice < 0.92 and have:
        at = int(rng.integers(len(have)))
        lifted = have[at].guard is not None and rng.random() < 0.5
        guard = None if lifted else _guard(genome, channel, pool, rng)
        changed = genome.with_channel(channel, (*have[:at], replace(have[at], guard=guard), *have[at + 1 :]))
    elif mates:
        mate = mates[int(rng.integers(len(mates)))]
        changed = genome.with_channel(channel, mate.on(channel))
        changed = replace(changed, outlook=genome.outlook or mate.outlook)
        if mate.across is not genome.across or mate.down is not genome.down:
            changed = replace(changed, across=mate.across or genome.across, down=mate.down or genome.down)
    else:
        changed = genome
    return turn_knobs(changed, rng, source) if rng.random() < 0.3 else changed


def _channel(genome: Genome, pool: Pool, rng: np.random.Generator) -> str | None:
    channels = [c for c in (ACROSS, DOWN, PRESS) if pool.behaviors.get(c)]
    return channels[int(rng.integers(len(channels)))] if channels else None


def _pick(behaviors: Sequence[Behavior], rng: np.random.Generator) -> Behavior:
    """Earlier ones (better in the first race) more often."""
    return behaviors[int(len(behaviors) * rng.random() ** 2)]


def _guard(genome: Genome, channel: str, pool: Pool, rng: np.random.Generator) -> Guard | None:
    if not pool.signals:
        return None
    signal = pool.signals[int(len(pool.signals) * rng.random() ** 1.3)]
    own = genome.own(channel if channel in STEERING else ACROSS)
    if own is not None and rng.random() < 0.35 and signal.key != own.key:
        level = round(own.span * float(rng.uniform(0.05, 0.35)), 1)
        knob = BehaviorKnob(value=level, low=1, high=own.span, unit="px", step=0.05 * own.span)
        return Guard(signal=signal, test="near", level=knob)
    level = round(float(rng.uniform(signal.low, signal.high)), 1)
    knob = BehaviorKnob(value=level, low=signal.low, high=signal.high, step=0.1 * signal.span)
    return Guard(signal=signal, test="<" if rng.random() < 0.5 else ">", level=knob)
