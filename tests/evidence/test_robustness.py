"""What is left of a score in other worlds, from the ledger."""

from __future__ import annotations

from pathlib import Path

from hlearn.evidence.measure import measure_program
from hlearn.evidence.robustness import elsewhere
from hlearn.records import Program, Split
from hlearn.system import System
from hlearn.tasks import resolve_task

_UP = """
from hlearn.policy import ComposedPolicy, controller


class Up(ComposedPolicy):
    @controller
    def go(self, s):
        return [1.0]
"""


def test_shares_are_told_on_the_seeds_that_both_worlds_saw(tmp_path: Path) -> None:
    task = resolve_task("tests.tasks.cloned_environments:Walk-v0")
    system, program = System.create(tmp_path / "walk", task, seed=1), Program(source=_UP)
    for variant, episodes in (("delay=3", 3), ("", 2), ("observation_noise=0.1", 2)):
        measured = measure_program(system, program, split=Split.DEV, episodes=episodes, variant=variant)
        assert measured.task.variant == variant
        assert measured.ms_per_decision is not None
    late, noisy = elsewhere(System.open(tmp_path / "walk"), program.sha256)
    assert (late.variant, late.episodes, noisy.episodes) == ("delay=3", 2, 2)
    assert late.share is not None
    assert noisy.share is not None
    assert late.share < noisy.share == 1.0
    assert elsewhere(system, "another") == ()
