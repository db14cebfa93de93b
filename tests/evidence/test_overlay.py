"""What a program sees is drawn as the part or the program says, and as nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlearn.evaluate.traces import plain
from hlearn.evidence.overlay import draw_shapes, shapes_of, state_panel
from hlearn.evidence.replay import replay, shots
from hlearn.parts.blobs import Blob
from hlearn.policy import Drawn, RulePolicy, detect
from hlearn.policy.order import RuleOrder
from hlearn.records import Program
from hlearn.tasks import resolve_task
from tests.cli.conftest import hl, learnt, narrow_world, system

__all__ = ["learnt", "narrow_world", "system"]
SEES = """
from hlearn.parts import toward
from hlearn.policy import Drawn, RulePolicy, detect, rule


class Sees(RulePolicy):
    @detect(drawn=Drawn("column", scale=(8, 8), offset=(4, 0)))
    def goal(self, obs):
        return float(obs[1])

    @detect
    def here(self, obs):
        return float(obs[0])

    @rule
    def walk(self, s):
        return 1 + (toward(s.here, s.goal, 0.0) > 0)
"""


def test_types_and_declarations_say_how() -> None:
    trace = {
        "ball": plain(Blob(10.0, 20.0, 4, 2)),
        "blobs": plain([Blob(1, 2, 3, 4)]),
        "meet": 30,
        "x": 5.0,
        "way": [1, 2, 3, 4],
        "gone": None,
        "drawn": {
            "meet": ["column", 2.0, 1.0, 1.0, 0.0],
            "way": ["line", 1, 1, 0, 0],
            "gone": ["row", 1, 1, 0, 0],
        },
    }
    found = {s.name: s for s in shapes_of(trace)}
    assert found.keys() == {"ball", "blobs", "meet", "way"}
    assert found["ball"].kind == "box" and found["ball"].points == ((8.0, 19.0), (12.0, 21.0))
    assert found["meet"].points == ((61.0, 0.0),) and found["way"].points == ((1.0, 2.0), (3.0, 4.0))
    picture = np.zeros((40, 80, 3), np.uint8)
    draw_shapes(picture, list(found.values()))
    assert picture[19, 8].any() and picture[30, 61].any()
    assert state_panel(trace, 100).any()


@pytest.mark.parametrize(
    "trace",
    [
        {"a": 1, "drawn": 5},
        {"a": 1, "drawn": {"a": ["column", "x", 1, 0, 0]}},
        {"a": {"x": "y", "drawn": "place"}},
        {"a": 1e300, "drawn": {"a": ["row", 1, 1, 0, 0]}},
        {"a": {"drawn": "nonsense", "x": 1, "y": 2}},
    ],
)
def test_nonsense_is_not_drawn(trace: dict[str, object]) -> None:
    assert shapes_of(trace) == []


def test_a_detector_says_how_it_is_drawn() -> None:
    class Looks(RulePolicy):
        @detect(drawn="row")
        def lane(self, obs: np.ndarray) -> int:
            return int(obs[0])

    policy = Looks()
    policy.reset(0)
    policy.act(np.array([7]))
    assert policy.trace() == {"lane": 7, "drawn": {"lane": ["row", 1.0, 1.0, 0.0, 0.0]}, "rule": "idle"}
    with pytest.raises(ValueError, match="expected one of place"):
        Drawn("circle")


def test_films_show_it(system: Path, tmp_path: Path) -> None:
    program = Program(source=SEES)
    assert RuleOrder.of(program).detectors == ("goal", "here")
    film = replay(resolve_task("hlearn.testing.toys:Corridor-v0"), program, 3)
    (bare,) = (s.picture for s in shots(film, every=1, stop=0, caption=False))
    (drawn,) = (s.picture for s in shots(film, every=1, stop=0, caption=False, overlay=True))
    assert drawn.shape[1] > bare.shape[1] and (drawn[:, : bare.shape[1]] != bare).any()
    (system / "policy.py").write_text(SEES)
    assert hl("replay", system, "--overlay", "--sheet", tmp_path / "s.png").code == 0
