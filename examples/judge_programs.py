"""Measure two programs side by side, isolated, on the same seeds: python examples/judge_programs.py."""

from __future__ import annotations

from hlearn.evaluate.api import Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.gate.race import Race
from hlearn.records import Program
from hlearn.tasks import resolve_task

LEAN = """
from hlearn.policy import RulePolicy, rule, detect

class Lean(RulePolicy):
    @detect
    def lean(self, obs): return obs[2] + {lead} * obs[3]

    @rule
    def follow(self, s): return 1 if s.lean > 0 else 0
"""


def main() -> None:
    """Plays eight pairs and says what the gate's test says."""
    programs = [Program(source=LEAN.format(lead=lead)) for lead in (0.5, 0.0)]
    with IsolatedEvaluator(resolve_task("CartPole-v1"), workers=2) as evaluator:
        results = evaluator.run([Job(program=p, seed=seed) for p in programs for seed in range(8)])
    scores = [r.outcome.score for r in results]
    judgement = Race().judge(scores[:8], scores[8:], final=True)
    print(judgement.decision, judgement.reason, sep=": ")


if __name__ == "__main__":
    main()
