"""Living through a sequence: notice, reuse or learn, judge over all cases of all variants so far."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hlearn.continual.composing import KnownVariant, compose, fit_world
from hlearn.continual.ppo_control import stable_baselines, train_through
from hlearn.continual.results import Results, StageResult
from hlearn.continual.sequence import Sequence, Stage
from hlearn.continual.student import SequenceStudent
from hlearn.errors import UsageError
from hlearn.evaluate.api import EvaluatorMaker, Job, Record
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.learning import learn
from hlearn.policy.skills import Skill, read_skill
from hlearn.probe.random_play import random_program
from hlearn.program import Program
from hlearn.records import Episode, Failure, Split
from hlearn.system import System
from hlearn.system.program_files import write_program
from hlearn.tasks.registry import describe, report_cap
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task
from hlearn.trust import Key, Worlds
from hlearn.trust.store import fresh_key

_DEV = 900_000  # position of the first development seed of probes and cases
_PROBED = 5  # episodes by which a change is noticed and a known skill judged
_CASES = 3  # per variant
_SERVES = 0.9  # of what a program learnt for a variant alone reaches: a known skill serves there
_STRANGE = 0.5  # share of steps after which an episode counts as one in an unknown world


@dataclass(slots=True)
class _Kept:
    """What is known so far."""

    skills: list[Skill] = field(default_factory=list)
    worlds: list[KnownVariant] = field(default_factory=list)
    program: Program | None = None
    taught: Program | None = None  # the last one that a student was told of
    cases: list[tuple[Stage, int, float]] = field(default_factory=list)


def run_sequence(
    sequence: Sequence,
    out: Path,
    *,
    seed: int = 0,
    episodes: int = 10,
    workers: int = 1,
    key: Key | None = None,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
    on_stage: Callable[[str], None] | None = None,
    ppo: bool = False,
    teach_every: int | None = None,
) -> Results:
    """Lives through a sequence; the program is never told which variant it plays.

    Skills are learnt in systems ``out/systems/NAME``, which go on where they were after an interruption. For the
    figures a program is learnt for each variant alone too: where a known skill served, afterwards and apart.

    Args:
        sequence: the variants.
        out: folder for systems, the program and ``results.json``.
        seed: learning seed.
        episodes: on fresh seeds, per score.
        workers: episodes side by side.
        key: decides what episodes are really seeded with.
        evaluators: makes who plays.
        on_stage: told what is going on.
        ppo: whether to train a PPO through the sequence too, for comparison.
        teach_every: new programs after which a network is taught anew in all variants met so far, into
            ``out/student``, and once more at the end; None: no network.

    Raises:
        MissingExtra: ``ppo`` without Stable-Baselines3, ``teach_every`` without PyTorch; nothing was done.
        UsageError: a skill that was learnt cannot stand alone, or nothing was learnt on the first variant.
    """
    tell = on_stage or (lambda _: None)
    if ppo:
        stable_baselines()
    student = None if teach_every is None else SequenceStudent(teach_every, out, seed=seed, workers=workers)
    out.mkdir(parents=True, exist_ok=True)
    known = _first_key(out, key)
    player = _Player(Worlds.of_key(known), evaluators, workers, episodes)
    kept = _Kept()
    rows: list[StageResult] = []
    champions: dict[str, Program] = {}

    def learnt(stage: Stage) -> tuple[Program, int]:
        tell(f"learning {stage.name}")
        folder = out / "systems" / stage.name
        resume = (folder / "hl.toml").exists()
        result = learn(
            stage.task,
            out=folder,
            steps=sequence.steps,
            seed=seed,
            workers=workers,
            holdout=0,
            key=known,
            resume=resume,
        )
        program = System.open(folder).champion()
        if program is None:
            raise UsageError(
                f"{stage.name}: nothing was learnt in {sequence.steps:,} steps; give more with --steps"
            )
        champions[stage.task.key] = program
        return program, result.env_steps

    for stage in sequence.stages:
        tell(f"meeting {stage.name}")
        noticed, served = player.meet(kept, stage.task)
        challenger, steps, reused = kept.program, 0, served
        if not reused:
            program, steps = learnt(stage)
            challenger = _with_stage(kept, stage, program, player)
        assert challenger is not None
        broken = player.broken(challenger, kept.cases) if challenger is not kept.program else []
        if not broken:
            kept.program = challenger
            kept.cases += player.new_cases(challenger, stage)
        else:
            kept.skills.pop()
            kept.worlds.pop()
        if student is not None and not broken and challenger is not kept.taught:
            kept.taught = challenger
            student.accepted(challenger, sequence.stages[: len(rows) + 1], player, tell)
        tell(f"scoring after {stage.name}")
        assert kept.program is not None
        scores = tuple(player.mean(kept.program, s.task) for s in sequence.stages)
        rows.append(
            StageResult(
                stage=stage.name,
                reused=reused,
                noticed=noticed,
                steps=steps,
                accepted=not broken,
                broken=tuple(broken),
                scores=scores,
            )
        )
    for stage in sequence.stages:
        if stage.task.key not in champions:
            learnt(stage)
    assert kept.program is not None
    if student is not None:
        student.finish(kept.program, sequence.stages, player, tell)
    last = champions[sequence.stages[-1].task.key]
    results = Results(
        stages=tuple(s.name for s in sequence.stages),
        rows=tuple(rows),
        random=tuple(player.mean(random_program(describe(s.task).actions), s.task) for s in sequence.stages),
        alone=tuple(player.mean(champions[s.task.key], s.task) for s in sequence.stages),
        last_only=tuple(player.mean(last, s.task) for s in sequence.stages),
        ppo=train_through(sequence, seed=seed, episodes=episodes, worlds=player.worlds, on_stage=tell)
        if ppo
        else (),
    )
    write_program(out, kept.program.as_files())
    part = out / ".results.json.part"
    part.write_text(
        json.dumps({"title": sequence.title, **results.as_json()}, indent=2) + "\n", encoding="utf-8"
    )
    part.replace(out / "results.json")
    return results


def _first_key(out: Path, key: Key | None) -> Key:
    """The key of systems that are there already, else the given one, else a new one."""
    for folder in sorted((out / "systems").glob("*/hl.toml")):
        system = System.open(folder.parent)
        found = system.keys.find(system.config.key) if system.config.key else None
        if found is not None:
            return found
    return key or fresh_key()


def _with_stage(kept: _Kept, stage: Stage, program: Program, player: _Player) -> Program:
    """The program with a new skill; what it needs is added to what is known, to be taken away if it is not accepted."""
    if program.files:
        raise UsageError(
            f"{stage.name}: its program is a package, and a skill is one file; learn it in one file"
        )
    card = {"achieves": f"plays {stage.name}", "expects": stage.task.env_id, "trials": []}
    try:
        skill = read_skill(stage.name, f"{program.source.rstrip()}\n\n\nCARD = {card!r}\n")
    except ValueError as error:
        raise UsageError(f"{stage.name}: {error}") from None
    dynamics = fit_world(stage.task, program, player.worlds, player.evaluators)
    kept.skills.append(skill)
    kept.worlds.append(KnownVariant(name=stage.name, dynamics=dynamics, skill=skill.name))
    return compose(kept.skills, kept.worlds, kept.program)


class _Player:
    """Plays programs on variants."""

    def __init__(self, worlds: Worlds, evaluators: EvaluatorMaker, workers: int, episodes: int) -> None:
        self.worlds, self.evaluators = worlds, evaluators
        self._workers, self._episodes = workers, episodes
        self._levels: dict[tuple[str, str], float] = {}

    def mean(self, program: Program, task: Task) -> float:
        """Mean score on fresh (holdout) seeds; an episode in which the program fails counts what it had until then."""
        known = (program.sha256, task.key)
        if known not in self._levels:
            seeds = split_seeds(Split.HOLDOUT, 0, 0, self._episodes)
            jobs = [Job(program=program, seed=s, max_steps=report_cap(task)) for s in seeds]
            self._levels[known] = float(np.mean([r.outcome.score for r in self._run(task, jobs)]))
        return self._levels[known]

    def meet(self, kept: _Kept, task: Task) -> tuple[float, bool]:
        """How a variant is met: share of episodes that seem strange, and whether what is known serves.

        It serves where no episode seems strange and the mean is at least most of what the program reached where it knew
        the world, by the same scale; nothing is asked of the variant's name.
        """
        if kept.program is None:
            return 1.0, False
        seeds = split_seeds(Split.DEV, 0, _DEV, _PROBED)
        jobs = [
            Job(
                program=kept.program,
                seed=s,
                record=Record.TRACES,
                record_limit=2_000,
                max_steps=report_cap(task),
            )
            for s in seeds
        ]
        strange, scores = [], []
        for result in self._run(task, jobs):
            traces = result.recording.traces if result.recording is not None else ()
            share = float(np.mean([bool(t.get("strange")) for t in traces])) if traces else 1.0
            strange.append(isinstance(result.outcome, Failure) or share > _STRANGE)
            scores.append(result.outcome.score)
        floors = [floor for _, _, floor in kept.cases]
        serves = not any(strange) and bool(floors) and float(np.mean(scores)) >= _least(floors)
        return float(np.mean(strange)), serves

    def broken(self, program: Program, cases: list[tuple[Stage, int, float]]) -> list[str]:
        """Cases that a program breaks."""
        found = []
        for stage, seed, floor in cases:
            (result,) = self._run(
                stage.task, [Job(program=program, seed=seed, max_steps=report_cap(stage.task))]
            )
            if not isinstance(result.outcome, Episode) or result.outcome.score < floor:
                found.append(
                    f"{stage.name} seed {seed}: scores {result.outcome.score:g}, must reach {floor:g}"
                )
        return found

    def new_cases(self, program: Program, stage: Stage) -> list[tuple[Stage, int, float]]:
        """What the program reaches on a variant now, to be reached from now on: the worst score less the range."""
        seeds = split_seeds(Split.DEV, 0, _DEV + 1_000, _CASES)
        jobs = [Job(program=program, seed=s, max_steps=report_cap(stage.task)) for s in seeds]
        scores = [r.outcome.score for r in self._run(stage.task, jobs)]
        floor = min(scores) - (max(scores) - min(scores))
        return [(stage, seed, floor) for seed in seeds]

    def _run(self, task: Task, jobs: list[Job]) -> list:  # type: ignore[type-arg]
        with closing(KeyedEvaluator(self.evaluators(task, workers=self._workers), self.worlds)) as evaluator:
            return evaluator.run(jobs)


def _least(floors: list[float]) -> float:
    """What a known skill must reach at least, from what is asked of it elsewhere."""
    best = max(floors)
    return best * _SERVES if best > 0 else best / _SERVES
