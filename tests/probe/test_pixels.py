"""The probe of the screen on a made-up game, whose truth is known, and on real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hlearn.parts.blobs import BlobDetector, Follow
from hlearn.probe.picture import look, save_scene
from hlearn.probe.pixels import find_things, record_screens
from hlearn.probe.scene import Axis, ObjectKind, Scene, ScreenObject
from hlearn.probe.screen import ScreenRecorder, ScreenRecording, find_parts
from hlearn.records import Access, Protocol
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.environment import Discrete

NAMES = ("NOOP", "RIGHT", "LEFT")
WHITE, RED, GREY, BLUE = (236, 236, 236), (200, 72, 72), (142, 142, 142), (66, 72, 200)


def held_actions(rng: np.random.Generator, steps: int, count: int) -> np.ndarray:
    actions: list[int] = []
    while len(actions) < steps:
        actions += [int(rng.integers(count))] * int(rng.integers(2, 15))
    return np.array(actions[:steps])


def toy_game(steps: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    """A two-coloured paddle, a ball between walls of the paddle's colour, and a score that changes."""
    rng = np.random.default_rng(3)
    actions = held_actions(rng, steps, len(NAMES))
    frames = np.zeros((steps, 210, 160, 3), np.uint8)
    paddle, x, y, vx, vy, done = 70, 60, 100, 1, 2, 0
    for t in range(steps):
        done = done if rng.random() < 0.25 else int(actions[t])  # sticky
        frame = frames[t]
        frame[40:44] = frame[40:204, :6] = frame[40:204, 154:] = RED
        frame[190:194, paddle : paddle + 16] = RED
        frame[194:196, paddle : paddle + 16] = BLUE
        frame[y : y + 4, x : x + 2] = WHITE
        frame[10:20, 60 : 64 + 4 * (t // 200 % 3)] = GREY
        paddle = int(np.clip(paddle + (0, 2, -2)[done], 6, 138))
        x, y = x + vx, y + vy
        vx = -vx if x in (6, 152) else vx
        vy = -vy if y <= 44 or y >= 184 else vy
    return frames, actions


@pytest.fixture(scope="module")
def toy() -> tuple[ScreenRecording, Scene]:
    recording = record_screens([toy_game()], NAMES)
    return recording, find_things(recording)


def play(env_id: str, steps: int) -> ScreenRecording:
    environment = open_environment(resolve_task(env_id, access=Access.PIXELS, protocol=Protocol.STICKY))
    space = environment.actions
    assert isinstance(space, Discrete)
    actions = held_actions(np.random.default_rng(0), steps, space.n)
    recorder = ScreenRecorder(space.names, capacity=steps)
    screen = np.empty((210, 160, 3), np.uint8)
    start, seed = True, 0
    for action in actions:
        if start:
            environment.reset(seed, screen)
            seed += 1
        recorder.add(screen, int(action), start)
        _, terminated, truncated, _ = environment.step(int(action), screen)
        start = terminated or truncated
    environment.close()
    return recorder.recording()


def built(thing: ScreenObject) -> BlobDetector:
    return eval(thing.detector.constant, {"BlobDetector": BlobDetector})


def test_recording_keeps_every_color_exactly():
    frames, actions = toy_game(40)
    recording = record_screens([(frames[:25], actions[:25]), (frames[25:], actions[25:])], NAMES)
    assert all((recording.frame(t) == frames[t]).all() for t in range(40))
    assert list(np.flatnonzero(recording.starts)) == [0, 25]
    assert recording.codes.dtype == np.uint8 and len(recording.palette) == 5


def test_more_colors_than_codes_are_folded():
    recorder = ScreenRecorder(NAMES)
    frame = np.arange(20 * 20 * 3, dtype=np.int64).reshape(20, 20, 3).astype(np.uint8)
    frame[..., 2] = np.arange(400).reshape(20, 20) // 2
    recorder.add(frame, 0, True)
    recording = recorder.recording()
    assert len(recording.palette) == 255 and recording.codes.max() == 254


def test_parts_join_over_gaps_and_keep_their_place():
    masks = np.zeros((3, 20, 30), bool)
    masks[0, 0:3, 0:4] = masks[0, 0:3, 5:7] = True
    masks[2, 19, 29] = masks[2, 5:7, 10:12] = True
    parts = find_parts(masks, 7, (100, 50), (64, 64))
    rows = sorted(zip(parts.t, parts.x, parts.y, parts.w, parts.h, strict=True))
    assert rows == [(0, 103, 51, 7, 3), (2, 110.5, 55.5, 2, 2), (2, 129, 69, 1, 1)]


def test_player_of_two_colors_is_one_thing(toy):
    _, scene = toy
    (player,) = scene.players
    assert player.drive(Axis.Y) is None
    drive = player.drive(Axis.X)
    assert drive is not None
    assert (drive.positive, drive.negative, drive.lag) == ((1,), (2,), 0)
    assert drive.speed == pytest.approx((0, 2, -2), abs=0.35) and drive.agreement > 0.9
    assert set(player.colors) == {RED, BLUE}
    assert player.width[1] == 16


def test_ball_walls_and_speed(toy):
    _, scene = toy
    (ball,) = scene.movers
    assert ball.name == "ball" and ball.colors == (WHITE,)
    assert ball.speed == pytest.approx((1, 2), abs=0.1)
    assert ball.bounds == pytest.approx((6.5, 45.5, 152.5, 185.5), abs=2.5)
    assert ball.visible == 1.0 and ball.count == (1, 1) and ball.longest_gap == 0


def test_what_stays_is_no_mover(toy):
    _, scene = toy
    stays = [t for t in scene.things if t.kind in (ObjectKind.STATIC, ObjectKind.SCORE)]
    assert GREY in {c for t in stays for c in t.colors}


def test_detectors_find_the_things_and_are_quoted_in_full(toy):
    recording, scene = toy
    frames, _ = toy_game(400)
    for thing in (*scene.players, *scene.movers):
        names = {"BlobDetector": BlobDetector, "Follow": Follow, "THING": built(thing)}
        if thing.detector.state:
            names["memory"] = eval(thing.detector.memory("THING"), names)
        ask = thing.detector.value("THING", state="memory")
        assert all(eval(ask, names, {"obs": f}) == built(thing).find(f) is not None for f in frames[::3])
    assert str(scene).count("\n") == len(scene.things) - 1
    assert scene.frames == len(recording.codes)


def test_nothing_moves_nothing_found():
    recording = record_screens([(np.zeros((300, 210, 160, 3), np.uint8), np.zeros(300, int))], NAMES)
    assert find_things(recording).things == ()


def test_breakout(tmp_path: Path):
    recording = play("ALE/Breakout-v5", 1200)
    scene = find_things(recording)
    (player,) = scene.players
    drive = player.drive(Axis.X)
    assert drive is not None and player.drive(Axis.Y) is None
    assert drive.positive == (2,) and drive.negative == (3,)
    ball = scene.movers[0]
    assert ball.name == "ball" and ball.width[1] <= 3 and ball.height[1] <= 5
    sees = [look(ball, recording.frame(t)) for t in range(0, 1200, 50)]
    assert max(len(s) for s in sees) == 1
    save_scene(scene, [recording.frame(600)], tmp_path / "scene.png", zoom=2)
    assert (tmp_path / "scene.png").read_bytes()[:4] == b"\x89PNG"


def test_many_of_a_kind_and_shots_that_fall():
    scene = find_things(play("ALE/SpaceInvaders-v5", 1500))
    assert len(scene.players) == 1
    crowd = max(scene.movers, key=lambda t: t.count[0])
    assert crowd.count[0] >= 20 and "{const}.all(obs)" in crowd.detector.expression_all
    shots = {t.name: t for t in scene.movers if t.name.endswith("shot")}
    assert shots["rising_shot"].origin == "player" and shots["falling_shot"].origin != "player"
    text = shots["falling_shot"].detector.value("SHOT", player="self.s.player", state="self.shots")
    assert text == "nearest(falling(self.shots.update(SHOT.all(obs))), self.s.player)"


def test_lanes_of_cars_become_a_crowd():
    scene = find_things(play("ALE/Freeway-v5", 1000))
    (player,) = scene.players
    assert [d.axis for d in player.drives] == [Axis.Y]
    (crowd,) = [t for t in scene.movers if t.name == "crowd"]
    assert crowd.count[0] >= 8


def test_two_poses_of_one_thing_are_one_thing():
    steps, x, y, way, climbs = 1500, 20, 150, 2, 0
    rng = np.random.default_rng(5)
    actions = held_actions(rng, steps, len(NAMES))
    frames = np.zeros((steps, 210, 160, 3), np.uint8)
    for t in range(steps):
        if climbs:  # upright, half as wide and twice as high
            climbs -= 1
            frames[t, y - 10 - climbs : y + 10 - climbs, x + 3 : x + 10] = WHITE
        else:  # on all fours
            frames[t, y : y + 10, x : x + 14] = WHITE
            way = -way if not 10 < x + way < 130 else way
            x += way
            climbs = 40 if rng.random() < 0.02 else 0
    scene = find_things(record_screens([(frames, actions)], NAMES))
    (mover,) = scene.movers
    assert mover.visible > 0.95
    detector = built(mover)
    assert all(detector.find(f) is not None for f in frames[::10])


def test_whatever_comes_down_on_the_player_is_seen_in_any_color():
    steps = 1200
    rng = np.random.default_rng(7)
    actions = held_actions(rng, steps, len(NAMES))
    frames = np.zeros((steps, 210, 160, 3), np.uint8)
    place, shot, tip = 70, -1, 70
    bombs: list[list[Any]] = [[30, 60, BLUE], [90, 120, GREY]]
    for t in range(steps):
        place = int(np.clip(place + (0, 2, -2)[actions[t]], 10, 140))
        shot = shot - 4 if shot > 40 else 176
        tip = place if shot == 176 else tip
        frames[t, shot : shot + 6, tip + 4] = WHITE
        frames[t, 186:194, place : place + 9] = RED
        for bomb in bombs:
            bomb[1] += 2
            if bomb[1] > 180:
                bomb[:2] = int(rng.integers(12, 140)), 40
            frames[t, bomb[1] : bomb[1] + 4, bomb[0] : bomb[0] + 2] = bomb[2]
    scene = find_things(record_screens([(frames, actions)], NAMES))
    deep = eval(scene.perils[-1].constant, {"BlobDetector": BlobDetector})
    for t in (200, 450, 700, 951):
        band = frames[t, 141:183]
        columns = [np.flatnonzero((band == c).all(axis=2).any(axis=0)) for c in (BLUE, GREY)]
        expected = sorted(float(c.mean()) for c in columns if len(c))
        assert sorted(b.x for b in deep.all(frames[t])) == pytest.approx(expected, abs=1)


def test_own_shots_that_look_like_bombs_are_told_by_their_way():
    steps = 1000
    rng = np.random.default_rng(8)
    actions = held_actions(rng, steps, len(NAMES))
    frames = np.zeros((steps, 210, 160, 3), np.uint8)
    place, bomb = 70, [30, 60]
    shots: list[list[int]] = []
    for t in range(steps):
        place = int(np.clip(place + (0, 2, -2)[actions[t]], 10, 140))
        shots = [[x, y - 3] for x, y in shots if y > 40]
        if t % 40 == 0:
            shots.append([place + 4, 178])
        bomb = [bomb[0], bomb[1] + 2] if bomb[1] < 180 else [int(rng.integers(12, 140)), 40]
        frames[t, 186:194, place : place + 9] = RED
        for x, y in [*shots, bomb]:
            frames[t, y : y + 4, x : x + 2] = WHITE
    scene = find_things(record_screens([(frames, actions)], NAMES))
    assert "m.vy >= 0" in scene.perils[-1].values("EYE", "self.eye")
    assert WHITE not in eval(scene.perils[-1].constant, {"BlobDetector": dict})["background"]
