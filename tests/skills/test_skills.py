"""Skills: read from text, called by a dispatcher, handed on with tests and cases, refused where they do not fit."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hlearn.evaluate.api import Job, Record
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.policy.skills import alone, read_skill, skills_of, with_skill
from hlearn.records import Episode, Failure, Program
from hlearn.tasks import resolve_task
from tests.cli.conftest import CORRIDOR, Said, hl

LEFT = '''"""Goes left."""

CARD = {"achieves": "reaches what lies left", "expects": "here, goal", "trials": [2]}


class Left:
    def reset(self, seed):
        self.steps = 0

    def act(self, observation):
        self.steps += 1
        return 1

    def trace(self):
        return {"steps": self.steps}
'''
RIGHT = LEFT.replace("Left", "Right").replace("return 1", "return 2").replace("left", "right")
DISPATCH = '''"""Goes where the goal is, by two skills."""

from hlearn.policy import DispatchPolicy, detect, rule
from .skills import left, right


class Walker(DispatchPolicy):
    skills = {"left": left.Left, "right": right.Right}
    otherwise = "left"

    @detect
    def gap(self, obs):
        return float(obs[1] - obs[0])

    @rule
    def there(self, s):
        """It is there: stay."""
        return 0 if s.gap == 0 else None

    @rule
    def is_right(self, s):
        """The goal lies right."""
        return "right" if s.gap > 0 else None
'''
WALKER = Program(source=DISPATCH)
for _name, _source in (("left", LEFT), ("right", RIGHT)):
    WALKER = with_skill(WALKER, read_skill(_name, _source))


def test_skills_are_read_from_text() -> None:
    left, right = skills_of(WALKER)
    assert (left.name, left.policy, left.trials) == ("left", "Left", (2,))
    assert right.achieves == "reaches what lies right"
    for text, why in (
        ("class A:\n    def act(self, o): return 0\n", "no card"),
        (LEFT + "\nfrom .right import Right\n", "stands alone"),
        (LEFT + "\n\nclass Other:\n    def act(self, o): return 0\n", "expected exactly one"),
        ("CARD = {'achieves': open('x')}\n", "literal"),
        ("CARD = {'does': 'x'}\n", "keys among"),
        ("class (", "does not parse"),
    ):
        with pytest.raises(ValueError, match=why):
            read_skill("left", text)
    with pytest.raises(ValueError, match=r"has policy/skills/left\.py already"):
        with_skill(WALKER, left)
    with pytest.raises(ValueError, match="it has: left, right"):
        alone(WALKER, "up")


def test_a_dispatcher_says_which_skill_acts_and_why() -> None:
    task = resolve_task(CORRIDOR)
    with IsolatedEvaluator(task) as evaluator:
        both, only = evaluator.run(
            [
                Job(program=WALKER, seed=3, record=Record.TRACE),
                Job(program=alone(WALKER, "left"), seed=3, record=Record.TRACE),
            ]
        )
        wrong = WALKER.with_source("policy/__init__.py", DISPATCH.replace('"right" if', '"up" if'))
        (failed,) = evaluator.run([Job(program=wrong, seed=3)])
    assert isinstance(both.outcome, Episode) and both.outcome.score > only.outcome.score
    assert both.recording is not None and only.recording is not None
    for seen, trace in zip(both.recording.observations, both.recording.traces, strict=True):
        wanted = "" if seen[0] == seen[1] else "right" if seen[1] > seen[0] else "left"
        assert trace["skill"] == wanted
        assert trace["why"] == {"right": "The goal lies right.", "left": "", "": "It is there: stay."}[wanted]
        assert ("inner" in trace) == bool(wanted)
    assert any(t["switched"] for t in both.recording.traces)
    assert set(np.unique(only.recording.actions)) == {1}
    assert isinstance(failed.outcome, Failure) and "has no skill 'up'; it has: left" in failed.outcome.message


@pytest.fixture(scope="module")
def exported(learnt: tuple[Path, Said], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    system = Path(shutil.copytree(learnt[0], folder / "system", symlinks=True))
    (system / "tests" / "test_skill_seek.py").write_text(
        "from pathlib import Path\nimport numpy as np\n"
        "from hlearn.policy.skills import alone\nfrom hlearn.system.acting import act_on\n"
        "from hlearn.system.program_files import read_program\n\n\n"
        "def test_it_seeks():\n"
        "    program = read_program(Path(__file__).resolve().parents[1])\n"
        "    if program.files:\n"
        '        assert act_on(alone(program, "seek"), np.array([[1.0, 5.0], [5.0, 1.0]]), seed=0) == [2, 1]\n'
    )
    out = folder / "seek.hlskill"
    said = hl("skill", "export", system, "seek", "--whole", "--out", out, "--cases", 2, "--json")
    assert said.code == 0, said.err + said.out
    assert said.data["good"] and len(said.data["case_results"]) == 2
    return out


def test_a_skill_comes_with_tests_and_cases_and_passes_the_gate(exported: Path, tmp_path: Path) -> None:
    assert hl("init", CORRIDOR, tmp_path / "new").code == 0
    said = hl("skill", "import", tmp_path / "new", exported, "--json")
    assert said.code == 0 and said.data["taken"], said.out
    assert sorted(p.name for p in (tmp_path / "new" / "cases").glob("skill-*")) == [
        "skill-seek-1.json",
        "skill-seek-2.json",
    ]
    shown = hl("skill", "show", tmp_path / "new", "seek", "--json").data
    assert CORRIDOR in shown["from"] and shown["tests"] == ["tests/test_skill_seek.py"]
    assert hl("skill", "test", tmp_path / "new", "seek").code == 0
    again = hl("skill", "import", tmp_path / "new", exported)
    assert again.code == 2 and "--as NAME" in again.err
    judged = hl("gate", tmp_path / "new", "--workers", 1, "--json")
    assert judged.code == 0, judged.out
    assert [s["name"] for s in hl("skill", "list", tmp_path / "new", "--json").data["skills"]] == ["seek"]


def test_what_does_not_fit_or_hold_is_refused(exported: Path, tmp_path: Path) -> None:
    assert hl("init", "CartPole-v1", tmp_path / "pole").code == 0
    said = hl("skill", "import", tmp_path / "pole", exported)
    assert said.code == 2 and "it sees float64[2]" in said.err and "3 discrete actions" in said.err
    assert not (tmp_path / "pole" / "policy").exists()
    assert hl("init", CORRIDOR, tmp_path / "short", "--env", "goals=1").code == 0
    hard = _changed(exported, tmp_path / "hard.hlskill", lambda name, data: data)
    said = hl("skill", "import", tmp_path / "short", hard, "--json")
    if not said.data["taken"]:  # fewer goals bring less: the cases of the long corridor do not hold
        assert said.code == 1 and said.data["left_cases"]
        assert not (tmp_path / "short" / "policy").exists()
        assert hl("skill", "import", tmp_path / "short", hard, "--without-cases", "--as", "walk").code == 0
        assert (tmp_path / "short" / "tests" / "test_skill_walk.py").exists()


def test_damaged_files_are_named(exported: Path, system: Path, tmp_path: Path) -> None:
    def edit(name: str, data: bytes) -> bytes:
        return data.replace(b"return 1", b"return 2") if name == "skill/seek.py" else data

    bad = _changed(exported, tmp_path / "bad.hlskill", edit)
    said = hl("skill", "import", system, bad)
    assert said.code == 2 and "does not match its hash" in said.err
    newer = _changed(
        exported,
        tmp_path / "newer.hlskill",
        lambda n, d: json.dumps({**json.loads(d), "schema": 9}).encode() if n == "manifest.json" else d,
    )
    assert "upgrade hlearn" in hl("skill", "import", system, newer).err
    (tmp_path / "no.hlskill").write_bytes(b"PK nothing")
    assert "is no skill" in hl("skill", "import", system, tmp_path / "no.hlskill").err
    assert "cannot be read" in hl("skill", "import", system, tmp_path / "none.hlskill").err
    said = hl("skill", "export", system, "up")
    assert said.code == 2 and "no skill up" in said.err
    assert (
        "such an ending" in hl("skill", "export", system, "seek", "--whole", "--out", tmp_path / "a.zip").err
    )


def _changed(path: Path, out: Path, edit) -> Path:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, edit(name, old.read(name)))
    return out
