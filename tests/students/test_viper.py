"""Trees from policies of elsewhere: functions, ONNX graphs, Stable-Baselines3 models."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from hlearn.errors import MissingExtra, UsageError
from hlearn.policy.modules import check_program
from hlearn.students.experts import Expert, read_expert
from hlearn.students.viper import fit_viper
from hlearn.tasks import resolve_task
from tests.cli.conftest import hl


def stands(seen: np.ndarray) -> int:
    """Keeps CartPole's pole up."""
    return int(seen[2] + 0.5 * seen[3] + 0.1 * (seen[1] + 0.5 * seen[0]) > 0)


def test_a_tree_learns_from_a_function() -> None:
    """A border across the axes: few questions do not draw it, but the tree plays and is corrected."""
    expert = read_expert(f"{__name__}:stands")
    assert expert.actions(np.array([[0, 0, 1.0, 0], [0, 0, -1.0, 0]])).tolist() == [1, 0]
    task = resolve_task("CartPole-v1")
    fitted = fit_viper(task, expert, depth=5, episodes=4, rounds=4)
    assert fitted.expert_score == 500 and max(fitted.rounds) > 150 and len(fitted.rounds) == 4
    assert check_program(fitted.program) == [] and "test_viper:stands" in fitted.program.source
    assert fit_viper(task, expert, depth=5, episodes=4, rounds=4) == fitted


def test_what_hangs_much_on_the_choice_counts_more() -> None:
    expert = Expert(
        name="weighs",
        actions=lambda seen: np.array([stands(s) for s in seen]),
        weights=lambda seen: np.abs(seen[:, 2] + 0.5 * seen[:, 3]),
    )
    assert max(fit_viper(resolve_task("CartPole-v1"), expert, depth=5, episodes=2, rounds=2).rounds) > 100


def test_what_is_no_policy_is_said_so(tmp_path: Path) -> None:
    for text, why in (
        ("net.onx", "expected NET.onnx"),
        ("nowhere_at_all:act", "cannot be loaded"),
        (f"{__name__}:nothing", "cannot be loaded"),
        ("json:__name__", "no function"),
        (str(tmp_path / "none.onnx"), "cannot be read"),
    ):
        with pytest.raises(UsageError, match=why):
            read_expert(text)
    (tmp_path / "bad.onnx").write_bytes(b"no graph")
    (tmp_path / "bad.zip").write_bytes(b"no model")
    wrong, how = (
        (UsageError, "bad.onnx") if importlib.util.find_spec("onnxruntime") else (MissingExtra, "pip")
    )
    with pytest.raises(wrong, match=how):
        read_expert(str(tmp_path / "bad.onnx"))
    there = importlib.util.find_spec("stable_baselines3") is not None
    with pytest.raises(UsageError if there else MissingExtra, match="PPO" if there else "pip install"):
        read_expert(str(tmp_path / "bad.zip"))
    task = resolve_task("CartPole-v1")
    odd = Expert(name="odd", actions=lambda seen: np.full(len(seen), 7))
    with pytest.raises(UsageError, match="does not fit CartPole-v1"):
        fit_viper(task, odd, depth=2, episodes=1, rounds=1)
    with pytest.raises(UsageError, match="other ones"):
        fit_viper(resolve_task("Pendulum-v1"), odd, depth=2, episodes=1, rounds=1)


def test_the_command_writes_a_tree(tmp_path: Path) -> None:
    assert hl("init", "CartPole-v1", tmp_path / "s").code == 0
    more = ("--episodes", 2, "--rounds", 2, "--holdout-episodes", 2, "--workers", 1, "--json")
    source = f"{__name__}:stands"
    said = hl("distill", tmp_path / "s", "--from", source, "--out", tmp_path / "t", *more)
    assert said.code == 2 and "--tree" in said.err
    said = hl("distill", tmp_path / "s", "--from", source, "--tree", 4, "--out", tmp_path / "t", *more)
    assert said.code == 0, said.err
    card = json.loads((tmp_path / "t" / "student.json").read_text())
    assert card["class"] == "program" and card["score"] > 50 and card["from"] == source
    assert "class Tree" in (tmp_path / "t" / "policy.py").read_text()
