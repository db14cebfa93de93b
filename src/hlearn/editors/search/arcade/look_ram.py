"""Probing the console's memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from hlearn.editors.api import Lab
from hlearn.editors.search.arcade.dying import first_signs
from hlearn.editors.search.arcade.events import Reading, Trajectory, lives_lost
from hlearn.editors.search.arcade.lanes import find_lanes
from hlearn.editors.search.arcade.look import ProbeFindings, means, play_probe, relate, signal, unseen
from hlearn.editors.search.arcade.look_things import look_at_things, watch
from hlearn.editors.search.arcade.outlook import WorldModel
from hlearn.editors.search.arcade.relations import ProbeTrajectory, lives_counters
from hlearn.editors.search.arcade.signals import DetectorTemplate, Signal
from hlearn.editors.search.arcade.tally import SHOWN, tells_rewards
from hlearn.evaluate.api import Record, Recording
from hlearn.policy.joystick import action_meaning
from hlearn.probe.effects import SampledEpisode
from hlearn.probe.player import PlayerFound
from hlearn.probe.ram import find_motions, read_byte
from hlearn.probe.scene import Axis
from hlearn.tasks.environment import Discrete

VALUES = 6  # that a byte must take to be a coordinate
MOVING = (0.01, 0.98)  # share of steps in which a byte changes that may be a place
SPREAD = 4.0  # and the standard deviation of its values
STEERED, CLEAR = 3, 5.0  # bytes per axis that commands move, by so many standard errors
WRAP = 60  # a larger change of a byte in one step is no motion


def look_at_ram(lab: Lab) -> ProbeFindings:
    """Plays the probe and reads the bytes.

    Raises:
        BudgetExhausted: the budget ends before the probe does.
    """
    assert isinstance(lab.actions, Discrete)
    results = play_probe(lab, Record.SHOWN)
    recordings = [r.recording for r in results if r.recording is not None and len(r.recording.actions)]
    if not recordings:
        return unseen(results)
    observations = [r.observations for r in recordings]
    found = find_motions([(r.observations, r.actions) for r in recordings], lab.actions.names)
    series: list[dict[str, np.ndarray]] = [{} for _ in recordings]
    signals = []
    for byte in found:
        seen = signal(byte_sight(byte.index, coded=byte.coded), byte.motion)
        signals.append(seen)
        for values, column in zip(byte.values, series, strict=True):
            column[seen.key] = values
    own = tuple(s for s in signals if s.drive is not None)
    movers = tuple(s for s in signals if s.drive is None)
    taken = {b.index for b in found}
    placed = _placed(observations, taken, own)
    for place in placed:
        for obs, column in zip(observations, series, strict=True):
            column[place.key] = read_byte(obs, _index(place), coded=False)
    lost = lost_lives(recordings)
    meaning = np.array([action_meaning(n)[:2] for n in lab.actions.names])
    passages = [
        ProbeTrajectory(
            series=column,
            rewards=r.rewards,
            lost=gone,
            commands=meaning[r.actions],
        )
        for column, r, gone in zip(series, recordings, lost, strict=True)
    ]
    lone = [b.index for b in found if b.motion.axis is None and not b.coded]
    lanes = [
        lane
        for column, axis in enumerate(("x", "y"))
        for place in [next((s for s in own if s.drive == axis), None)]
        if place is not None
        for lane in find_lanes(passages, place, column, observations, lone)
    ]
    steered = _steered(observations, [meaning[r.actions] for r in recordings])
    obeying = _obeying((*own, *steered))
    world = look_at_things(recordings, lost, meaning, obeying)
    recordings = [replace(r, pictures=()) for r in recordings]
    length, score = means(results)
    return ProbeFindings(
        own=own,
        movers=movers,
        flags=_flags(observations, taken),
        targets=_targets(observations, own),
        steered=steered,
        world=world,
        watch=partial(_watches, world=world) if world is not None else None,
        relations=relate(passages, own, movers + placed),
        lanes=tuple(lanes),
        tally=_tally(observations, [r.rewards for r in recordings]),
        length=length,
        score=score,
        recordings=tuple(recordings),
        record=Record.STEPS,
        read=partial(plays_of, own=own),
        program=lambda _, program: program,
    )


def _watches(recordings: Sequence[Recording], world: WorldModel) -> tuple[SampledEpisode, ...]:
    assert isinstance(world.player, PlayerFound)
    lost = lost_lives(recordings)
    return tuple(watch(r, gone, world.player, world.slots) for r, gone in zip(recordings, lost, strict=True))


def byte_sight(index: int, *, coded: bool = False) -> DetectorTemplate:
    """The detector of one byte."""
    if coded:
        return DetectorTemplate(
            key=f"ram[{index}] decoded",
            imports=("from hlearn.parts import fine_coarse",),
            body=(f"return fine_coarse(obs[{index}])",),
        )
    return DetectorTemplate(key=f"ram[{index}]", body=(f"return int(obs[{index}])",))


def _tally(observations: Sequence[np.ndarray], rewards: Sequence[np.ndarray]) -> Signal | None:
    """The byte that tells rewards best."""
    told = [
        tells_rewards([o[:, i].astype(float) for o in observations], rewards)
        for i in range(observations[0].shape[1])
    ]
    best = max(range(len(told)), key=lambda i: (told[i][0] * told[i][1], -i))
    shown, explained = told[best]
    if shown < SHOWN or explained < 0.6:
        return None
    return Signal(sight=byte_sight(best), low=0.0, high=255.0)


def _index(place: Signal) -> int:
    return int(place.sight.key[4:].split("]")[0])


def lost_lives(recordings: Sequence[Recording]) -> list[np.ndarray]:
    """Which decisions cost a life, bool[T] per episode: as the environment tells, else by the bytes that count down."""
    if any(r.lives.any() for r in recordings):
        return [lives_lost(r) for r in recordings]
    counters = lives_counters([r.observations for r in recordings])
    return [_drops(r.observations, counters) for r in recordings]


def _drops(observations: np.ndarray, counters: Sequence[int]) -> np.ndarray:
    lost = np.zeros(len(observations), dtype=bool)
    if counters:
        columns = observations[:, list(counters)].astype(np.int16)
        lost[:-1] = (np.diff(columns, axis=0) < 0).any(axis=1)
    return lost


def plays_of(recordings: Sequence[Recording], own: Sequence[Signal]) -> Reading:
    """Reads every byte that takes several values as a coordinate, in each form in which own positions are held.

    Args:
        recordings: episodes with observations, uint8[T, 128].
        own: the player's positions.

    Returns:
        The episodes as numbers, the signals, and every byte that changes as a sign.
    """
    every = np.concatenate([r.observations for r in recordings])
    forms = {False} | {s.sight.imports != () for s in own}
    signals: list[Signal] = []
    signs: list[Signal] = []
    series: list[dict[str, np.ndarray]] = [{} for _ in recordings]
    for index in range(every.shape[1]):
        values = np.unique(every[:, index])
        if len(values) > 1:
            signs.append(Signal(sight=byte_sight(index), low=float(values[0]), high=float(values[-1])))
            for column, r in zip(series, recordings, strict=True):
                column[signs[-1].key] = read_byte(r.observations, index, coded=False)
        if len(values) < VALUES:
            continue
        for coded in sorted(forms):
            low, high = (float(v) for v in np.percentile(read_byte(every, index, coded=coded), (2, 98)))
            signals.append(Signal(sight=byte_sight(index, coded=coded), low=low, high=high))
            for column, r in zip(series, recordings, strict=True):
                column[signals[-1].key] = read_byte(r.observations, index, coded=coded)
    for place in own:
        for column, r in zip(series, recordings, strict=True):
            column.setdefault(
                place.key, read_byte(r.observations, _index(place), coded=bool(place.sight.imports))
            )
    lost = lost_lives(recordings)
    shown = first_signs([r.observations for r in recordings], lost)
    plays = [
        Trajectory(series=c, lost=gone, gained=r.rewards > 0, shown=first)
        for c, gone, first, r in zip(series, lost, shown, recordings, strict=True)
    ]
    return Reading(plays, tuple(signals), tuple(signs))


def _changes(observations: Sequence[np.ndarray]) -> np.ndarray:
    """Share of steps in which each byte changed."""
    changed = [np.diff(o.astype(np.int16), axis=0) != 0 for o in observations]
    return np.asarray(np.concatenate(changed).mean(axis=0))


def _placed(observations: Sequence[np.ndarray], taken: set[int], own: Sequence[Signal]) -> tuple[Signal, ...]:
    """Bytes that are set to places now and then: the column in which something falls, where something starts."""
    if not own:
        return ()
    every = np.concatenate(observations)
    changed = _changes(observations)
    found = []
    for index in range(every.shape[1]):
        column = every[:, index]
        low, high = (float(v) for v in np.percentile(column, (2, 98)))
        overlap = max(min(high, o.high) - max(low, o.low) for o in own)
        if (
            index not in taken
            and len(np.unique(column)) >= 10
            and 0.003 < changed[index] < 0.35
            and overlap > 0.3 * min(o.span for o in own)
        ):
            found.append(
                Signal(sight=byte_sight(index), low=low, high=high, moving=float(changed[index]), speed=0.0)
            )
    return tuple(found)


def _obeying(signals: Sequence[Signal]) -> tuple[list[int], list[int]]:
    """The bytes that commands across and down move, each once, the clearest first."""
    across = list(dict.fromkeys(_index(s) for s in signals if s.drive is Axis.X))
    down = list(dict.fromkeys(_index(s) for s in signals if s.drive is Axis.Y))
    return across, down


def _targets(observations: Sequence[np.ndarray], own: Sequence[Signal]) -> tuple[Signal, ...]:
    """Every byte that changes and takes places far apart, in each form in which own positions are held."""
    every = np.concatenate(observations)
    changed = _changes(observations)
    mine = {_index(s) for s in own[:2]}
    found = []
    for coded in sorted({bool(s.sight.imports) for s in own} or {False}):
        for index in range(every.shape[1]):
            values = read_byte(every, index, coded=coded)
            if index not in mine and MOVING[0] < changed[index] < MOVING[1] and values.std() > SPREAD:
                low, high = (float(v) for v in np.percentile(values, (2, 98)))
                sight = byte_sight(index, coded=coded)
                found.append(Signal(sight=sight, low=low, high=high, moving=float(changed[index])))
    return tuple(found)


def _steered(observations: Sequence[np.ndarray], commands: Sequence[np.ndarray]) -> tuple[Signal, ...]:
    """Bytes that change otherwise under one direction than under the opposite one: a place, a heading, a speed.

    Args:
        observations: uint8[T, 128] per episode.
        commands: int[T, 2] per episode, across and down, after each observation.
    """
    changes = np.concatenate([np.diff(o.astype(np.int16), axis=0) for o in observations])
    changes[np.abs(changes) > WRAP] = 0
    given = np.concatenate([c[:-1] for c in commands])
    often = (changes != 0).mean(axis=0)
    every = np.concatenate(observations)
    found = []
    for column, axis in enumerate((Axis.X, Axis.Y)):
        more, less = changes[given[:, column] > 0], changes[given[:, column] < 0]
        if min(len(more), len(less)) < 50:
            continue
        error = np.sqrt(more.var(axis=0) / len(more) + less.var(axis=0) / len(less)) + 1e-3
        clear = np.where(often > MOVING[0], (more.mean(axis=0) - less.mean(axis=0)) / error, 0.0)
        for index in np.argsort(-np.abs(clear))[:STEERED]:
            if abs(clear[index]) > CLEAR:
                low, high = (float(v) for v in np.percentile(every[:, index], (2, 98)))
                sign = float(np.sign(clear[index]))
                sight = byte_sight(int(index))
                found.append(Signal(sight=sight, low=low, high=high, drive=axis, reach=sign, explained=0.0))
    return tuple(found)


def _flags(observations: Sequence[np.ndarray], taken: set[int]) -> tuple[Signal, ...]:
    """Bytes that take a few values and change now and then."""
    every = np.concatenate(observations)
    changed = _changes(observations)
    found = []
    for index in range(every.shape[1]):
        column = every[:, index]
        if index not in taken and 2 <= len(np.unique(column)) <= 24 and 0.0005 < changed[index] < 0.3:
            low, high = float(column.min()), float(column.max())
            found.append(Signal(sight=byte_sight(index), low=low, high=high, moving=float(changed[index])))
    return tuple(found)
