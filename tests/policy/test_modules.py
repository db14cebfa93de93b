"""Parameters, parts, checks and sizes over all files of a program."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn.compress.unused import shortened
from hlearn.editors.search.knobs import SourceKnobs
from hlearn.gate import program_size
from hlearn.policy.modules import (
    check_program,
    params_of,
    parts_of,
    reached_modules,
    with_values,
    without_part,
)
from hlearn.policy.randomness import uses_randomness
from hlearn.program import MOST_FILES, Program, ProgramFile
from tests.evaluate.packages import npy, package

RULES = """from hlearn.policy import Param, RulePolicy, asset, detect, rule

from .reflexes import Reflexes

TABLE = asset("weights.npy")
UNUSED = 3


class Balance(Reflexes, RulePolicy):
    gain = Param(1.0, low=0.0, high=4.0)  # main

    @detect
    def lean(self, obs):
        return TABLE @ obs * self.gain

    @rule
    def right(self, s):
        return 1 if s.lean > 0 else None

    @rule
    def left(self, s):
        return 0
"""
REFLEXES = """from hlearn.policy import Param, rule

LIMIT = 5


class Reflexes:
    edge = Param(2.0, low=0.0, high=2.4, unit="m")

    # far out, push back
    @rule
    def back(self, s):
        return None if abs(s.lean) < self.edge * LIMIT else 0
"""


def program(**changes: str | bytes) -> Program:
    files = {"reflexes_py": REFLEXES, "detectors_py": "", "skills__push_py": ""} | changes
    whole = package(RULES, **files)
    return (
        whole.without_file("detectors.py").without_file("skills/push.py").without_file("tables/offsets.npz")
    )


def test_parameters_of_every_module_are_read_and_written() -> None:
    whole = program()
    assert list(params_of(whole)) == ["gain", "reflexes.edge"]
    changed = with_values(whole, {"gain": 2.5, "reflexes.edge": 1.25})
    assert changed.source == RULES.replace("Param(1.0,", "Param(2.5,")
    assert changed.modules[1].source == REFLEXES.replace("Param(2.0,", "Param(1.25,")
    with pytest.raises(KeyError, match=r"no module policy\.nothing"):
        with_values(whole, {"nothing.edge": 1.0})
    with pytest.raises(KeyError, match="no parameter"):
        with_values(whole, {"reflexes.gain": 1.0})


def test_parts_of_every_module_may_go() -> None:
    whole = program()
    assert [(n, p.role) for n, p in parts_of(whole).items()] == [
        ("lean", "detect"),
        ("right", "rule"),
        ("left", "rule"),
        ("reflexes.back", "rule"),
    ]
    less = without_part(whole, "reflexes.back")
    assert "far out" not in less.modules[1].source
    assert less.source == whole.source


def test_a_tuner_turns_the_numbers_of_every_module() -> None:
    knobs = SourceKnobs.read(program())
    assert [k.name for k in knobs.knobs] == ["gain", "reflexes.edge"]
    assert knobs.droppable == ("right", "left", "reflexes.back")
    written = knobs.drop("reflexes.back").program({"gain": 1.5, "reflexes.edge": 2.0}, parent="abc")
    assert written.parent == "abc"
    assert params_of(written)["gain"].value == 1.5
    assert "back" not in parts_of(written)


def test_all_files_weigh() -> None:
    whole = program()
    assert program_size(whole) > program_size(RULES) + program_size(REFLEXES)
    assert program_size(program(weights_npy=npy([0.0] * 100))) > program_size(whole) + 80
    assert program_size(Program(source=RULES)) == program_size(RULES)


def test_what_no_file_reads_goes() -> None:
    whole = program(notes_py="x = 1\n", spare_npy=npy([1.0]))
    assert reached_modules(whole) == {"policy", "policy.reflexes"}
    less = shortened(whole)
    assert sorted(less.as_files()) == ["policy/__init__.py", "policy/reflexes.py", "policy/weights.npy"]
    assert "UNUSED" not in less.source
    assert "LIMIT" in less.modules[1].source
    assert shortened(less) == less
    alone = package("from .detectors import Brain\n", detectors_py="class Brain:\n    pass\n")
    assert shortened(alone).source == alone.source, "the main module hands the policy on"


def test_chance_is_seen_in_every_module() -> None:
    assert not uses_randomness(program())
    assert uses_randomness(program(reflexes_py=REFLEXES + "import random\n"))


def test_checks_name_the_module() -> None:
    assert check_program(program()) == []
    refusals = check_program(program(reflexes_py="import socket\nopen('x')\n"))
    assert refusals == [
        "policy/reflexes.py, line 1: a program may not import socket",
        "policy/reflexes.py, line 2: a program may not use open()",
    ]
    assert check_program(program(reflexes_py="x = (\n"))[0].startswith(
        "policy/reflexes.py, line 1: does not parse"
    )
    many = tuple(ProgramFile(path=f"m{i}.py", data=b"") for i in range(MOST_FILES))
    assert "files, the limit is" in check_program(Program(source="", files=many))[0]


def test_where_a_program_lies_stands_in_one_place() -> None:
    root = Path(__file__).parents[2] / "src" / "hlearn"
    texts = {str(p.relative_to(root)): p.read_text(encoding="utf-8") for p in root.rglob("*.py")}
    named = {name for name, text in texts.items() if "policy.py" in text.replace("test_policy.py", "")}
    assert named == {"program.py"}
