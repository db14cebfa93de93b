"""An episode played again with pictures: the program in its sandbox first, then its actions in the environment.

The environment that draws lives in the trusted process; the program never shares a process with it. Episodes are
repeatable, so the second pass is the very episode; where it is not, that is said.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import cv2
import numpy as np

from hlearn.errors import EnvironmentFault, NotRepeatable
from hlearn.evaluate.api import EvaluatorMaker, Job, Record, Recording, Trace
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.keyed import with_seeds
from hlearn.evaluate.play import seed_of_world
from hlearn.evidence.overlay import draw_shapes, shapes_of, state_panel
from hlearn.evidence.renderers import mujoco_advice, ready_to_draw
from hlearn.foreign_text import safe_line
from hlearn.ledger import Ledger, Measured
from hlearn.records import Episode, Outcome, Program
from hlearn.tasks.environment import Environment
from hlearn.tasks.registry import open_apart, report_cap, traits
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

_SMALLEST_PX = 400  # pictures are enlarged by a whole factor until their height is at least this
_STRIP_PX = 22
_RULE = 80  # characters of a rule's name that are shown


class Replay(NamedTuple):
    """An episode to show.

    Attributes:
        seed: as ledgers name the episode.
        world_seed: what the environment was seeded with.
        key: id of the key by which one follows from the other.
        rules: what acted at each decision, where the program says so.
    """

    task: Task
    seed: int
    world_seed: int
    key: str
    outcome: Outcome
    recording: Recording
    rules: tuple[str, ...]


class Shot(NamedTuple):
    """One picture of a film.

    Attributes:
        picture: uint8[height, width, 3], RGB, both sides even.
        decision: how many decisions were taken before it.
        score: return until then.
    """

    picture: np.ndarray
    decision: int
    score: float


def replay(
    task: Task,
    program: Program,
    seed: int,
    worlds: Worlds | None = None,
    *,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> Replay:
    """Plays one whole episode in the sandbox and keeps its actions and traces.

    It has a cap where the environment has no time limit (:func:`hlearn.tasks.registry.report_cap`).

    Raises:
        UsageError: the system's key is not on this machine.
    """
    worlds = worlds or Worlds()
    job = Job(program=program, seed=seed, max_steps=report_cap(task), record=Record.TRACES, checks=True)
    job = with_seeds(job, worlds)
    with closing(evaluators(task)) as evaluator:
        outcome, recording = evaluator.run([job])[0]
    assert recording is not None
    rules = tuple(rule_of(trace) for trace in recording.traces)
    return Replay(task, seed, seed_of_world(job), worlds.current, outcome, recording, rules)


def rule_of(trace: Trace) -> str:
    """What acted at a decision, as the program says; "" where it says nothing."""
    rule = trace.get("rule")
    return safe_line(rule, _RULE) if isinstance(rule, str) else ""


def check_repeats(film: Replay, program: Program, ledger: Ledger) -> None:
    """Compares a replayed episode with what the ledger says of the same program and seed.

    An episode that was stopped early is compared as far as it went. Failures are not compared: a program that is too
    slow is slower on another day.

    Raises:
        NotRepeatable: score or length differ.
    """
    if not isinstance(film.outcome, Episode):
        return
    for row in ledger.rows:
        event = row.event
        played = (program.sha256, film.task.key, film.key)
        if not isinstance(event, Measured) or (event.program, event.task, event.key) != played:
            continue
        for known in event.outcomes:
            if known.seed == film.seed and isinstance(known, Episode):
                _compare(film, film.outcome, known)


def _compare(film: Replay, again: Episode, known: Episode) -> None:
    if again.stopped and known.length > again.length:
        return  # the ledger's went on after the replay's cap
    score, length = again.score, again.length
    if known.stopped and length > known.length:
        score, length = 0.0, known.length
        # One by one, as it was counted the first time: a sum of floats depends on the order.
        for reward in film.recording.rewards[:length].tolist():
            score += reward
    same_score = score == known.score or (math.isnan(score) and math.isnan(known.score))
    if not same_score or length != known.length:
        raise NotRepeatable(
            f"{film.task.env_id}, seed {film.seed}: played again, the episode has score {score!r} after {length} "
            f"decisions; the ledger says {known.score!r} after {known.length}. Either the environment is not "
            "repeatable (all its randomness must come from reset's seed, as self.np_random does), or the program is "
            "not (it reads a clock), or packages have changed since"
        )


def shots(
    film: Replay,
    *,
    every: float,
    start: int = 0,
    stop: int | None = None,
    caption: bool = True,
    overlay: bool = False,
) -> Iterator[Shot]:
    """Plays the actions again and yields pictures.

    Args:
        film: the episode.
        every: decisions from one picture to the next (1 shows all; 0.5 shows each twice).
        start: decision of the first picture.
        stop: no pictures after this decision.
        caption: write decision, score and acting rule below the picture.
        overlay: draw what the program sees onto it, and write its state beside it.

    Raises:
        NotRepeatable: the episode does not come out the same.
        EnvironmentFault: every picture is of one and the same colour, so that nothing was drawn.
    """
    ready_to_draw()
    environment = open_apart(film.task, render=True)
    spec = environment.observation
    observation = np.zeros(spec.shape, spec.dtype)
    actions, rewards = film.recording.actions, film.recording.rewards
    blink = traits(film.task).flickers and every > 1
    try:
        environment.reset(film.world_seed, observation)
        score, due = 0.0, float(start)
        last: np.ndarray | None = None
        colour: tuple[int, ...] | None = None
        drawn = False
        for step in range(len(actions) + 1):
            final = step == len(actions)
            while due < step + 1 and (stop is None or step <= stop):
                picture = rendered(environment)
                if not drawn:
                    colour, drawn = _looked(picture, colour)
                # Consoles show many objects in every other frame only.
                shown = np.maximum(picture, last) if blink and last is not None else picture
                seen = film.recording.traces[step] if overlay and step < len(film.recording.traces) else None
                words = _words(film, step, score) if caption else ""
                yield Shot(_framed(shown, words, seen, overlay), step, score)
                due += every
                if final:
                    break
            if final or (stop is not None and step >= stop):
                break
            last = environment.render() if blink and due < step + 2 else None
            action = int(actions[step]) if actions.ndim == 1 else actions[step]
            reward, terminated, truncated, _ = environment.step(action, observation)
            if reward != rewards[step] or ((terminated or truncated) and step + 1 < len(actions)):
                raise NotRepeatable(
                    f"{film.task.env_id}, seed {film.seed}: played again, decision {step} brought {reward:g}, the "
                    f"first time {rewards[step]:g}; this environment is not repeatable"
                )
            score += reward
        if colour is not None and not drawn:
            raise EnvironmentFault(_blank(film.task.env_id, colour))
    finally:
        environment.close()


def rendered(environment: Environment) -> np.ndarray:
    """The present picture; where MuJoCo cannot draw, what to do is said with it."""
    try:
        return environment.render()
    except EnvironmentFault as fault:
        if _draws_with_mujoco():
            raise EnvironmentFault(f"{fault}; {mujoco_advice()}") from fault
        raise


def _looked(picture: np.ndarray, known: tuple[int, ...] | None) -> tuple[tuple[int, ...], bool]:
    """The first picture's first colour, and whether this one shows another."""
    corner = picture[0, 0]
    colour = tuple(int(v) for v in corner)
    return known or colour, colour != (known or colour) or bool((picture != corner).any())


def _blank(env_id: str, colour: tuple[int, ...]) -> str:
    what = mujoco_advice() if _draws_with_mujoco() else "look into its render()"
    return f"{env_id} drew nothing: each picture of this film is of one colour, RGB {colour}, so none was kept; {what}"


def _draws_with_mujoco() -> bool:
    return "mujoco" in sys.modules


def _words(film: Replay, step: int, score: float) -> str:
    rule = film.rules[step - 1] if 0 < step <= len(film.rules) else ""
    return f"{step:6d}  score {score:g}" + (f"  {rule}" if rule else "")


def _framed(picture: np.ndarray, words: str, seen: Trace | None = None, beside: bool = False) -> np.ndarray:
    """Enlarges a picture, makes its sides even and writes below it; what was seen is drawn onto it and beside it."""
    height, width = picture.shape[:2]
    factor = max(
        1, -(-_SMALLEST_PX // height) if width * (_SMALLEST_PX // height + 1) < 1400 else 1400 // width
    )
    large = cv2.resize(picture, (width * factor, height * factor), interpolation=cv2.INTER_NEAREST)
    large = large[: large.shape[0] // 2 * 2, : large.shape[1] // 2 * 2]
    if seen is not None:
        draw_shapes(large, shapes_of(seen), factor)
    if beside:
        large = np.concatenate([large, state_panel(seen or {}, large.shape[0])], axis=1)
    if not words:
        return np.ascontiguousarray(large)
    strip = np.zeros((_STRIP_PX, large.shape[1], 3), np.uint8)
    cv2.putText(strip, words, (4, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (230, 230, 230), 1, cv2.LINE_AA)
    return np.concatenate([large, strip])
