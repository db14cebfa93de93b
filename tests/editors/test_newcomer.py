"""An editor of a newcomer's is one file and one entry point: by its name it learns like those in the box."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.table import make_editor

EDITOR = '''"""One program, proposed once."""

from hlearn.editors.api import Proposal
from hlearn.evaluate.api import Job
from hlearn.records import Program

SOURCE = """
class Policy:
    def reset(self, seed): ...

    def act(self, obs):
        return int(obs[2] + 0.5 * obs[3] > 0)
"""


class Once:
    name = "once"
    deterministic = True

    def __init__(self):
        self._done = False

    def propose(self, brief, lab):
        if self._done:
            return None
        self._done = True
        program = Program(source=SOURCE)
        [result] = lab.measure([Job(program=program, seed=s) for s in lab.seeds(0, 1)])
        return Proposal(program=program, note=f"leans against it: {result.outcome.score:g}")
'''


def test_an_editor_is_one_file_and_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package as pip would leave it."""
    site = tmp_path / "site"
    info = site / "once-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: once\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hlearn.editors]\nonce = editor_of_a_newcomer:Once\n")
    (site / "editor_of_a_newcomer.py").write_text(EDITOR)
    monkeypatch.syspath_prepend(str(site))
    result = learn(
        "CartPole-v1",
        out=tmp_path / "system",
        editor=make_editor("once"),
        steps=20_000,
        holdout=3,
        workers=1,
    )
    assert result.accepted == 1
    assert result.score is not None and result.score > 150
