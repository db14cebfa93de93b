"""Plays a program that walks and one that spins, and says what became of them: ``python -m`` in odd surroundings."""

from __future__ import annotations

import sys

from hlearn.evaluate.api import Job, Limits
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.inherited import put_right
from hlearn.records import Access, Failure, Program, Protocol
from hlearn.tasks.task import Task

from .programs import WALK

SPIN = "class S:\n def reset(self, seed): pass\n def act(self, obs):\n  while True: pass\n"


def main(out: str, env_id: str = "hlearn.testing.toys:Corridor-v0") -> None:
    put_right(alone=False)
    task = Task(env_id=env_id, access=Access.VECTOR, protocol=Protocol.STANDARD)
    with IsolatedEvaluator(task, workers=1, limits=Limits(action_s=0.5)) as evaluator:
        jobs = [Job(program=Program(source=source), seed=1, max_steps=50) for source in (WALK, SPIN, WALK)]
        outcomes = [r.outcome for r in evaluator.run(jobs)]
    said = [o.kind.value if isinstance(o, Failure) else f"{o.score:g}" for o in outcomes]
    with open(out, "w", encoding="utf-8") as file:
        print(*said, file=file)
    print("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
