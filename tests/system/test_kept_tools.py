"""Kept tools: what may be one, what it sees, and what it cannot reach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlearn.errors import UsageError
from hlearn.evaluate.measuring import ToolEpisode
from hlearn.evaluate.sandbox import sandbox_report
from hlearn.system.kept_tools import run_tool, tool_of, tools_of, unfit_tool

EPISODE = ToolEpisode(
    seed=7,
    score=3.0,
    observations=np.arange(12.0).reshape(3, 4),
    actions=np.array([0, 1, 0]),
    rewards=np.ones(3),
    lives=np.zeros(3, np.int16),
    traces=({"rule": "wait"}, {"rule": "meet"}, {"rule": "wait"}),
)
SEES = '''"""What it is given."""
import numpy as np
from collections import Counter


def measure(episodes):
    print("looking")
    (one,) = episodes
    return {
        "seed": one.seed, "score": one.score, "failure": one.failure, "left": np.mean(one.actions == 0),
        "last": one.observations[-1], "rules": Counter(t["rule"] for t in one.traces), "points": one.rewards.sum(),
    }
'''


def body(text: str) -> str:
    return f"import numpy as np\nimport random\nimport json\n\ndef measure(episodes):\n    {text}\n"


def test_a_tool_measures_what_was_played() -> None:
    answer = run_tool(SEES, [EPISODE])
    assert answer.failed == ""
    assert answer.printed == "looking"
    assert answer.measured == {
        "seed": 7,
        "score": 3.0,
        "failure": "",
        "left": pytest.approx(2 / 3),
        "last": [8.0, 9.0, 10.0, 11.0],
        "rules": {"wait": 2, "meet": 1},
        "points": 3.0,
    }


@pytest.mark.parametrize(
    "text",
    [
        "return np.fromfile('/etc/passwd', np.uint8).tolist()",
        "return np.load('FOLDER/key.npy').tolist()",
        "return np.save('FOLDER/written.npy', np.ones(3))",
        "return json.codecs.open('/etc/passwd').read()",
        "return random._os.listdir('/')",
        "return random._os.fork()",
        "return random._os.posix_spawn('/bin/touch', ['touch', 'FOLDER/written'], {})",
        "return json.codecs.builtins.__import__('socket').create_server(('', 0))",
        "return random._os.kill(1, 0)",
    ],
)
def test_a_tool_reaches_nothing_outside(text: str, tmp_path: Path) -> None:
    if not sandbox_report().complete:
        pytest.skip("this machine has no filter of system calls")
    np.save(tmp_path / "key.npy", np.ones(3))
    answer = run_tool(body(text.replace("FOLDER", str(tmp_path))), [EPISODE])
    assert answer.measured is None
    assert "PermissionError" in answer.failed or "Error" in answer.failed
    assert not list(tmp_path.glob("written*"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("while True: pass", "longer than 2 s"),
        ("raise ValueError('no ball')", "ValueError: no ball (line 6)"),
        ("return float('nan')", "JSON"),
        ("return ['x' * 999] * 100", "characters of JSON"),
        ("return [0] * 10**9", "MemoryError"),
        ("random._os._exit(0)", "ended its process"),
        ("return open('/etc/passwd').read()", "may not use open"),
    ],
)
def test_a_tool_that_fails_says_why(text: str, said: str) -> None:
    answer = run_tool(body(text), [EPISODE], limit_s=2.0 if "while" in text else 60.0)
    assert answer.measured is None
    assert said in answer.failed


def test_what_may_be_a_tool(tmp_path: Path) -> None:
    assert unfit_tool("tools/gap.py", SEES.encode()) == ""
    assert "small letters" in unfit_tool("tools/Gap.py", SEES.encode())
    assert "small letters" in unfit_tool("tools/deep/gap.py", SEES.encode())
    assert "no function measure" in unfit_tool("tools/gap.py", b"x = 1")
    assert "may not import os" in unfit_tool("tools/gap.py", b"import os\ndef measure(e): pass")
    assert "UTF-8" in unfit_tool("tools/gap.py", b"\xff")
    assert "at most" in unfit_tool("tools/gap.py", b"#" * 70_000)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "gap.py").write_text(SEES)
    (tmp_path / "tools" / "bad.py").write_text("import os\n")
    assert [(t.name, t.about) for t in tools_of(tmp_path)] == [("gap", "What it is given.")]
    with pytest.raises(UsageError, match="may not import os"):
        tool_of(tmp_path, "bad")
    with pytest.raises(UsageError, match="there are: gap"):
        tool_of(tmp_path, "none")
