"""A family of somebody else's is one file and one entry point; every verb takes its ids."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hlearn import learn
from hlearn.errors import UnknownTask, UnsupportedProtocol
from hlearn.records import Access
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.environment import Environment
from hlearn.tasks.families import families
from hlearn.tasks.scores import human_normalized_score
from hlearn.testing.contracts import EnvironmentContract
from tests.tasks.families.guest import Coin


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package as pip would leave it."""
    info = tmp_path / "site" / "coins-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: coins\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[hlearn.environments]\ncoins = tests.tasks.families.guest:CoinFamily\n"
    )
    monkeypatch.syspath_prepend(str(info.parent))
    families.cache_clear()
    yield
    families.cache_clear()


def test_its_ids_are_tasks() -> None:
    task = resolve_task("coins/One")
    assert task.access is Access.VECTOR
    assert human_normalized_score("coins/One", 7.5) == 0.5
    open_environment(task).close()
    with pytest.raises(UnknownTask, match="did you mean coins/One"):
        resolve_task("coins/Two")
    with pytest.raises(UnsupportedProtocol, match="choose standard"):
        resolve_task("coins/One", protocol="v5")


def test_something_is_learnt_on_it(tmp_path: Path) -> None:
    result = learn("coins/One", out=tmp_path / "system", steps=4_000, holdout=3, workers=1)
    assert result.score == 10.0
    assert result.hns == 1.0


def test_the_families_in_the_box_are_asked_after_it() -> None:
    assert [f.name for f in families()] == ["Coins", "Atari", "a module of yours", "Gymnasium"]


class TestCoin(EnvironmentContract):
    def make(self) -> Environment:
        return Coin()
