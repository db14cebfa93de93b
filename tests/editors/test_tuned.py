"""Division of labour: a command writes the program, the tuner sets its numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hlearn import learn
from hlearn.cli.main import app
from hlearn.editors.command import CommandEditor
from hlearn.editors.scripted import ScriptedEditor
from hlearn.editors.table import AgentOptions, make_editor
from hlearn.editors.tuned import TunedEditor, declared_knobs
from hlearn.errors import UsageError
from hlearn.ledger import TUNER, EditorRan, RunEnded, Trial
from hlearn.policy.modules import params_of
from hlearn.records import Access, Program, Protocol
from hlearn.system import System
from hlearn.tasks import Task

CARTPOLE = Task(env_id="CartPole-v1", access=Access.VECTOR, protocol=Protocol.STANDARD)
OPEN = '''"""Leans with the fall; the numbers are guesses."""
from hlearn.policy import Param


class P:
    lean = Param(0.0, low=0.0, high=4.0)
    drift = Param(0.0, low=-1.0, high=1.0)
    free = Param(0.001)

    def reset(self, seed):
        pass

    def act(self, o):
        return int(o[2] + self.lean * o[3] + self.drift * o[1] + self.free > 0)
'''


def written(tmp_path: Path, source: str = OPEN) -> CommandEditor:
    (tmp_path / "program.py").write_text(source)
    return CommandEditor(
        f"cp {tmp_path}/program.py policy.py; echo leans > $HL_NOTE", dev_episodes=1, proposals=1, patience=1
    )


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A system in which the command's program was accepted, and then its numbers were."""
    folder = tmp_path_factory.mktemp("tuned")
    editor = TunedEditor(written(folder), share=0.3)
    learn(CARTPOLE, out=folder / "s", editor=editor, steps=60_000, workers=1, holdout=0)
    return folder


def test_the_tuner_sets_numbers_within_their_ranges_in_a_trial_of_its_own(tuned: Path) -> None:
    out = tuned / "s"
    system = System.open(out)
    events = [r.event for r in system.ledger.rows]
    trials = [e for e in events if isinstance(e, Trial)]
    assert [t.editor for t in trials[:2]] == ["", TUNER]
    assert trials[1].note.startswith("tuner: sets ")
    assert trials[1].decision == "accepted"
    assert (trials[1].challenger_mean or 0.0) > (trials[1].champion_mean or 0.0)
    champion = system.champion()
    assert champion is not None
    before, after = params_of(Program(source=OPEN)), params_of(champion)
    assert after["free"].value == before["free"].value  # its range is not declared
    assert any(after[n].value != before[n].value for n in ("lean", "drift"))
    assert 0.0 <= after["lean"].value <= 4.0
    assert -1.0 <= after["drift"].value <= 1.0
    ran = [e for e in events if isinstance(e, EditorRan)]
    assert [e.editor == TUNER for e in ran[:2]] == [False, True]
    assert 0 < ran[1].env_steps <= 0.3 * 60_000 + 500

    told = CliRunner().invoke(app, ["report", str(out), "--no-picture", "--json"])
    parts = {p["editor"]: p for p in json.loads(told.stdout)["contributions"]}
    assert parts[TUNER]["accepted"] == 1
    assert parts[TUNER]["gained"] > 0
    listed = json.loads(CliRunner().invoke(app, ["history", str(out), "--json"]).stdout)["trials"]
    assert [t["editor"].partition(":")[0] for t in listed[:2]] == ["command", TUNER]
    assert (
        "tuner: 1 trial, 1 accepted" in CliRunner().invoke(app, ["report", str(out), "--no-picture"]).output
    )


def test_a_champion_is_tuned_once_also_where_learning_goes_on(tuned: Path) -> None:
    out = tuned / "s"
    (tuned / "brief").mkdir()
    editor = written(tuned)
    editor.command = f"cp $HL_BRIEF {tuned}/brief/; {editor.command}"
    learn(
        CARTPOLE,
        out=out,
        editor=TunedEditor(editor, share=0.3),
        steps=90_000,
        workers=1,
        holdout=0,
        resume=True,
    )
    assert "a tuner sets class constants" in (tuned / "brief" / "BRIEF.md").read_text()
    events = [r.event for r in System.open(out).ledger.rows]
    assert sum(isinstance(e, RunEnded) for e in events) == 2
    accepted = [e for e in events if isinstance(e, Trial) and e.decision == "accepted" and not e.editor]
    assert sum(isinstance(e, EditorRan) and e.editor == TUNER for e in events) == len(accepted)


def test_a_program_without_declared_ranges_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "s"
    plain = "class P:\n    def reset(self, seed): pass\n    def act(self, o): return int(o[2] > 0)\n"
    learn(
        CARTPOLE,
        out=out,
        editor=TunedEditor(written(tmp_path, plain), share=0.5),
        steps=20_000,
        workers=1,
        holdout=0,
    )
    events = [r.event for r in System.open(out).ledger.rows]
    assert not [e for e in events if isinstance(e, EditorRan) and e.editor == TUNER]
    assert declared_knobs(Program(source=plain)).knobs == ()


def test_who_may_be_tuned() -> None:
    made = make_editor("command:true", AgentOptions(tune=0.2))
    assert isinstance(made, TunedEditor)
    assert made.name == "command:true"
    with pytest.raises(UsageError, match="tunes by itself"):
        TunedEditor(ScriptedEditor([OPEN]), share=0.2)
    with pytest.raises(UsageError, match="between 0 and 1"):
        make_editor("command:true", AgentOptions(tune=1.5))
