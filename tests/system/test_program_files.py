"""Programs as files in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn.errors import UsageError
from hlearn.program import MOST_BYTES, Program
from hlearn.system.memory import unified
from hlearn.system.program_files import read_program, read_program_at, write_program
from tests.evaluate.packages import MAIN, npy, package


def test_what_is_written_is_read_again_and_nothing_of_another_program_stays(tmp_path: Path) -> None:
    whole, one = package(), Program(source="\ufeffx = 1\r\n")
    for program in (whole, one, package(more_py="x = 1\n"), whole):
        write_program(tmp_path, program.as_files())
        assert read_program(tmp_path) == program
    assert sorted(p.name for p in (tmp_path / "policy").iterdir()) == [
        "__init__.py",
        "detectors.py",
        "skills",
        "tables",
        "weights.npy",
    ]
    write_program(tmp_path, {})
    assert read_program(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_what_lies_beside_modules_is_no_part_and_stays(tmp_path: Path) -> None:
    write_program(tmp_path, package().as_files())
    for name in ("README.md", "__pycache__/detectors.cpython-311.pyc", ".hidden.py", "data.pkl"):
        path = tmp_path / "policy" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "policy" / "link.py").symlink_to("/etc/passwd")
    assert read_program(tmp_path) == package()
    write_program(tmp_path, Program(source=MAIN).as_files())
    assert (tmp_path / "policy" / "README.md").exists()
    assert read_program(tmp_path) == Program(source=MAIN)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    write_program(tmp_path, package().as_files())
    (tmp_path / "policy.py").write_text("x = 1\n")
    with pytest.raises(UsageError, match=r"both policy\.py and policy/"):
        read_program(tmp_path)
    (tmp_path / "policy.py").unlink()
    (tmp_path / "policy" / "detectors.py").write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"policy/detectors\.py is not UTF-8"):
        read_program(tmp_path)
    (tmp_path / "policy" / "detectors.py").write_bytes(bytes(MOST_BYTES + 1))
    with pytest.raises(UsageError, match="a program has at most"):
        read_program(tmp_path)


def test_a_program_may_lie_anywhere(tmp_path: Path) -> None:
    write_program(tmp_path, package().as_files())
    (tmp_path / "policy").rename(tmp_path / "mine")
    assert read_program_at(tmp_path / "mine") == package()
    (tmp_path / "other.txt").write_text("x = 1\n")
    assert read_program_at(tmp_path / "other.txt") == Program(source="x = 1\n")
    for nothing in ("none.py", "mine/skills"):
        with pytest.raises(UsageError):
            read_program_at(tmp_path / nothing)


def test_a_difference_is_told_file_by_file() -> None:
    changed = package(detectors_py="x = 1\n", weights_npy=npy([1.0]), more_py="y = 1\n").without_file(
        "skills/push.py"
    )
    text = unified(package(), changed)
    assert "--- a/policy/detectors.py" in text
    assert "--- /dev/null\n+++ b/policy/more.py" in text
    assert "--- a/policy/skills/push.py\n+++ /dev/null" in text
    assert "Binary files a/policy/weights.npy and b/policy/weights.npy differ" in text
    assert "__init__" not in text
    assert "--- a/policy.py\n+++ /dev/null" in unified(Program(source="x\n"), package())
    assert unified(package(), package()) == ""
