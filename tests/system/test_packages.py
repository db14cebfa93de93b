"""Systems whose program is a package: commit, restore, rollback, kills in between, and systems of an older hlearn."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn.errors import UsageError
from hlearn.evidence.verifying import _wrong_commits
from hlearn.records import Program
from hlearn.system import System, templates
from hlearn.system.checks import run_system_tests
from tests.evaluate.packages import DETECTORS, package
from tests.system.test_system import accept, fresh, program, system  # noqa: F401 - fixtures


def files(path: Path) -> list[str]:
    found = (p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
    return sorted(f for f in found if f.startswith("policy"))


def test_a_program_becomes_a_package_and_goes_back(system: System) -> None:  # noqa: F811
    one, whole = program(0), package()
    accept(system, 1, one)
    accept(system, 2, whole)
    assert system.champion() == system.working() == whole
    assert files(system.path) == sorted(whole.as_files())
    changed = package(detectors_py=DETECTORS + "# more\n").without_file("tables/offsets.npz")
    accept(system, 3, changed)
    assert files(system.path) == sorted(changed.as_files())
    assert "+# more" in system.diff(2, 3)
    assert "--- /dev/null" in system.diff(1, 2)
    system.rollback(1)
    assert files(system.path) == ["policy.py"]
    assert system.champion() == one
    system.rollback(2)
    assert system.program_of("HEAD") == system.program_of(2) == whole
    assert system.git("status", "--porcelain", "--", "policy.py", "policy").strip() == ""
    assert list(_wrong_commits(system)) == []


def test_an_edit_of_any_file_is_an_edit(system: System) -> None:  # noqa: F811
    accept(system, 1, package())
    module = system.path / "policy" / "detectors.py"
    module.write_text("x = 1\n")
    with pytest.raises(UsageError, match=r"policy was edited and not committed.*checkout policy"):
        system.restore()
    module.write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"policy/detectors\.py is not UTF-8 text"):
        system.working()
    module.write_text(DETECTORS)
    (system.path / "policy" / "notes.md").write_text("mine")
    system.restore()
    assert (system.path / "policy" / "notes.md").exists()
    (system.path / "policy.py").write_text("x = 1\n")
    with pytest.raises(UsageError, match="one or the other"):
        system.restore()


def test_a_kill_between_two_files_is_no_edit(system: System) -> None:  # noqa: F811
    whole, next_one = package(), package(detectors_py="x = 1\n", skills__push_py="y = 1\n")
    accept(system, 1, whole)
    (system.git.folder / "hl-writing").touch()  # what a kill leaves behind
    (system.path / "policy" / "detectors.py").write_bytes(next_one.as_files()["policy/detectors.py"])
    again = System.open(system.path)
    with again.exclusive():
        assert again.working() == whole
        again.restore()
    assert not (system.git.folder / "hl-writing").exists()


def test_the_tests_of_a_system_run_on_packages(system: System) -> None:  # noqa: F811
    assert run_system_tests(system, package()) is None
    said = run_system_tests(system, package(detectors_py="import os\n"))
    assert said is not None
    assert "policy/detectors.py, line 1: a program may not import os" in said


def test_systems_of_an_older_hlearn_take_packages_too(system: System) -> None:  # noqa: F811
    older = templates.TEST_POLICY.replace(
        "from hlearn.system.program_files import read_program\n", ""
    ).replace("PROGRAM = read_program(ROOT)", 'SOURCE = (ROOT / "policy.py").read_text(encoding="utf-8")')
    repeated = older[older.index("    seen = ") : older.index("    first = ")]
    older = (
        older.replace(repeated, "").replace("often", 'GOLDEN["observations"]').replace("PROGRAM", "SOURCE")
    )
    (system.path / "tests" / "test_policy.py").write_text(older)
    system.git("add", "tests")
    system.git.commit({"tests/test_policy.py": older.encode()}, "an older hlearn\n", when=1_700_000_000)
    assert run_system_tests(system, program(0)) is None
    assert run_system_tests(system, package()) is None
    assert Program(source=program(0).source).sha256 == program(0).sha256
