"""A command leaves a tool with its edit, and the next one measures with it."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from hlearn import learn
from hlearn.cli.main import app
from hlearn.editors.command import CommandEditor
from hlearn.ledger import Refused, Trial
from hlearn.records import Access, Protocol
from hlearn.system import System
from hlearn.tasks import Task

CARTPOLE = Task(env_id="CartPole-v1", access=Access.VECTOR, protocol=Protocol.STANDARD)
HEAD = "class P:\n    def reset(self, seed): pass\n    def act(self, o): "
TOOL = '''"""How far it leans, in radians."""


def measure(episodes):
    return {"lean": max(float(abs(e.observations[:, 2]).max()) for e in episodes), "of": len(episodes)}
'''


def test_a_tool_comes_with_an_edit_and_stays(tmp_path: Path) -> None:
    for name, text in (("a.py", "int(o[2] > 0)"), ("b.py", "int(o[2] + 0.5 * o[3] > 0)")):
        (tmp_path / name).write_text(f"{HEAD}return {text}\n")
    (tmp_path / "lean.py").write_text(TOOL)
    script = tmp_path / "agent.sh"
    script.write_text(
        f"""cd $HL_SYSTEM
if [ -e policy.py ]; then
  cp $HL_BRIEF {tmp_path}/brief.md
  hl tool run . lean --episodes 2 --json > {tmp_path}/measured 2> {tmp_path}/why
  cp {tmp_path}/b.py policy.py
else
  mkdir tools; cp {tmp_path}/lean.py tools/lean.py; echo 'import os' > tools/bad.py; cp {tmp_path}/a.py policy.py
fi
"""
    )
    import os
    import sys

    os.environ["PATH"] += os.pathsep + str(Path(sys.executable).parent)
    editor = CommandEditor(f"sh {script}", dev_episodes=1, proposals=2, patience=1)
    learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=50_000, workers=1, holdout=0)
    system = System.open(tmp_path / "s")
    events = [r.event for r in system.ledger.rows]
    assert [e.decision for e in events if isinstance(e, Trial)] == ["accepted"] * 2
    assert [e.kind for e in events if isinstance(e, Refused)] == ["unfit_tool"]
    assert system.git.files("HEAD", "tools").keys() == {"tools/lean.py"}
    assert "`lean`: How far it leans" in (tmp_path / "brief.md").read_text()
    measured = json.loads((tmp_path / "measured").read_text().splitlines()[-1])
    assert measured["measured"]["of"] == 2
    assert 0.1 < measured["measured"]["lean"] < 0.3
    assert measured["charged_steps"] > 0
    hl = CliRunner()
    listed = json.loads(hl.invoke(app, ["tool", "list", str(system.path), "--json"]).stdout)
    assert listed["tools"] == [{"name": "lean", "about": "How far it leans, in radians."}]
    assert hl.invoke(app, ["tool", "show", str(system.path), "lean"]).stdout.startswith(TOOL)
    before = len(system.ledger.rows)
    done = hl.invoke(app, ["tool", "run", str(system.path), "lean", "--episodes", "1", "--json"])
    said = json.loads(done.stdout.splitlines()[-1])
    assert done.exit_code == 0
    assert said["measured"]["of"] == 1
    assert said["charged_steps"] > 0
    assert len(System.open(system.path).ledger.rows) > before
