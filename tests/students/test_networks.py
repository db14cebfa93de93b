"""Networks in programs: run behind the walls, refused where they want more, taught and scored."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from hlearn.errors import MissingExtra, UsageError
from hlearn.evaluate.api import Job, Record
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.policy.modules import check_program, kind_of
from hlearn.policy.onnx_graph import graph_refuses
from hlearn.program import Program, ProgramFile
from hlearn.records import Episode, Failure
from hlearn.students.programs import student_program, taught
from hlearn.students.samples import gather
from hlearn.students.score import ratio_of
from hlearn.tasks import resolve_task
from hlearn.trust import Worlds
from tests.cli.conftest import CORRIDOR, hl
from tests.cli.programs import SEEK

WHY = "pip install 'hlearn[distill]'"
TASK = resolve_task(CORRIDOR)


def graph(*, domain: str = "", external: bool = False) -> bytes:
    """Scores (stay, left, right) of a corridor's observation: 0.5, here - goal, goal - here."""
    onnx = pytest.importorskip("onnx", reason=WHY)
    helper = onnx.helper
    weight = onnx.numpy_helper.from_array(np.array([[0, 1, -1], [0, -1, 1]], np.float32), "w")
    if external:
        weight.ClearField("raw_data")
        weight.data_location = onnx.TensorProto.EXTERNAL
        weight.external_data.add(key="location", value="/etc/passwd")
    bias = onnx.numpy_helper.from_array(np.array([0.5, 0, 0], np.float32), "b")
    made = helper.make_graph(
        [helper.make_node("Gemm", ["seen", "w", "b"], ["action"], domain=domain)],
        "corridor",
        [helper.make_tensor_value_info("seen", onnx.TensorProto.FLOAT, (1, 2))],
        [helper.make_tensor_value_info("action", onnx.TensorProto.FLOAT, (1, 3))],
        [weight, bias],
    )
    opsets = [helper.make_opsetid("", 18)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    model = helper.make_model(made, opset_imports=opsets)
    model.ir_version = 10
    data: bytes = model.SerializeToString()
    return data


HYBRID = '''"""A network sees how far the goal is, a rule decides."""

from hlearn.parts.network import Network
from hlearn.policy import RulePolicy, asset, detect, rule


class Sees(RulePolicy):
    def setup(self):
        self.network = Network(asset("student.onnx"))

    @detect
    def scores(self, obs):
        return self.network(obs)

    @rule
    def best(self, s):
        return int(s.scores.argmax())
'''


def test_a_network_plays_behind_the_walls_like_the_program() -> None:
    pytest.importorskip("onnxruntime", reason=WHY)
    data, teacher = graph(), Program(source=SEEK)
    student = student_program(data, teacher, frames=1, discrete=True)
    hybrid = Program(source=HYBRID, files=student.files)
    assert [kind_of(p) for p in (teacher, student, hybrid)] == ["program", "network", "hybrid"]
    assert check_program(student) == check_program(hybrid) == []
    assert Program.of_content(student.content()).sha256 == student.sha256
    with IsolatedEvaluator(TASK) as evaluator:
        results = evaluator.run(
            [Job(program=p, seed=3, record=Record.TRACE) for p in (teacher, student, hybrid)]
        )
    recordings = [r.recording for r in results if r.recording is not None and isinstance(r.outcome, Episode)]
    assert len(recordings) == 3, [r.outcome for r in results]
    assert np.array_equal(recordings[0].actions, recordings[1].actions)
    assert np.array_equal(recordings[0].actions, recordings[2].actions)
    assert recordings[1].traces[0]["rule"] == "network"
    assert recordings[2].traces[0]["rule"] == "best"
    assert recordings[2].traces[0]["scores"] == [0.5, *recordings[1].traces[0]["action"][1:]]  # type: ignore[index]


def test_graphs_that_want_more_are_refused() -> None:
    assert graph_refuses(graph()) == []
    assert "lie in another file" in graph_refuses(graph(external=True))[0]
    assert "com.evil.Gemm is no standard one" in graph_refuses(graph(domain="com.evil"))[0]
    for bad in (b"", b"\x08", b"\x08\xff", graph()[:50], b"\x08\x0a" + b"\x3a\x7f"):
        assert graph_refuses(bad)
    outside = student_program(graph(external=True), Program(source=SEEK), frames=1, discrete=True)
    with IsolatedEvaluator(TASK) as evaluator:
        (result,) = evaluator.run([Job(program=outside, seed=3)])
    assert isinstance(result.outcome, Failure) and "another file" in result.outcome.message
    large = ProgramFile(path="a.onnx", data=b"\x08" + bytes(5 << 20))
    assert "networks have" in check_program(Program(source=SEEK, files=(large,)))[0]
    wrong = ProgramFile(path="a.onnx", data=b"PK")
    assert "is no .onnx file" in check_program(Program(source=SEEK, files=(wrong,)))[0]


def test_a_network_that_does_not_fit_is_a_failure_in_words() -> None:
    pytest.importorskip("onnxruntime", reason=WHY)
    student = student_program(graph(), Program(source=SEEK), frames=2, discrete=True)
    with IsolatedEvaluator(TASK) as evaluator:
        (result,) = evaluator.run([Job(program=student, seed=3)])
    assert isinstance(result.outcome, Failure)
    assert "the network cannot take (1, 4)" in result.outcome.message


def test_labels_come_from_the_program_whoever_acts(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason=WHY)
    flipped = graph().replace(
        np.array([[0, 1, -1], [0, -1, 1]], np.float32).tobytes(),
        np.array([[0, -1, 1], [0, 1, -1]], np.float32).tobytes(),
    )
    for data, led in ((None, True), (flipped, False)):
        subject = taught(Program(source=SEEK), data, frames=1, share=0.0, discrete=True)
        (episode,) = gather(
            TASK, subject, [3], tmp_path, led=led, worlds=Worlds(), evaluators=IsolatedEvaluator
        )
        here, goal = episode.seen.T
        assert np.array_equal(episode.wanted, np.where(here > goal, 1, np.where(here < goal, 2, 0)))
        assert (episode.score > 5) is led
    crashes = "class A:\n    def reset(self, seed): 1 / 0\n    def act(self, o): return 0\n"
    broken = taught(Program(source=crashes), None, frames=1, share=0.0, discrete=True)
    with pytest.raises(UsageError, match="cannot teach"):
        gather(TASK, broken, [3], tmp_path, led=True, worlds=Worlds(), evaluators=IsolatedEvaluator)


def test_a_student_is_taught_and_scored(system: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason=WHY)
    pytest.importorskip("onnxruntime", reason=WHY)
    out = tmp_path / "student"
    said = hl(
        *("distill", system, "--out", out, "--episodes", 4, "--rounds", 1, "--round-episodes", 2),
        *("--epochs", 6, "--holdout-episodes", 4, "--workers", 1, "--json"),
    )
    assert said.code in (0, 1), said.err
    assert said.data["class"] == "network" and said.data["ratio"] > 0.8
    assert said.data["accepted"] == (said.code == 0)
    assert json.loads((out / "student.json").read_text())["program_sha256"] == said.data["program_sha256"]
    played = hl("eval", system, "--program", out / "policy", "--episodes", 1, "--workers", 1, "--json")
    assert played.code == 0 and played.data["program_sha256"] == said.data["program_sha256"]
    assert hl("distill", system, "--out", out).code == 2


def test_missing_torch_is_named(system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    said = hl("distill", system, "--out", tmp_path / "x", "--json")
    assert said.code == 2 and said.data["error"] == MissingExtra.__name__
    assert "pip install 'hlearn[distill]'" in said.data["message"]
    assert not (tmp_path / "x").exists()


def test_the_ratio_has_an_interval() -> None:
    ratio, interval = ratio_of([(9.0, 10.0)] * 5)
    assert ratio == pytest.approx(0.9) and interval == pytest.approx((0.9, 0.9))
    assert ratio_of([(1.0, -1.0)]) == (None, None)
    assert ratio_of([]) == (None, None)
