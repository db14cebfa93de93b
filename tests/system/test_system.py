"""The system on disk: a plain git repository that keeps what it is told."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hlearn.editors.api import Brief
from hlearn.editors.brief_text import brief_markdown
from hlearn.errors import LedgerCorrupt, OutputExists, SchemaTooNew, UsageError
from hlearn.ledger import Decision, Ledger, Note, Trial
from hlearn.records import Access, Failure, FailureKind, Program, Protocol, Split
from hlearn.system import Case, System
from hlearn.tasks import Task, describe, resolve_task
from hlearn.trust import KeyStore

CARTPOLE = Task(env_id="CartPole-v1", access=Access.VECTOR, protocol=Protocol.STANDARD, target=475.0)


def program(value: int) -> Program:
    return Program(
        source=f"class P:\n    def reset(self, seed):\n        pass\n\n    def act(self, o):\n        return {value}\n"
    )


def accept(system: System, number: int, made: Program, **more) -> str:
    system.add_program(made, f"try {number}")
    trial = Trial(
        run=1,
        trial=number,
        program=made.sha256,
        note=f"try {number}",
        decision=Decision.ACCEPTED,
        reasons=("good",),
    )
    with system.exclusive():
        system.ledger.append(trial)
        return system.commit(trial, made, **more)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("system") / "cartpole"
    System.create(path, CARTPOLE, seed=3, clock=lambda: 1_700_000_000.0)
    return path


@pytest.fixture
def system(fresh: Path, tmp_path: Path) -> System:
    shutil.copytree(fresh, tmp_path / "s")
    return System.open(tmp_path / "s", clock=lambda: 1_700_000_100.0)


def test_a_system_and_a_brief_say_which_numbers_are_what(tmp_path: Path) -> None:
    task = resolve_task("tests.tasks.own_environments:hlearn-tests/Echo-v0", observes="mixed")
    System.create(tmp_path / "s", task, seed=0)
    described = describe(task)
    brief = Brief(
        task=task,
        observation=described.observation,
        actions=described.actions,
        champion=None,
        champion_dev=None,
        rejected=(),
    )
    for told in ((tmp_path / "s" / "AGENTS.md").read_text(), brief_markdown(brief)):
        assert "`speed` obs[0:2], `where` obs[2]\n" in told


def test_a_new_system_holds_what_the_design_says(fresh: Path) -> None:
    for name in (
        "hl.toml",
        "AGENTS.md",
        "ledger.jsonl",
        "tests/test_policy.py",
        "tests/golden.npz",
        "memory/notes.md",
    ):
        assert (fresh / name).is_file(), name
    for name in ("cases", "failures", "memory/rejected", "programs", ".git"):
        assert (fresh / name).is_dir(), name
    system = System.open(fresh)
    assert system.task == CARTPOLE
    assert system.config.seed == 3
    assert system.champion() is None
    assert system.history() == ()
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=fresh, capture_output=True, text=True, check=True
    )
    assert status.stdout == ""


def test_a_folder_in_use_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(OutputExists, match="not empty"):
        System.create(tmp_path, CARTPOLE)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_is_no_system_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="hl init"):
        System.open(tmp_path)


def test_a_newer_system_says_so(system: System) -> None:
    path = system.path / "hl.toml"
    path.write_text(path.read_text().replace("schema = 2", "schema = 99"))
    with pytest.raises(SchemaTooNew, match="schema 99"):
        System.open(system.path)


def test_an_unknown_key_says_so(system: System) -> None:
    with (system.path / "hl.toml").open("a") as file:
        file.write("speed = 3\n[extra]\n")
    with pytest.raises(UsageError, match="extra"):
        System.open(system.path)


def test_accepted_trials_are_commits_that_name_them(system: System) -> None:
    case = Case(name="case-1", why="w", split=Split.GATE, number=0, min_score=3.0, trial=1)
    first = accept(system, 1, program(0), cases=[case])
    second = accept(system, 4, program(1), files=(("tests/test_more.py", "def test_x(): pass\n"),))
    changes = system.history()
    assert [(c.trial, c.commit, c.when) for c in changes] == [
        (1, first, 1_700_000_100.0),
        (4, second, 1_700_000_100.0),
    ]
    assert system.champion() == program(1)
    assert system.judged.cases() == (case,)
    assert (system.path / "tests" / "test_more.py").is_file()
    assert (
        system.program_of(1)
        == system.program_of(program(0).sha256[:10])
        == system.program_of(first)
        == program(0)
    )
    assert "-        return 0" in system.diff(1, 4)
    assert system.verify() == len(system.ledger.rows)


def test_a_commit_is_made_once_even_if_its_row_was_lost(system: System, tmp_path: Path) -> None:
    before = system.ledger.path.read_bytes()
    accept(system, 1, program(0))
    rows = system.ledger.path.read_bytes()[len(before) :].splitlines(keepends=True)
    system.ledger.path.write_bytes(before + b"".join(rows[:-1]))  # killed before the row "committed"
    again = System.open(system.path)
    trial = next(r.event for r in again.ledger.rows if isinstance(r.event, Trial))
    commit = again.commit(trial, program(0))
    assert [c.commit for c in again.history()] == [commit]
    assert again.commit(trial, program(0)) == commit


def test_rollback_is_a_new_commit(system: System) -> None:
    accept(system, 1, program(0))
    accept(system, 2, program(1))
    system.rollback(1)
    assert system.champion() == program(0)
    assert (system.path / "policy.py").read_text() == program(0).source
    assert [(c.trial, c.rolled_back) for c in system.history()] == [(1, False), (2, False), (1, True)]
    with pytest.raises(UsageError, match="champion already"):
        system.rollback(1)
    with pytest.raises(UsageError, match=r"accepted trials: 1, 2$"):
        system.rollback(7)


def test_rollback_keeps_the_cases_that_the_old_champion_stood_for(system: System) -> None:
    first = Case(name="trial-0001", why="first", split=Split.GATE, number=0, min_score=9.0, trial=1)
    second = Case(name="trial-0002", why="second", split=Split.GATE, number=0, min_score=90.0, trial=2)
    by_hand = Case(name="mine", why="mine", split=Split.DEV, number=3)
    accept(system, 1, program(0), cases=[first])
    accept(system, 2, program(1), cases=[second, by_hand])
    system.rollback(1)
    assert {c.name for c in system.judged.cases()} == {"trial-0001", "mine"}
    system.rollback(2)
    assert system.judged.cases() == (by_hand, first, second)


def test_a_rewritten_ledger_is_noticed_by_the_seals_and_by_the_commits(
    system: System, tmp_path: Path
) -> None:
    accept(system, 1, program(0))
    rows = [r.event for r in system.ledger.rows]
    system.ledger.path.unlink()
    Ledger(system.ledger.path).append(Note(text="a nicer past"), *rows)
    with pytest.raises(LedgerCorrupt, match="line 2 has no seal"):
        System.open(system.path)
    elsewhere = System.open(system.path, keys=KeyStore(tmp_path / "another machine"))
    with pytest.raises(LedgerCorrupt, match="commit"):
        elsewhere.verify()


def test_a_ledger_that_was_cut_off_is_noticed_by_the_end_of_the_run(system: System) -> None:
    accept(system, 1, program(0))
    with system.exclusive():
        system.ledger.append(Note(text="a bad day"))
        system.close_run("Run 1 ends")
    lines = system.ledger.path.read_bytes().splitlines(keepends=True)
    system.ledger.path.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(LedgerCorrupt, match="is gone"):
        System.open(system.path).verify()


def test_the_end_of_a_run_commits_no_program_test_or_case_that_nobody_judged(system: System) -> None:
    case = Case(name="case-1", why="w", split=Split.GATE, number=0, min_score=3.0, trial=1)
    accept(system, 1, program(0), cases=[case])
    (system.path / "policy.py").write_text(program(1).source)
    (system.path / "cases" / "case-1.json").unlink()
    (system.path / "tests" / "test_policy.py").write_text("")
    (system.path / "memory" / "notes.md").write_text("# Notes\n\nWorth knowing.\n")
    system.git("add", "policy.py")
    with system.exclusive():
        system.ledger.append(Note(text="rejected"))
        system.close_run("Run 2 ends")
    assert system.champion() == program(0)
    assert system.git.show("HEAD", "cases/case-1.json") is not None
    assert "def test" in (system.git.show("HEAD", "tests/test_policy.py") or "")
    assert "Worth knowing" in (system.git.show("HEAD", "memory/notes.md") or "")
    assert system.working() == program(1), "the edit stays in the folder"


def test_an_edit_of_a_person_is_not_overwritten(system: System) -> None:
    accept(system, 1, program(0))
    (system.path / "policy.py").write_text("# mine\n")
    with pytest.raises(UsageError, match="hl gate"):
        system.restore()
    (system.path / "policy.py").write_text(program(0).source)
    system.restore()


def test_what_a_kill_left_in_the_folder_is_put_right(system: System) -> None:
    accept(system, 1, program(0))
    system.add_program(program(1), "was being committed")
    (system.path / "policy.py").write_text(program(1).source)
    (system.path / ".git" / "index.lock").touch()
    with system.exclusive():
        system.restore()
    assert (system.path / "policy.py").read_text() == program(0).source
    accept(system, 2, program(1))


def test_only_one_hl_works_in_a_system(system: System) -> None:
    other = System.open(system.path)
    with system.exclusive(), pytest.raises(UsageError, match="another hl"), other.exclusive():
        pass


def test_rejected_proposals_are_patches_with_reasons(system: System) -> None:
    accept(system, 1, program(0))
    trial = Trial(
        run=1,
        trial=2,
        program=program(1).sha256,
        note="go right",
        decision=Decision.REJECTED,
        reasons=("no better",),
    )
    system.memory.remember(trial, program(1), program(0))
    patch = system.path / "memory" / "rejected" / "0002.patch"
    assert "no better" in system.memory.rejected()[0]
    subprocess.run(["git", "apply", str(patch)], cwd=system.path, check=True)
    assert (system.path / "policy.py").read_text() == program(1).source


def test_failures_are_kept_one_of_a_kind(system: System) -> None:
    failures = [Failure(seed=i, kind=FailureKind.CRASHED, message=f"boom {i}") for i in range(3)]
    system.memory.remember_failures(3, program(0), failures, Split.DEV)
    assert [p.name for p in system.path.glob("failures/*.md")] == ["0003-crashed.md"]
    assert "boom 0" in (system.path / "failures" / "0003-crashed.md").read_text()


def test_the_users_git_configuration_has_no_effect(system: System, monkeypatch, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    (tmp_path / ".gitconfig").write_text(f"[core]\nhooksPath = {hooks}\n[commit]\ngpgsign = true\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    accept(system, 1, program(0))
    assert len(system.history()) == 1


def test_a_machine_without_git_is_told(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git is not installed"):
        System.create(tmp_path / "s", CARTPOLE)
    assert not (tmp_path / "s").exists()


def test_a_working_copy_leaves_nothing_behind(system: System) -> None:
    accept(system, 1, program(0))
    with system.working_copy() as copy:
        assert (copy.path / "policy.py").read_text() == program(0).source
        (copy.path / "scratch").write_text("x")
        assert copy.changed() == {"scratch": "A"}
        assert not (copy.path / "ledger.jsonl").exists()
    assert not copy.path.exists()
    assert len(system.git("worktree", "list").splitlines()) == 1
