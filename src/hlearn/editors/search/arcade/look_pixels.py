"""Probing the screen: first what there is, then, with detectors for it, how it moves and what matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from hlearn.editors.api import Lab
from hlearn.editors.search.arcade.dying import first_signs
from hlearn.editors.search.arcade.emit import emit
from hlearn.editors.search.arcade.events import Reading, Trajectory, lives_lost
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.look import (
    HOLDS,
    ProbeFindings,
    means,
    play_probe,
    relate,
    signal,
    unseen,
    wanderer,
)
from hlearn.editors.search.arcade.look_things import since
from hlearn.editors.search.arcade.outlook import PlayerSeen, WorldModel
from hlearn.editors.search.arcade.relations import ProbeTrajectory
from hlearn.editors.search.arcade.signals import DetectorTemplate, Signal
from hlearn.editors.search.arcade.tally import EXPLAINED, SHOWN, tells_rewards
from hlearn.evaluate.api import PICTURE_EVERY, Job, Record, Recording
from hlearn.policy.joystick import action_meaning
from hlearn.probe.effects import SampledEpisode
from hlearn.probe.motion import driven, moves
from hlearn.probe.pixels import find_things
from hlearn.probe.scene import Axis, Detector, ObjectKind, Scene, ScreenObject
from hlearn.probe.screen import ScreenRecorder
from hlearn.records import Program
from hlearn.tasks.environment import Discrete

LOOKS = (
    500,
    2500,
    500,
    500,
)  # frames of each episode in which the screen itself is recorded: one of them is long
THINGS = 12  # things that are followed
SCORES = 6  # patches that may show the score


def look_at_pixels(lab: Lab) -> ProbeFindings:
    """Plays the probe, finds things on the screen and watches them.

    Raises:
        BudgetExhausted: the budget ends before the probe does.
    """
    assert isinstance(lab.actions, Discrete)
    scene = _scene(lab, lab.actions.names)
    players = [t for t in scene.players if t.kind is ObjectKind.PLAYER][:2]
    things = [*players, *scene.movers][:THINGS]
    lab.say("on the screen: " + ", ".join(t.name for t in things))
    shown = [_patch(t) for t in (*scene.of(ObjectKind.STATIC), *scene.of(ObjectKind.SCORE))[:SCORES]]
    sights = [_sight(t) for t in things] + shown
    results = play_probe(lab, Record.TRACES, sights)
    recordings = [r.recording for r in results if r.recording is not None and len(r.recording.actions)]
    if not recordings:
        return unseen(results)
    meaning = np.array([action_meaning(n)[:2] for n in lab.actions.names])
    commands = [meaning[r.actions] for r in recordings]
    series: list[dict[str, np.ndarray]] = [{} for _ in recordings]
    own: list[Signal] = []
    movers: list[Signal] = []
    for index, (thing, sight) in enumerate(zip(things, sights, strict=False)):
        for axis in (Axis.X, Axis.Y):
            values = [_values(r, f"sight_{index}", axis.value) for r in recordings]
            motion = moves(values, share=0.005, steady=0.5)
            if motion is None:
                continue
            if thing.kind is ObjectKind.PLAYER:
                motion = driven(motion, values, commands)
            seen = replace(signal(sight, motion, axis.value), axis=axis)
            for column, value in zip(series, values, strict=True):
                column[seen.key] = value
            (own if seen.drive is not None else movers).append(seen)
    own.sort(key=lambda s: -s.explained)
    passages = [
        ProbeTrajectory(
            series=c,
            rewards=r.rewards,
            lost=lives_lost(r),
            commands=m,
        )
        for c, r, m in zip(series, recordings, commands, strict=True)
    ]
    telling = []
    signs: tuple[Signal, ...] = ()
    for index, sight in enumerate(shown, start=len(things)):
        values = [_numbers(r, f"sight_{index}") for r in recordings]
        every = np.concatenate(values)
        signs += (Signal(sight=sight, low=float(every.min()), high=float(every.max())),)
        share, explained = tells_rewards(values, [r.rewards for r in recordings])
        if share >= SHOWN and explained >= EXPLAINED:
            telling.append(sight)
    length, score = means(results)
    world = _world(things, sights, own, recordings)
    return ProbeFindings(
        own=tuple(own),
        movers=tuple(movers),
        flags=(),
        relations=relate(passages, own, movers),
        perils=tuple(_peril(d, at) for at, d in enumerate(scene.perils)),
        tally=_together(telling),
        length=length,
        score=score,
        recordings=tuple(recordings),
        record=Record.TRACES,
        world=world,
        watch=partial(_watches, things=things, sights=sights, world=world) if world is not None else None,
        read=partial(plays_of, carried=sights, signals=(*own, *movers), signs=signs),
        program=partial(carrying, sights=sights, buttons=lab.actions.names),
    )


def _world(
    things: Sequence[ScreenObject],
    sights: Sequence[DetectorTemplate],
    own: Sequence[Signal],
    recordings: Sequence[Recording],
) -> WorldModel | None:
    """What programs may know that look ahead; None where no player is seen."""
    if not own:
        return None
    ways = {s.drive: s for s in own if s.sight.key == own[0].sight.key}
    at = next(i for i, s in enumerate(sights) if s.key == own[0].sight.key)
    me = things[at]
    places = np.concatenate([_places(r, at) for r in recordings])
    seen = ~np.isnan(places[:, 0])
    low, high = np.nanpercentile(places, (1, 99), axis=0)
    kinds = {i: t for i, t in enumerate(things) if t.kind is not ObjectKind.PLAYER}
    world = WorldModel(
        player=PlayerSeen(
            sight=sights[at],
            size=(me.width[1], me.height[1]),
            speed=(_speed(ways.get(Axis.X)), _speed(ways.get(Axis.Y))),
            low=(float(low[0]), float(low[1])),
            high=(float(high[0]), float(high[1])),
            sure=float(seen.mean()),
        ),
        sights={i: sights[i] for i in kinds},
        names={i: t.name for i, t in kinds.items()},
        boxes={i: (t.width[1], t.height[1]) for i, t in kinds.items()},
        effects=(),
    )
    return world.wiser(_watches(recordings, things, sights, world))


def _speed(way: Signal | None) -> float:
    """Pixels per step while it is steered."""
    return 0.0 if way is None else way.speed * min(1.0, max(way.moving, 0.5))


def _places(recording: Recording, index: int) -> np.ndarray:
    """Where a carried sight saw its thing at every look, float[T, 2], nan where it did not."""
    name = f"sight_{index}"
    both = [_values(recording, name, axis)[::PICTURE_EVERY] for axis in ("x", "y")]
    return np.stack(both, axis=1)


def _watches(
    recordings: Sequence[Recording],
    things: Sequence[ScreenObject],
    sights: Sequence[DetectorTemplate],
    world: WorldModel,
) -> tuple[SampledEpisode, ...]:
    """Looks at the player and at things, from traces of programs that carried their detectors."""
    assert isinstance(world.player, PlayerSeen)
    me = next(i for i, s in enumerate(sights) if s.key == world.player.sight.key)
    found = []
    for r in recordings:
        mine = _places(r, me)
        kinds = sorted(world.names)
        places = np.stack([_places(r, i) for i in kinds], axis=1) if kinds else np.empty((len(mine), 0, 2))
        there = ~np.isnan(places[..., 0]) & ~np.isnan(mine[:, :1])
        found.append(
            SampledEpisode(
                me=np.nan_to_num(mine),
                kinds=np.where(there, np.array(kinds, int), -1),
                places=np.nan_to_num(places),
                gained=since(r.rewards > 0, len(mine)),
                lost=since(lives_lost(r), len(mine)),
            )
        )
    return tuple(found)


def plays_of(
    recordings: Sequence[Recording],
    carried: Sequence[DetectorTemplate],
    signals: tuple[Signal, ...],
    signs: tuple[Signal, ...] = (),
) -> Reading:
    """Reads where things were from the traces of programs that carried their detectors.

    Args:
        recordings: episodes with traces.
        carried: what was carried, in order.
        signals: the coordinates to read.
        signs: the numbers to read beside them.
    """
    places = {sight.key: f"sight_{index}" for index, sight in enumerate(carried)}
    every = [
        {s.key: _values(r, places[s.sight.key], s.field) for s in signals}
        | {s.key: _numbers(r, places[s.sight.key]) for s in signs}
        for r in recordings
    ]
    lost = [lives_lost(r) for r in recordings]
    hidden = [np.stack([np.isnan(v) for v in series.values()], axis=1).astype(np.uint8) for series in every]
    plays = [
        Trajectory(series=series, lost=gone, gained=r.rewards > 0, shown=first)
        for series, gone, first, r in zip(every, lost, first_signs(hidden, lost), recordings, strict=True)
    ]
    return Reading(plays, signals, signs)


def carrying(
    genome: Genome, program: Program, sights: Sequence[DetectorTemplate], buttons: tuple[str, ...]
) -> Program:
    """The program of a genome with further detectors, which show in its trace and change nothing."""
    return Program(source=emit(genome, title="Watched.", buttons=buttons, carried=sights))


def _scene(lab: Lab, names: Sequence[str]) -> Scene:
    """Records a few openings, one at a time (a frame has 100 kB), and finds things in them."""
    recorder = ScreenRecorder(tuple(names), capacity=sum(LOOKS))
    for at, (seed, steps) in enumerate(zip(lab.seeds(50, len(LOOKS)), LOOKS, strict=True)):
        program = wanderer(names, HOLDS[0])
        job = Job(program=program, seed=seed, max_steps=steps, record=Record.STEPS, record_limit=steps)
        lab.say(f"looking at the screen, episode {at + 1} of {len(LOOKS)}")
        recording = lab.measure([job])[0].recording
        if recording is not None:
            shown = zip(recording.observations, recording.actions, strict=False)
            for t, (observation, action) in enumerate(shown):
                recorder.add(observation, int(action), start=t == 0)
    return find_things(recorder.recording())


def _sight(thing: ScreenObject) -> DetectorTemplate:
    """The detector of a thing, as lines of a program."""
    found = thing.detector
    return DetectorTemplate(
        key=thing.name,
        imports=found.imports,
        constants=(f"{{NAME}} = {found.constant}",) if found.constant else (),
        setup=(f"{{state}} = {found.memory('{NAME}')}",) if found.state else (),
        body=(f"return {found.value('{NAME}', '{player}', '{state}')}",),
        optional=True,
    )


def _peril(detector: Detector, index: int) -> Signal:
    """Everything in a band before the player, as one signal whose value is a list."""
    sight = DetectorTemplate(
        key=f"band{index}",
        imports=detector.imports,
        constants=(f"{{NAME}} = {detector.constant}",),
        setup=(f"{{state}} = {detector.memory('{NAME}')}",) if detector.state else (),
        body=(f"return {detector.values('{NAME}', '{state}')}",),
    )
    return Signal(sight=sight, low=0.0, high=1.0)


def _patch(thing: ScreenObject) -> DetectorTemplate:
    """A number that changes when a patch of the screen does: the sum of its red."""
    wide, high = thing.width[1] / 2 + 1, thing.height[1] / 2 + 1
    left, top = max(0, round(thing.region[0] - wide)), max(0, round(thing.region[1] - high))
    right, bottom = round(thing.region[2] + wide), round(thing.region[3] + high)
    return DetectorTemplate(
        key=f"patch{left}_{top}", body=(f"return int(obs[{top}:{bottom}, {left}:{right}, 0].sum())",)
    )


def _together(patches: Sequence[DetectorTemplate]) -> Signal | None:
    """One sight of all patches that show rewards: it changes when any of them does."""
    if not patches:
        return None
    sums = [p.body[0].removeprefix("return ") for p in patches]
    body = f"return ({', '.join(sums)},)"
    return Signal(sight=DetectorTemplate(key="the score shown", body=(body,)), low=0.0, high=1e6)


def _numbers(recording: Recording, name: str) -> np.ndarray:
    """A sight that is a number, over an episode."""
    said = (trace.get(name) for trace in recording.traces)
    return np.array([float(value) if isinstance(value, int | float) else np.nan for value in said])


def _values(recording: Recording, name: str, axis: str) -> np.ndarray:
    """One coordinate of one sight over an episode, nan where it saw nothing."""
    values = []
    for trace in recording.traces:
        place = trace.get(name)
        values.append(float(place[axis]) if isinstance(place, dict) else np.nan)
    return np.array(values)
