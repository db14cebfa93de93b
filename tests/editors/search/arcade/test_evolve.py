"""When evolution proposes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hlearn.editors.search.arcade.evolve import STOOD, _stands


def standing(target: float | None, measured: list[float]) -> Any:
    lab = SimpleNamespace(task=SimpleNamespace(target=target))
    return SimpleNamespace(roster=SimpleNamespace(lab=lab), champion=SimpleNamespace(measured=measured))


@pytest.mark.parametrize(
    ("target", "measured", "stands"),
    [
        (10.0, [10.0] * STOOD, True),
        (10.0, [10.0] * (STOOD - 1), False),
        (10.0, [10.0] * STOOD + [9.0], False),
        (10.0, [11.0, 9.0] * STOOD, True),
        (None, [10.0] * STOOD, False),
    ],
    ids=["often enough", "too seldom", "missed once", "on average", "no target"],
)
def test_a_first_champion_stands_where_it_reaches_the_target_on_many_seeds(
    target: float | None, measured: list[float], stands: bool
) -> None:
    assert _stands(standing(target, measured)) is stands
