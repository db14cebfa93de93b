"""Faults that were planted are found, named, and shown; a program without any has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.failures import FailureGroup, MinedEpisode, mine, play_mined
from hlearn.failures.detectors import check_detectors
from hlearn.failures.episodes import usual_of
from hlearn.failures.showing import failure_lines, show_failure
from hlearn.records import Program
from hlearn.tasks import resolve_task
from tests.cli.conftest import hl

GOOD = """
from collections import deque

from hlearn.policy import RulePolicy, detect, rule


class Walk(RulePolicy):
    def setup(self):
        self.past = deque(maxlen=4)

    @detect
    def here(self, obs):
        return float(obs[0])

    @detect
    def goal(self, obs):
        return float(obs[1])

    @rule
    def left(self, s):
        return 1 if s.here > s.goal else None

    @rule
    def right(self, s):
        return 2 if s.here < s.goal else None
"""
TASK = resolve_task("hlearn.testing.toys:Corridor-v0", goals=30)
FAULTS = {
    "dead": ("return float(obs[0])", "return 10.0", "detector", "here"),
    "late": (
        "return float(obs[0])",
        "self.past.append(float(obs[0]))\n        return self.past[0]",
        "detector",
        "here",
    ),
    "shifted": ("return float(obs[1])", "return float(obs[1]) + 4", "detector", "goal"),
    "turned": ("return float(obs[0])", "return -float(obs[0])", "detector", "here"),
    "blind": (
        "return float(obs[0])",
        "return float(obs[0]) if obs[0] > 9 else float('nan')",
        "sees nothing",
        "here",
    ),
    "off": ("return 1 if s.here > s.goal else None", "return None", "never acts", "left"),
    "fight": ("return float(obs[1])", "return float(obs[1]) + 1.5", "rules fight", "left/right"),
    "crash": ("return float(obs[1])", "return float(obs[9])", "program failed", "crashed"),
}


def _mined(source: str) -> tuple[FailureGroup, ...]:
    return mine(_played(source), Program(source=source))


def _played(source: str) -> tuple[MinedEpisode, ...]:
    return play_mined(
        TASK, Program(source=source), (1, 2, 3), evaluators=lambda task, workers=1: InProcessEvaluator(task)
    )


def test_a_good_program_has_no_failure() -> None:
    assert [g.title for g in _mined(GOOD)] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_among_the_first_three(fault: str) -> None:
    old, new, kind, subject = FAULTS[fault]
    assert old in GOOD
    found = _mined(GOOD.replace(old, new))
    assert (kind, subject) in [(g.kind, g.subject) for g in found[:3]], found[:5]


def test_a_failure_tells_where_and_what_changed(tmp_path: Path) -> None:
    old, new, *_ = FAULTS["off"]
    source = GOOD.replace(old, new)
    episodes = _played(source)
    groups = mine(episodes, Program(source=source))
    assert [g.loss for g in groups] == sorted((g.loss for g in groups), reverse=True)
    group = next(g for g in groups if g.kind in ("no reward", "loop"))
    episode = next(e for e in episodes if e.seed == group.worst.seed)
    lines = failure_lines(group, episode)
    assert f"step {group.worst.step} " in lines[1] and any(f"{group.worst.step}*" in line for line in lines)
    shown = show_failure(tmp_path / "f", TASK, group, episode, "")
    assert shown.clip is not None and shown.clip.stat().st_size > 500 and shown.sheet is not None
    assert shown.sheet.read_bytes().startswith(b"\x89PNG")


def test_where_nothing_is_rendered_the_state_is_plotted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hlearn.errors import UsageError
    from hlearn.failures import showing

    def blind(*_: object, **__: object) -> object:
        raise UsageError("cannot render")

    monkeypatch.setattr(showing, "shots", blind)
    source = GOOD.replace(*FAULTS["off"][:2])
    episodes = _played(source)
    group = mine(episodes, Program(source=source))[0]
    shown = show_failure(tmp_path / "f", TASK, group, episodes[0], "")
    assert shown.clip is None and shown.sheet is not None and shown.sheet.read_bytes().startswith(b"\x89PNG")


def test_the_table_of_detectors_names_lag_and_shift() -> None:
    old, new, *_ = FAULTS["late"]
    episodes = _played(GOOD.replace(old, new))
    table = {c.name: c for c in check_detectors(episodes, usual_of(episodes))}
    assert (
        table["here"].component == 0
        and table["here"].relation.lag == 3
        and "late by" in table["here"].finding
    )
    assert table["goal"].finding == "" and table["goal"].agreement > 0.99


def test_the_command_lists_and_films(system: Path, tmp_path: Path) -> None:
    (system / "policy.py").write_text(GOOD.replace(*FAULTS["shifted"][:2]))
    said = hl(
        "failures", system, "--episodes", 2, "--clips", 1, "--workers", 1, "--out", tmp_path / "f", "--json"
    )
    assert said.code == 0, said.err
    assert said.data["failures"] and Path(said.data["failures"][0]["clip"]).exists()
    assert said.data["failures"][0]["why"].startswith("hl why ") and "worst loss first" in said.err
    assert {c["name"]: c["finding"] for c in said.data["detectors"]}["goal"].endswith("shifted")
