"""An editor that only makes programs smaller: what nothing reads, then one part after another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from hlearn.compress.unused import shortened
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job
from hlearn.policy.modules import parts_of, without_part
from hlearn.records import Evaluation, Program, Split
from hlearn.tasks.registry import seed_matters


class CompressEditor:
    """Proposes the champion without parts that development episodes do not miss; the gate has the last word.

    Args:
        episodes: paired development episodes on which a shorter program must not be worse.
        size: how large a program is.
    """

    name = "compress"
    deterministic = False

    def __init__(self, *, episodes: int = 5, size: Callable[[Program], int]) -> None:
        self._episodes = episodes
        self._size = size
        self._tried: set[str] = set()

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        """Returns the next smaller program that development episodes do not speak against."""
        champion = brief.champion
        if champion is None:
            return None
        for what, shorter in self._shorter(champion):
            program = replace(shorter, parent=champion.sha256)
            if program.sha256 in self._tried or self._size(program) >= self._size(champion):
                continue
            self._tried.add(program.sha256)
            lab.say(what)
            try:
                dev = self._no_worse(program, champion, lab)
            except BudgetExhausted:
                return None
            if dev is not None:
                return Proposal(program=program, note=what, dev=dev)
        return None

    def _shorter(self, program: Program) -> Iterator[tuple[str, Program]]:
        try:
            yield "without what nothing reads", shortened(program)
            for name, part in reversed(parts_of(program).items()):
                if part.role not in ("detect", "controller"):
                    yield f"without {part.role} {name}", shortened(without_part(program, name))
        except SyntaxError:
            return

    def _no_worse(self, program: Program, champion: Program, lab: Lab) -> Evaluation | None:
        """The shorter program's development scores, None where they are worse beyond chance or a part was needed."""
        seeds = lab.seeds(0, self._episodes if seed_matters(lab.task) else 1)
        gaps: list[float] = []
        outcomes = []
        for seed in seeds:  # one pair at a time: a program that misses a part is seen at once
            ours, theirs = lab.measure([Job(program=p, seed=seed) for p in (program, champion)])
            outcomes.append(ours.outcome)
            evaluation = Evaluation(program=program.sha256, split=Split.DEV, outcomes=tuple(outcomes))
            if evaluation.failures:
                return None
            gaps.append(ours.outcome.score - theirs.outcome.score)
            # The last look is stricter, and one pair alone must not be worse at all.
            last = len(gaps) == len(seeds)
            allowed = 0.0 if last and len(gaps) == 1 else _error(gaps) * (1 if last else 2)
            if _mean(gaps) < -allowed:
                return None
        return evaluation


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _error(values: list[float]) -> float:
    """Standard error of the mean; with one value its own size, so that one pair decides nothing."""
    n, mean = len(values), _mean(values)
    if n == 1:
        return abs(mean)
    return math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1) / n)
