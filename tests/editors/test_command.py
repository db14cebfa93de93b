"""The command editor: real commands in real copies of a system."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.api import Editor
from hlearn.editors.command import CommandEditor
from hlearn.editors.table import make_editor
from hlearn.errors import UsageError
from hlearn.evaluate import landlock
from hlearn.ledger import EditorRan, Measured, Refused, Trial
from hlearn.records import Access, Protocol
from hlearn.system import System, commands
from hlearn.tasks import Task
from hlearn.trust import key_folder

CARTPOLE = Task(env_id="CartPole-v1", access=Access.VECTOR, protocol=Protocol.STANDARD)
HEAD = "class P:\n    def reset(self, seed): pass\n    def act(self, o): "
LEAN, GOOD = (f"{HEAD}return {x}\n" for x in ("int(o[2] > 0)", "int(o[2] + 0.5 * o[3] > 0)"))


def run(tmp_path: Path, command: str, *, out: str = "system", **options) -> tuple[System, object]:
    options = {"dev_episodes": 1, "proposals": 1, "patience": 1} | options
    editor = CommandEditor(command, **options)
    path = tmp_path / out
    result = learn(
        CARTPOLE, out=path, editor=editor, steps=50_000, workers=1, holdout=0, resume=path.exists()
    )
    return System.open(path), result


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A system without a program, to be copied."""
    path = tmp_path_factory.mktemp("template") / "s"
    System.create(path, CARTPOLE)
    return path


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    """A command that improves the program each time it is run, as an agent would."""
    (tmp_path / "lean.py").write_text(LEAN)
    (tmp_path / "good.py").write_text(GOOD)
    script = tmp_path / "agent.sh"
    script.write_text(
        f"""set -e
cp "$HL_BRIEF" {tmp_path}/brief-$(ls {tmp_path} | grep -c brief).md
env > {tmp_path}/env
if [ -e policy.py ]; then cp {tmp_path}/good.py policy.py; else cp {tmp_path}/lean.py policy.py; fi
echo "leans into the fall" > "$HL_NOTE"
echo 'def test_added(): pass' > tests/test_$(ls tests | wc -l).py
echo '{{"why": "balance", "seed": 7, "min_score": 9}}' > cases/balance-$(ls cases | wc -l).json
echo scratch > scratch.txt
exit 7
"""
    )
    return script


def test_a_command_writes_and_then_improves_the_program(tmp_path: Path, agent: Path, monkeypatch) -> None:
    monkeypatch.setenv("SECRET_THING", "1")
    monkeypatch.setenv("SOME_API_KEY", "2")
    system, _ = run(tmp_path, f"sh {agent}", proposals=2)
    champion = system.champion()
    assert champion is not None
    assert champion.source == GOOD
    trials = [r.event for r in system.ledger.rows if isinstance(r.event, Trial)]
    assert [(t.note, t.decision) for t in trials] == [("leans into the fall", "accepted")] * 2
    assert len(list((system.path / "tests").glob("test_*.py"))) == 3
    assert len([c for c in system.judged.cases() if c.name.startswith("balance")]) == 2
    assert not (system.path / "scratch.txt").exists()
    first, second = (tmp_path / f"brief-{i}.md" for i in (0, 1))
    assert "There is none yet" in first.read_text()
    assert "| development seed | score |" in second.read_text()
    env = (tmp_path / "env").read_text()
    assert "SECRET_THING" not in env
    assert "SOME_API_KEY=2" in env
    assert any(isinstance(r.event, Measured) for r in system.ledger.rows)


LEFT_OUT = [
    ("echo > tests/conftest.py", "tests/conftest.py", "tests_steered"),
    ("echo '[pytest]' > tests/pytest.ini", "tests/pytest.ini", "tests_steered"),
    ("echo 'import os' > tests/x.pth", "tests/x.pth", "tests_steered"),
    ("echo 'x = 1' > tests/__init__.py", "tests/__init__.py", "tests_steered"),
    ("mkdir tests/hlearn; echo > tests/hlearn/acting.py", "module hlearn", "shadows_module"),
    ("echo > tests/numpy.py", "module numpy", "shadows_module"),
    ("echo > tests/random.py", "module random", "shadows_module"),
    ('echo \'{"why": "x", "seed": 7}\' > cases/trial-0001.json', "trial-0001", "reserved_name"),
    ("mkdir cases/d; echo '{}' > cases/d/x.json", "cases/d/x.json", "unfit_case"),
    ("ln -s /etc/passwd tests/test_x.py", "tests/test_x.py", "no_plain_file"),
    ("mkfifo tests/test_x.py", "tests/test_x.py", "no_plain_file"),
    ("head -c 3000000 /dev/zero > tests/test_x.py", "tests/test_x.py", "too_large"),
    ("printf '\\377\\376' > tests/test_x.py", "tests/test_x.py", "no_text"),
    ('echo \'{"why": "x", "seed": "abc"}\' > cases/x.json', "cases/x.json", "unfit_case"),
]


@pytest.mark.parametrize(
    ("harm", "named", "kind"),
    [
        ("echo >> hl.toml; echo x=1 >> hl.toml", "hl.toml", "task_changed"),
        ("echo '{}' >> ledger.jsonl", "ledger.jsonl", "ledger_forged"),
        ("rm tests/test_policy.py", "tests/test_policy.py", "tests_changed"),
        ("echo 'def test_x(): pass' > tests/test_policy.py", "tests/test_policy.py", "tests_changed"),
        ("ln -sf /dev/null tests/test_policy.py", "tests/test_policy.py", "tests_changed"),
        ("rm AGENTS.md && git add -A && git commit -qm x", "AGENTS.md", "file_changed"),
        ("mv memory/notes.md memory/other.md", "memory/notes.md", "file_changed"),
        ("ln -sf /etc/passwd policy.py", "policy.py", "no_plain_file"),
        ("rm policy.py; mkdir policy.py; touch policy.py/x", "policy.py", "no_change"),
        ("rm -rf .git *", "hl.toml", "task_changed"),
    ],
)
def test_tampering_is_refused_and_typed(
    tmp_path: Path, template: Path, harm: str, named: str, kind: str
) -> None:
    system = propose(tmp_path, template, harm)
    assert system.champion() is None
    refused = [r.event for r in system.ledger.rows if isinstance(r.event, Refused)]
    assert [r.kind for r in refused] == [kind]
    assert named in refused[0].why
    assert not any(isinstance(r.event, Trial) for r in system.ledger.rows)


def propose(tmp_path: Path, template: Path, more: str) -> System:
    """What became of a good program and something more."""
    (tmp_path / "good.py").write_text(GOOD)
    shutil.copytree(template, tmp_path / "s")
    command = f"cp {tmp_path}/good.py policy.py; {more}"
    editor = CommandEditor(command, dev_episodes=1, patience=1, proposals=1)
    learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=20_000, workers=1, holdout=0, resume=True)
    return System.open(tmp_path / "s")


@pytest.mark.parametrize(("harm", "named", "kind"), LEFT_OUT)
def test_what_is_no_test_and_no_case_is_left_out_by_name(
    tmp_path: Path, template: Path, harm: str, named: str, kind: str
) -> None:
    system = propose(tmp_path, template, harm)
    refused = [r.event for r in system.ledger.rows if isinstance(r.event, Refused)]
    assert [r.kind for r in refused] == [kind]
    assert named in refused[0].why and "judged without it" in refused[0].why
    champion = system.champion()
    assert champion is not None
    assert champion.source == GOOD
    kept = system.git.names("HEAD", "tests", "cases")
    assert {p for p in kept if not p.endswith(".gitkeep")} == {
        "tests/test_policy.py", "tests/golden.npz", "cases/trial-0001.json",
    }  # fmt: skip
    assert [c.split for c in system.judged.cases()] == ["gate"]


HABITS = {
    "nested": "mkdir scratch; git init -q scratch; git init -q tests/scratch",
    "stash": "git stash -q -u; git stash pop -q",
    "an entry left in the stash": "echo >> AGENTS.md; git stash -q -- AGENTS.md",
    "branch": "git checkout -q -b idea; git add -A; git commit -qm idea",
    "detached": "git add -A; git commit -qm idea; git checkout -q --detach",
    "reset": "git add -A; git reset -q",
    "tag and gc": "git tag mine; git gc -q",
    "no git at all": "rm -rf .git",
    "scratch": "echo x > notes.txt; mkdir data; head -c 3000000 /dev/zero > data/big; ln -s /etc etc; mkfifo pipe",
    "a project of its own": "echo '[tool.ruff]' > pyproject.toml; echo > conftest.py; echo > setup.cfg",
    "caches": "mkdir -p tests/__pycache__ .pytest_cache; echo x > tests/__pycache__/a.pyc; echo > tests/a.py.orig",
    "trailing spaces": "sed -i 's/[ ]*$//' AGENTS.md hl.toml tests/test_policy.py; echo >> AGENTS.md",
    "carriage returns": "sed -i 's/$/\r/' AGENTS.md hl.toml tests/test_policy.py",
    "autocrlf": "git config core.autocrlf true; rm AGENTS.md hl.toml; git checkout -q -- AGENTS.md hl.toml",
    "modes": "chmod 755 hl.toml tests/*; touch hl.toml",
    "an empty package file": "touch tests/__init__.py",
    "notes": "echo 'it leans' >> memory/notes.md",
    "git filters": "git config filter.x.clean 'echo no'; echo '* filter=x' > .gitattributes.new; git add -A",
}


@pytest.mark.parametrize("habit", HABITS)
def test_habits_of_agents_do_no_harm(tmp_path: Path, template: Path, habit: str) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    shutil.copytree(template, tmp_path / "s")
    editor = CommandEditor(
        f"cp {tmp_path}/good.py policy.py; {HABITS[habit]}", dev_episodes=1, patience=1, proposals=1
    )
    learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=20_000, workers=1, holdout=0, resume=True)
    system = System.open(tmp_path / "s")
    assert editor.attempts == []
    champion = system.champion()
    assert champion is not None
    assert champion.source == GOOD
    assert system.judged.disturbed() == ()


def test_the_stash_of_a_person_stays_as_it_was(tmp_path: Path, template: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    shutil.copytree(template, tmp_path / "s")
    git = ["git", "-C", str(tmp_path / "s"), "-c", "user.name=a", "-c", "user.email=a@b"]
    for text in ("one", "two"):
        (tmp_path / "s" / "memory" / "notes.md").write_text(text)
        subprocess.run([*git, "stash", "-q"], check=True)
    before = subprocess.run([*git, "stash", "list"], capture_output=True, check=True).stdout
    assert before.count(b"\n") == 2
    command = f"git stash pop -q; git stash drop -q; cp {tmp_path}/good.py policy.py; git stash -q; git stash pop -q"
    editor = CommandEditor(command, dev_episodes=1, patience=1, proposals=1)
    learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=20_000, workers=1, holdout=0, resume=True)
    assert System.open(tmp_path / "s").champion() is not None
    assert subprocess.run([*git, "stash", "list"], capture_output=True, check=True).stdout == before


def in_plain_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where no walls can be put around a command."""
    monkeypatch.setattr(commands, "protection", lambda: commands.Protection(mounts=False, pids=False))


def test_behind_walls_the_system_and_the_keys_are_not_there(tmp_path: Path, template: Path) -> None:
    if not commands.protection().mounts:
        pytest.skip("this machine allows no mount namespaces")
    key_folder().mkdir(parents=True, exist_ok=True)
    (key_folder() / "x.key").write_text("secret")
    shutil.copytree(template, tmp_path / "s")
    look = f"ls -A {tmp_path}/s {key_folder()} >> {tmp_path}/seen"
    command = f"{look}; umount {tmp_path}/s; {look}; unshare -rm umount {key_folder()}; {look}"
    run(tmp_path, command, out="s")
    seen = (tmp_path / "seen").read_text()
    assert "x.key" not in seen
    assert "hl.toml" not in seen


def test_behind_walls_what_judges_cannot_be_changed(tmp_path: Path, template: Path) -> None:
    if not commands.protection().fixed:
        pytest.skip("this machine can close no folder to a command's writing")
    import hlearn

    shutil.copytree(template, tmp_path / "s")
    places = [Path(hlearn.__file__).parent / "gate", Path(sys.prefix)]
    tries = "; ".join(f"touch {p}/forged && echo {p} >> {tmp_path}/written" for p in places)
    undo = "; ".join(f"mount -o remount,bind,rw {p}; umount -l {p}" for p in places)
    run(tmp_path, f"{tries}; {undo}; {tries}; touch here && echo here >> {tmp_path}/written", out="s")
    assert (tmp_path / "written").read_text() == "here\n"
    assert not any((p / "forged").exists() for p in places)


def behind_a_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without namespaces that has Landlock."""
    if not landlock.abi():
        pytest.skip("this kernel has no Landlock")
    walls = commands.Protection(mounts=False, pids=False, fence=landlock.abi())
    monkeypatch.setattr(commands, "protection", lambda: walls)


def test_behind_a_fence_a_command_writes_into_its_copy_alone(
    tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind_a_fence(monkeypatch)
    import hlearn

    key_folder().mkdir(parents=True, exist_ok=True)
    (key_folder() / "x.key").write_text("secret")
    system = Path(shutil.copytree(template, tmp_path / "s"))
    (tmp_path / "mine.txt").write_text("mine")
    outside = [tmp_path, system, system / ".git", Path(hlearn.__file__).parent, Path(sys.prefix), Path.home()]
    tries = [f"touch {place}/forged && echo wrote {place}" for place in outside]
    tries += [f"echo x >> {tmp_path}/mine.txt && echo wrote mine", f"rm {tmp_path}/mine.txt && echo removed"]
    tries += [f"mv policy.py {tmp_path}/moved && echo moved", f"ln {tmp_path}/mine.txt linked && echo linked"]
    tries += [f"cat {key_folder()}/x.key && echo read key", f"cat {system}/hl.toml && echo read system"]
    tries += [f"ls {key_folder()} && echo listed keys", f"kill -0 {os.getpid()} && echo signalled"]
    (tmp_path / "good.py").write_text(GOOD)
    own = "echo $TMPDIR; touch $TMPDIR/t && echo temporary; git stash list && echo git; python3 -c 1 && echo python"
    command = f"(cp {tmp_path}/good.py policy.py; {own}; {'; '.join(tries)}; true) 2>/dev/null"
    opened, _ = run(tmp_path, command, out="s")
    champion = opened.champion()
    assert champion is not None
    assert champion.source == GOOD
    (said,) = [r.event.said for r in opened.ledger.rows if isinstance(r.event, EditorRan)]
    first, *others = said.split()
    assert others[:3] == ["temporary", "git", "python"]
    if landlock.abi() < 6:
        others = [word for word in others if word != "signalled"]
    assert others == ["temporary", "git", "python"]
    assert not Path(first).exists()
    assert not any((place / "forged").exists() for place in outside)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_where_no_namespaces_are_the_doctor_names_landlock(tmp_path: Path) -> None:
    if not landlock.abi():
        pytest.skip("this kernel has no Landlock")
    refused = Path(__file__).with_name("no_namespaces.py")
    doctor = [sys.executable, str(refused), sys.executable, "-m", "hlearn.cli.main", "doctor", "--json"]
    done = subprocess.run(doctor, cwd=tmp_path, capture_output=True, text=True, check=False)
    checks = {c["name"]: c for c in json.loads(done.stdout.splitlines()[-1])["checks"]}
    assert checks["editors"]["value"] == {
        "mounts": False,
        "pids": False,
        "fixed": False,
        "fence": landlock.abi(),
    }
    assert "Landlock" in checks["editors"]["detail"]


@pytest.mark.parametrize(
    ("harm", "kind", "named"),
    [
        ("echo 'def test_x(): pass' > $S/tests/test_policy.py", "system_disturbed", "tests/test_policy.py"),
        ("rm $S/hl.toml", "system_disturbed", "hl.toml"),
        (
            "git -C $S commit -q --allow-empty -m mine",
            "history_moved",
            "history",
        ),
        ("git -C $S checkout -q --detach", "history_moved", "history"),
        ("echo nothing > $S/.git/HEAD", "history_moved", "history"),
    ],
)
def test_without_walls_the_system_is_put_back(
    tmp_path: Path, template: Path, monkeypatch, harm: str, kind: str, named: str
) -> None:
    in_plain_sight(monkeypatch)
    (tmp_path / "good.py").write_text(GOOD)
    shutil.copytree(template, tmp_path / "s")
    names = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a"
    system, _ = run(tmp_path, f"cp {tmp_path}/good.py policy.py; S={tmp_path}/s; {names}; {harm}", out="s")
    refused = [r.event for r in system.ledger.rows if isinstance(r.event, Refused)]
    assert [r.kind for r in refused] == [kind]
    assert named in refused[0].why
    assert system.champion() is None
    assert system.judged.disturbed() == ()
    assert system.git.position().branch == "refs/heads/main"
    assert "mine" not in system.git("log", "--format=%s")
    system.verify()


def test_a_killed_supervisor_is_named_and_leaves_nothing(tmp_path: Path, template: Path, monkeypatch) -> None:
    in_plain_sight(monkeypatch)
    shutil.copytree(template, tmp_path / "s")
    command = f"(setsid sleep 300 & echo $! > {tmp_path}/pid); kill -9 $PPID; sleep 300"
    system, _ = run(tmp_path, command, out="s")
    assert [r.event.kind for r in system.ledger.rows if isinstance(r.event, Refused)] == ["supervisor_killed"]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_settings_of_the_repository_do_not_change_what_is_committed(tmp_path: Path, template: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    shutil.copytree(template, tmp_path / "s")
    ran = tmp_path / "ran"
    tool = tmp_path / "tool.sh"
    tool.write_text(f"#!/bin/sh\necho x >> {ran}\ncat\n")
    tool.chmod(0o755)
    git = tmp_path / "s" / ".git"
    (tmp_path / "more").write_text(f"[core]\n fsmonitor = {tool}\n")
    (git / "info" / "attributes").write_text("* filter=x diff=x\n")
    with (git / "config").open("a") as file:
        file.write(
            f'[filter "x"]\n clean = {tool}\n smudge = {tool}\n required = true\n[diff "x"]\n textconv = {tool}\n'
            f"[core]\n fsmonitor = {tool}\n hooksPath = {tmp_path}/hooks\n worktree = {tmp_path}\n autocrlf = true\n"
            f"[commit]\n gpgsign = true\n[gpg]\n program = {tool}\n[log]\n showSignature = true\n"
            f"[diff]\n external = {tool}\n[i18n]\n logOutputEncoding = UTF-16\n[include]\n path = {tmp_path}/more\n"
            '[trailer]\n separators = "%"\n[core]\n pager = false\n[status]\n showUntrackedFiles = no\n'
        )
    for name in ("pre-commit", "post-commit", "reference-transaction", "post-index-change", "commit-msg"):
        for folder in (git / "hooks", tmp_path / "hooks"):
            folder.mkdir(exist_ok=True)
            shutil.copy(tool, folder / name)
    system, _ = run(tmp_path, f"cp {tmp_path}/good.py policy.py", out="s")
    champion = system.champion()
    assert champion is not None
    assert champion.source == GOOD
    assert [c.program for c in system.history()] == [champion.sha256]
    assert not ran.exists()
    system.verify()


def test_why_an_attempt_is_no_proposal_is_kept_and_told(tmp_path: Path) -> None:
    editor = CommandEditor("no-such-agent --now", dev_episodes=0, patience=1)
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=10_000, workers=1, holdout=0)
    assert result.refused is not None
    assert "exit status 127: a command was not found" in result.refused and "no-such-agent" in result.refused
    kept = [r.event for r in System.open(tmp_path / "s").ledger.rows if isinstance(r.event, Refused)]
    assert [k.why for k in kept] == [result.refused]


def test_a_command_that_changes_nothing_is_told_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    command = f"grep -q 'changed nothing' $HL_BRIEF && cp {tmp_path}/good.py policy.py; echo working hard"
    editor = CommandEditor(command, dev_episodes=0, patience=2, proposals=1)
    learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=10_000, workers=1, holdout=0)
    assert "working hard" in editor.attempts[0]
    assert System.open(tmp_path / "s").champion() is not None


def test_a_slow_command_is_ended_with_all_it_started(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    command = (
        f"cp {tmp_path}/good.py policy.py; (setsid sh -c 'while :; do date > {tmp_path}/alive; sleep 0.1; done' &); "
        "sleep 300"
    )
    began = time.monotonic()
    system, _ = run(tmp_path, command, limit_s=1.0)
    assert time.monotonic() - began < 120
    assert system.champion() is not None  # what was written before the limit counts
    (tmp_path / "alive").unlink()
    time.sleep(0.5)
    assert not (tmp_path / "alive").exists()


def test_it_has_no_standard_input_and_may_have_a_private_home(tmp_path: Path) -> None:
    command = f"cat > {tmp_path}/stdin; ls -A $HOME > {tmp_path}/home"
    run(tmp_path, command, private_home=True)
    assert (tmp_path / "stdin").read_text() == ""
    assert (tmp_path / "home").read_text() == ""


def test_a_resumed_command_run_goes_on_from_the_champion(tmp_path: Path, agent: Path) -> None:
    system, _ = run(tmp_path, f"sh {agent}")
    spent = [r.event for r in system.ledger.rows if isinstance(r.event, Measured)]
    text = system.ledger.path.read_text().splitlines()
    assert json.loads(text[-1])["event"] == "run_ended"
    system.git("reset", "--quiet", "HEAD~1")
    system.ledger.path.write_text("\n".join(text[:-1]) + "\n")  # as if killed before the end
    system, _ = run(tmp_path, f"sh {agent}")
    champion = system.champion()
    assert champion is not None
    assert champion.source == GOOD
    measured = [r.event for r in system.ledger.rows if isinstance(r.event, Measured)]
    assert measured[: len(spent)] == spent
    assert [r.event.trial for r in system.ledger.rows if isinstance(r.event, Trial)] == [1, 2]


def test_several_proposals_from_one_brief_are_judged_the_best_first(tmp_path: Path) -> None:
    zero, lean, good = (f"{HEAD}return {x}\n" for x in ("0", "int(o[2] > 0)", "int(o[2] + 0.5 * o[3] > 0)"))
    for n, text in enumerate((lean, zero, good)):
        (tmp_path / f"{n}.py").write_text(text)
    command = (
        f"n=$(ls {tmp_path}/briefs 2>/dev/null | wc -l); mkdir -p {tmp_path}/briefs; "
        f"cp $HL_BRIEF {tmp_path}/briefs/$n; cp {tmp_path}/$n.py policy.py; echo program $n > $HL_NOTE"
    )
    system, _ = run(tmp_path, command, proposals=3, at_once=3)
    trials = [r.event for r in system.ledger.rows if isinstance(r.event, Trial)]
    assert [t.note for t in trials] == ["program 2", "program 0", "program 1"]
    assert [t.decision for t in trials] == ["accepted", "rejected", "rejected"]
    briefs = {p.read_text() for p in (tmp_path / "briefs").iterdir()}
    assert len(briefs) == 1  # made from the same one


def test_without_feedback_tries_know_nothing_of_each_other(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    command = (
        f"n=$(ls {tmp_path} | grep -c brief); cp $HL_BRIEF {tmp_path}/brief-$n; "
        f"find memory -type f > {tmp_path}/memory-$n; "
        f"cp {tmp_path}/good.py policy.py; echo '#' $n >> policy.py; echo a secret idea $n > $HL_NOTE"
    )
    system, _ = run(tmp_path, command, proposals=3, feedback=False)
    assert len([r for r in system.ledger.rows if isinstance(r.event, Trial)]) == 3
    for n in range(3):
        assert "a secret idea" not in (tmp_path / f"brief-{n}").read_text()
        assert set((tmp_path / f"memory-{n}").read_text().split()) <= {
            "memory/notes.md",
            "memory/rejected/.gitkeep",
        }


def test_the_table_lists_its_choices() -> None:
    editor: Editor = make_editor("command:'sh agent.sh'")
    assert editor.name == "command:sh agent.sh"
    assert make_editor("search").name == "search"
    for spec in ("codexx", "search:fast", ""):
        with pytest.raises(UsageError, match="choose search or command"):
            make_editor(spec)
    with pytest.raises(UsageError, match="empty"):
        make_editor("command:")


PACKED = {
    "policy/__init__.py": HEAD + "return steer(o)\n",
    "policy/steering.py": "def steer(o):\n    return int(o[2] > 0)\n",
}
PACKED["policy/__init__.py"] = "from .steering import steer\n" + PACKED["policy/__init__.py"]


def test_a_command_turns_the_program_into_a_package_and_edits_a_module(tmp_path: Path) -> None:
    for name, text in PACKED.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "zero.py").write_text(HEAD + "return 0\n")
    script = tmp_path / "agent.sh"
    script.write_text(
        f"""set -e
cp "$HL_BRIEF" {tmp_path}/brief-$(ls {tmp_path} | grep -c brief).md
if [ ! -e policy.py ] && [ ! -d policy ]; then
  cp {tmp_path}/zero.py policy.py
elif [ -e policy.py ]; then
  cp -r {tmp_path}/policy policy; echo notes > policy/NOTES.md
  mkdir -p policy/__pycache__; echo x > policy/__pycache__/a.pyc
else
  sed -i 's/o\\[2\\] > 0/o[2] + 0.5 * o[3] > 0/' policy/steering.py
fi
"""
    )
    system, _ = run(tmp_path, f"sh {script}", proposals=3, patience=2)
    champion = system.champion()
    assert champion is not None
    assert [m.path for m in champion.modules] == ["policy/__init__.py", "policy/steering.py"]
    assert "0.5 * o[3]" in champion.modules[1].source
    assert not (system.path / "policy.py").exists()
    assert not (system.path / "policy" / "NOTES.md").exists()
    decisions = [r.event.decision for r in system.ledger.rows if isinstance(r.event, Trial)]
    assert decisions == ["accepted"] * 3
    assert "`policy/steering.py`, 2 lines" in (tmp_path / "brief-2.md").read_text()


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("rm policy.py", "file_changed"),
        ("mkdir policy; echo 'x = 1' > policy/a.py; echo '# y' >> policy.py", "no_text"),
        ("rm policy.py; mkdir policy; echo 'x = 1' > policy/a.py", "no_text"),
        ("mkdir policy; echo '# y' > policy/__init__.py; ln -s /etc/passwd policy/a.py", "no_plain_file"),
        ("mkdir policy; echo x > policy/notes.txt", "no_change"),
    ],
)
def test_what_makes_up_no_program_is_refused_with_its_type(tmp_path: Path, command: str, kind: str) -> None:
    (tmp_path / "lean.py").write_text(LEAN)
    run(tmp_path, f"cp {tmp_path}/lean.py policy.py")
    out = tmp_path / "system"
    learn(
        CARTPOLE,
        out=out,
        editor=CommandEditor(command, dev_episodes=1, proposals=1, patience=1),
        steps=100_000,
        workers=1,
        holdout=0,
        resume=True,
    )
    refused = [r.event for r in System.open(out).ledger.rows if isinstance(r.event, Refused)]
    assert [r.kind for r in refused] == [kind], refused
