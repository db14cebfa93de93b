"""What the screen probe finds in Atari games: things, the cost of their detectors, and pictures to check by eye.

python benchmarks/see_screens.py Breakout Pong --frames 2000 --out runs/screens
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from hlearn.parts.blobs import BlobDetector, Follow, Motions, falling, nearest, rising
from hlearn.probe.picture import save_scene
from hlearn.probe.pixels import find_things
from hlearn.probe.scene import ObjectKind, ScreenObject
from hlearn.probe.screen import ScreenRecorder, ScreenRecording
from hlearn.records import Access, Protocol
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.environment import Discrete

_NAMES = (BlobDetector, Follow, Motions, falling, nearest, rising)


def play(env_id: str, frames: int) -> ScreenRecording:
    """Records play with random actions, each held for 1 to 15 frames, under sticky actions."""
    environment = open_environment(resolve_task(env_id, access=Access.PIXELS, protocol=Protocol.STICKY))
    assert isinstance(environment.actions, Discrete)
    rng = np.random.default_rng(0)
    recorder = ScreenRecorder(environment.actions.names, capacity=frames)
    screen = np.empty(environment.observation.shape, np.uint8)
    action = left = seed = 0
    start = True
    for _ in range(frames):
        if start:
            environment.reset(seed, screen)
            seed += 1
        if left == 0:
            action, left = int(rng.integers(environment.actions.n)), int(rng.integers(1, 16))
        left -= 1
        recorder.add(screen, action, start)
        _, terminated, truncated, _ = environment.step(action, screen)
        start = terminated or truncated
    environment.close()
    return recorder.recording()


def cost_us(thing: ScreenObject, frames: list[np.ndarray]) -> float:
    """Microseconds per frame of a thing's detector, the best of five rounds over consecutive frames."""
    names: dict[str, Any] = {f.__name__: f for f in _NAMES}
    names["THING"] = eval(thing.detector.constant, names)
    if thing.detector.state:
        names["memory"] = eval(thing.detector.memory("THING"), names)
    ask = compile(thing.detector.value("THING", state="memory"), thing.name, "eval")
    best = np.inf
    for _ in range(5):
        begin = time.perf_counter()
        for names["obs"] in frames:
            eval(ask, names)
        best = min(best, (time.perf_counter() - begin) / len(frames))
    return best * 1e6


def main() -> None:
    """Prints one line per thing and writes one picture per game."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("games", nargs="+", help="ALE names, such as Breakout")
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--out", type=Path, help="folder for the pictures")
    options = parser.parse_args()
    for game in options.games:
        recording = play(f"ALE/{game}-v5", options.frames)
        begin = time.process_time()
        scene = find_things(recording)
        print(f"{game}: {scene.frames} frames, {time.process_time() - begin:.1f} s")
        some = range(options.frames // 2, options.frames // 2 + 100)
        shown = [recording.frame(t) for t in some]
        for thing in scene.things:
            moves = thing.kind in (ObjectKind.PLAYER, ObjectKind.MOVER)
            cost = f"{cost_us(thing, shown):6.1f} us" if moves else " " * 9
            print(f"  {thing.name:13s} {cost}  {thing.evidence}\n{'':26s}{thing.detector.constant}")
        if options.out is not None:
            options.out.mkdir(parents=True, exist_ok=True)
            picks = [recording.frame(options.frames * k // 5) for k in range(1, 5)]
            save_scene(scene, picks, options.out / f"{game}.png", zoom=3)


if __name__ == "__main__":
    main()
