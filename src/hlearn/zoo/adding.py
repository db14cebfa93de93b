"""Makes an entry of the zoo of a system: plays fresh episodes and controls, writes card and film."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from hlearn.errors import HlearnError, OutputExists, UsageError
from hlearn.evaluate.api import EvaluatorMaker, Job, Record
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evidence.film import write_film
from hlearn.evidence.replay import replay, shots
from hlearn.evidence.statistics import summarize
from hlearn.ledger import Decision, RunStarted, Trial
from hlearn.ledger.totals import totals
from hlearn.loop.blind import blind_program
from hlearn.loop.controls import Controls, ControlScores, play_controls
from hlearn.policy.randomness import uses_randomness
from hlearn.records import Episode, Evaluation, Program, Split
from hlearn.suites.folder import versions
from hlearn.system import System
from hlearn.system.config import Config, write_config
from hlearn.system.program_files import write_program
from hlearn.tasks.registry import describe, report_cap, seed_matters, traits
from hlearn.tasks.scores import human_normalized_score
from hlearn.tasks.task import Task
from hlearn.trust import Key, Worlds
from hlearn.zoo.card import model_card
from hlearn.zoo.entry import SCHEMA, ZooEntry, read_entry
from hlearn.zoo.playing import player

EPISODES = 20
_BLIND = 10  # episodes of the blind replay
_FILM_S, _FILM_HZ, _FILM_SPEED = 12.0, 12, 3.0


class EntryMeasurement(NamedTuple):
    """Fresh episodes of a champion, its controls, and its blind replay."""

    episodes: tuple[Episode, ...]
    controls: Controls | None
    blind: float | None


def add_entry(
    system: System,
    zoo: Path,
    *,
    name: str | None = None,
    episodes: int = EPISODES,
    film: bool = True,
    notes: str = "",
    workers: int = 1,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> ZooEntry:
    """Makes an entry of a system's champion, whole or not at all.

    Args:
        system: whose champion.
        zoo: folder of the zoo.
        name: of the entry; from the task and the class if None.
        episodes: fresh episodes to play.
        film: also film a stretch of one; left out where nothing can be rendered.
        notes: what the card says beside the numbers, such as what the program cannot do.
        workers: episodes side by side.
        evaluators: makes who plays.

    Raises:
        UsageError: the system has no champion, an episode of it fails, or the name is no name.
        OutputExists: the zoo has an entry of that name.
    """
    champion = system.champion()
    if champion is None:
        raise UsageError(f"{system.path} has no champion yet; learn one with: hl learn ... --resume")
    editor = editor_class(system)
    name = name or default_name(system.task, editor)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise UsageError(f"{name} is no name for an entry; expected letters, digits, dots and dashes")
    path = zoo / name
    if path.exists():
        raise OutputExists(f"{path} exists; choose another --name, or delete it")
    key = Key.new()
    measured = _measure(system.task, champion, key, episodes, workers, evaluators)
    zoo.mkdir(parents=True, exist_ok=True)
    part = zoo / f".{name}.{os.getpid()}.part"
    try:
        part.mkdir()
        write_program(part, champion.as_files())
        write_config(part / "hl.toml", Config(task=system.task, seed=system.config.seed))
        card = _card(system, champion, editor, key, measured)
        (part / "card.json").write_text(json.dumps(card, indent=1), encoding="utf-8")
        filmed = film and _film(part / "film.gif", system.task, champion, key)
        (part / "README.md").write_text(model_card(name, system.task, card, notes, filmed), encoding="utf-8")
        part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return read_entry(path)


def editor_class(system: System) -> str:
    """Who made the champion: the editors whose proposals were accepted, without their arguments."""
    editor, found = "", []
    for row in system.ledger.rows:
        if isinstance(row.event, RunStarted):
            editor = row.event.editor.partition(":")[0]
        elif isinstance(row.event, Trial) and row.event.decision is Decision.ACCEPTED and editor not in found:
            found.append(editor)
    return " and ".join(found) or "unknown"


def default_name(task: Task, editor: str) -> str:
    """``Breakout-ram-sticky-search``."""
    parts = [task.env_id.removeprefix("ALE/"), task.access.value, task.protocol.value, *editor.split(" and ")]
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", "-".join([*parts, *(f"{k}-{v}" for k, v in task.kwargs)])).strip(
        "-"
    )


def _measure(
    task: Task, champion: Program, key: Key, episodes: int, workers: int, evaluators: EvaluatorMaker
) -> EntryMeasurement:
    says_all = not seed_matters(task) and not uses_randomness(champion)
    labels = range(1 if says_all else episodes)
    cap = report_cap(task)
    with closing(evaluators(task, workers=workers)) as evaluator:
        play = player(evaluator, key.seeds)
        outcomes = [r.outcome for r in play([Job(program=champion, seed=s, max_steps=cap) for s in labels])]
        played = tuple(o for o in outcomes if isinstance(o, Episode))
        if len(played) < len(outcomes):
            raise UsageError("the champion fails an episode; mend it first (hl replay names seed and line)")
        actions = describe(task).actions
        blind = None
        if not says_all:
            shown = play([Job(program=champion, seed=episodes, max_steps=cap, record=Record.ACTIONS)])[0]
            if shown.recording is not None:
                program = blind_program(shown.recording.actions, actions)
                replays = play([Job(program=program, seed=s, max_steps=cap) for s in labels[:_BLIND]])
                blind = tuple(r.outcome.score for r in replays)
        controls = play_controls(
            play,
            task,
            actions,
            Evaluation(program=champion.sha256, split=Split.HOLDOUT, outcomes=played),
            list(range(episodes)),
            blind=None if not blind else ControlScores("the blind replay", blind),
        )
    return EntryMeasurement(played, controls, statistics.fmean(blind) if blind else None)


def _card(
    system: System, champion: Program, editor: str, key: Key, measured: EntryMeasurement
) -> dict[str, Any]:
    scores = [e.score for e in measured.episodes]
    seen, sums, controls = summarize(scores), totals(system.ledger), measured.controls
    assert seen is not None
    return {
        "schema": SCHEMA,
        "task": system.task.env_id,
        "class": editor,
        "access": system.task.access.value,
        "protocol": system.task.protocol.value,
        "model": system.task.model.value,
        "program_sha256": champion.sha256,
        "score": {
            "mean": seen.mean,
            "interval": list(seen.mean_interval),
            "min": seen.low,
            "max": seen.high,
            "episodes": seen.count,
            "hns": human_normalized_score(system.task.env_id, seen.mean),
        },
        "controls": {
            "random_play": None if controls is None else controls.random.mean,
            "best_constant": None if controls is None else controls.constant.mean,
            "best_constant_action": None if controls is None else controls.constant.name,
            "blind_replay": measured.blind,
            "better_than_trivial": None if controls is None else controls.better,
        },
        "cost": {
            "env_steps": sums.env_steps,
            "episodes": sums.episodes,
            "trials": sums.trials,
            "accepted": sums.accepted,
        },
        "ledger": {"rows": len(system.ledger.rows), "seed": system.config.seed},
        "versions": versions(),
        "seeds": key.seeds.secret.hex(),
        "episodes": [[e.seed, e.score, e.length] for e in measured.episodes],
    }


def _film(path: Path, task: Task, program: Program, key: Key) -> bool:
    """Films the beginning of the first episode; False where nothing can be drawn."""
    try:
        episode = replay(task, program, 0, Worlds.of_key(key))
        every = traits(task).decisions_per_second * _FILM_SPEED / _FILM_HZ
        pictures: Iterable[Any] = (
            s.picture for s in shots(episode, every=every, stop=int(_FILM_S * _FILM_HZ * every), caption=True)
        )
        write_film(path, pictures, per_second=_FILM_HZ)
    except HlearnError:
        path.unlink(missing_ok=True)
        return False
    return True
