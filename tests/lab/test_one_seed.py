"""Where the seed has no effect, one episode answers for every seed."""

from __future__ import annotations

from pathlib import Path

from hlearn.evaluate.api import Job
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.lab import MeteredEvaluator
from hlearn.lab.recordings import Recordings
from hlearn.ledger import Ledger, ProgramStore, Purpose
from hlearn.ledger.events import started
from hlearn.records import Access, Program, Protocol
from hlearn.tasks import Task

PONG = Task(env_id="ALE/Pong-v5", access=Access.RAM, protocol=Protocol.ARTICLE)
STILL = Program(source="class P:\n    def reset(self, seed): pass\n    def act(self, o): return 0\n")
CHANCE = Program(
    source="import random\n\n\nclass P:\n    def reset(self, seed): pass\n"
    "    def act(self, o): return random.randrange(6)\n"
)


def test_one_episode_answers_for_every_seed(tmp_path: Path) -> None:
    run = started(PONG, run=1, seed=0, steps=9000, spent=0, editor="x", workers=1, champion=None, versions=())
    evaluator = InProcessEvaluator(PONG)
    meter = MeteredEvaluator(
        task=PONG,
        run=run,
        ledger=Ledger(tmp_path / "ledger.jsonl"),
        programs=ProgramStore(tmp_path / "pack"),
        recordings=Recordings(tmp_path / "recordings"),
        evaluator=evaluator,
    )
    jobs = [Job(program=STILL, seed=s, max_steps=300) for s in (5, 6, 7)]
    results = meter.measure(jobs, Purpose.EDIT)
    assert [r.outcome.seed for r in results] == [5, 6, 7]
    assert meter.account.episodes == 1
    assert meter.spent == results[0].outcome.env_steps
    meter.measure([Job(program=CHANCE, seed=s, max_steps=300) for s in (5, 6)], Purpose.EDIT)
    assert meter.account.episodes == 3
    meter.measure([Job(program=STILL, seed=2**30 + 1, max_steps=300)], Purpose.REPORT)
    assert meter.account.by_purpose[Purpose.REPORT] == results[0].outcome.env_steps
    evaluator.close()
