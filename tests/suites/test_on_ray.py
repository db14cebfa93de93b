"""Ray, on a real cluster of two nodes on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.programs import SEEK
from tests.suites.test_suite import TINY, written

from hlearn.errors import UsageError
from hlearn.evaluate.api import Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.program import Program
from hlearn.records import Episode
from hlearn.suites import SuiteFolder, read_suite, run_suite
from hlearn.suites.driver import Quiet
from hlearn.suites.folder import TrackStatus
from hlearn.tasks import resolve_task

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'hlearn[ray]'")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    try:
        yield made
    finally:
        ray.shutdown()
        made.shutdown()


def test_tracks_and_episodes_spread_over_two_nodes_and_survive_the_loss_of_one(
    cluster: Any, tmp_path: Path
) -> None:
    from hlearn.suites.on_ray import RayEvaluator, RayExecutor

    task = resolve_task("hlearn.testing.toys:Corridor-v0")
    jobs = [Job(program=Program(source=SEEK), seed=s) for s in range(6)]
    with IsolatedEvaluator(task, workers=1) as here:
        expected = here.run(jobs)
    spread = RayEvaluator(task, workers=2, address=cluster.address)
    found = spread.run(jobs)
    spread.close()

    def plain(outcomes: list[Any]) -> list[tuple[int, float, int]]:
        episodes = [r.outcome for r in outcomes if isinstance(r.outcome, Episode)]
        return [(e.seed, e.score, e.length) for e in episodes]

    assert plain(found) == plain(expected) and len(plain(found)) == 6

    text = TINY[: TINY.rindex("[[tasks]]")].replace("holdout_episodes = 2", "holdout_episodes = 0")
    folder = SuiteFolder.create(tmp_path / "s", read_suite(written(tmp_path, text)))
    executor = RayExecutor(cluster.address, tracks=None, key=folder.key)
    assert executor.slots == 2 and "2 Ray nodes" in executor.where

    class LosesANode(Quiet):
        lost = False

        def waiting(self, states: object) -> None:
            if not self.lost:
                self.lost = True
                cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)

    states = run_suite(folder, executor, LosesANode())
    assert [s.status for s in states] == [TrackStatus.DONE] * 2


def test_nobody_answers() -> None:
    from hlearn.suites.on_ray import connect

    if ray.is_initialized():
        ray.shutdown()
    with pytest.raises(UsageError, match="no Ray cluster answers"):
        connect("127.0.0.1:1")
