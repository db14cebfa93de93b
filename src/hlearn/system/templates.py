"""The files that hlearn writes into a new system."""

from __future__ import annotations

from hlearn.program import PACKAGE, PROGRAM_FILE
from hlearn.tasks.environment import ActionSpace, Discrete, ObservationSpec
from hlearn.tasks.task import Task

GITIGNORE = (
    "recordings/\n/report.png\n/unjudged.py\n/unjudged/\n/student/\n__pycache__/\n.pytest_cache/\n*.lock\n"
)

ATTRIBUTES = "* -text\nprograms/pack -diff\n*.npz binary\n*.npy binary\n*.onnx binary\n"

PACKAGE_RULES = (
    f"a program of several files is a folder `{PACKAGE}/` in place of `{PROGRAM_FILE}`: `__init__.py` with the policy, "
    "other modules (`from .detectors import Ball`), and tables as `.npy` or `.npz` files, read with "
    '`hlearn.policy.asset("table.npy")`'
)

TEST_FILE = "test_policy.py"
OLDER_TESTS = frozenset({
    "b95e2cefcaa8f69e0d2d99f496a78a03cae8d04639f4c6c2840e9d53cb302de6",
    "123a2b1c4a89703aac4244526d89b2ef6f0286af8ae4e5f5be731c89d2765a6e",
    "b84ec65c93e2032633416ed28df67e46003c371f8e533e77bb5d8ec3866e1806",
})  # fmt: skip
"""SHA-256 of what hlearn once wrote instead of :data:`TEST_POLICY`."""

TEST_POLICY = '''"""Written by hlearn: the program is allowed, acts validly, and acts the same each time.

The program runs in the sandbox (``act_on``), on observations recorded when the system was created. Add tests of
your own beside this file; the gate runs them all.
"""

from pathlib import Path

import numpy as np

from hlearn.system.acting import act_on, check
from hlearn.system.program_files import read_program

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = read_program(ROOT)
GOLDEN = np.load(ROOT / "tests" / "golden.npz", allow_pickle=False)


def test_the_program_passes_the_static_checks():
    assert check(PROGRAM) == []


def test_actions_are_valid():
    actions = act_on(PROGRAM, GOLDEN["observations"], seed=0)
    assert len(actions) == len(GOLDEN["observations"])
    if "n" in GOLDEN:
        assert all(0 <= int(a) < int(GOLDEN["n"]) for a in actions)
    else:
        assert np.asarray(actions, float).shape == (len(actions), int(GOLDEN["size"]))
        assert np.isfinite(np.asarray(actions, float)).all()


def test_the_same_seed_gives_the_same_actions():
    seen = GOLDEN["observations"]
    often = np.concatenate([seen] * max(1, min(40, 2**26 // seen.nbytes)))  # what is drawn rarely shows too
    first = act_on(PROGRAM, often, seed=1)
    second = act_on(PROGRAM, often, seed=1)
    assert np.array_equal(np.asarray(first), np.asarray(second))
'''


def agents_md(task: Task, observation: ObservationSpec, actions: ActionSpace) -> str:
    """``AGENTS.md``: how a person or an agent works in this system."""
    if isinstance(actions, Discrete):
        names = ", ".join(f"{i} {name}" for i, name in enumerate(actions.names)) if actions.names else ""
        acts = f"one of {actions.n} discrete actions, an int from 0" + (f": {names}" if names else "")
    else:
        bounds = ", ".join(f"[{lo:g}, {hi:g}]" for lo, hi in zip(actions.low, actions.high, strict=True))
        acts = f"{len(actions.low)} floats within {bounds}"
    shape = ", ".join(map(str, observation.shape))
    legend = f": {observation.legend}" if observation.legend else ""
    return f"""# A heuristic system for {task.env_id}

This folder was written by hlearn. What is learnt here is the program `{PROGRAM_FILE}`: plain Python, no weights.

- observation: {observation.dtype}[{shape}] (access `{task.access.value}`){legend}
- action: {acts}
- protocol: `{task.protocol.value}`{f"; target score {task.target:g}" if task.target is not None else ""}
- score: sum of raw rewards of an episode, higher is better

## What is where

| path | what | yours to edit |
|---|---|---|
| `{PROGRAM_FILE}`, or `{PACKAGE}/` | the program: one class with `reset(seed)` and `act(observation)` | yes |
| `tests/` | pytest files that every program must pass | add, never weaken |
| `cases/` | regression cases: what was once reached must stay reached | add, never weaken |
| `tools/` | scripts that measure something of episodes: `hl tool list .`, `hl tool run . NAME` | yes |
| `failures/` | episodes that programs did not complete, with tracebacks | read |
| `memory/` | `trials.md`, `rejected/`: what was tried; `seen.md`: what the search saw | notes in `memory/notes.md` |
| `programs/pack` | every program measured, by SHA-256 | no |
| `ledger.jsonl` | every measurement, chained by hash; an edit shows | never |
| `hl.toml` | the task | never |

## How a change is made

1. Read `{PROGRAM_FILE}`, `memory/trials.md`, the latest files in `memory/rejected/` and `failures/`.
2. Edit `{PROGRAM_FILE}`. Constants get a unit and the trial they come from; every detector, rule and part stays small.
   A program may import numpy, cv2, pure parts of the standard library, `hlearn.policy` and `hlearn.parts`;
   no files, network, processes or environment libraries. When one file gets too long:
   {PACKAGE_RULES}.
3. `python -m pytest tests -q` must pass.
4. `hl eval . --episodes 3` measures it on development seeds.
5. State what you expect and why in one line: "expects mean score at least 30; because ...". The verdict tells.
6. `hl gate . --note "..."` compares it with the champion on seeds that nobody saw; what is accepted becomes a commit.
   In an editor's copy leave the line in the file that `$HL_NOTE` names and end: the gate judges the files as they lie.

Not allowed, whatever it scores: weights of a network, the environment's source or its hidden state, action lists that
fit one seed, reading of gate or holdout seeds, changing what judges.

Tests run one file at a time, behind walls: they read this folder and what Python imports, and have no network, no
processes and no writing. `conftest.py`, settings of pytest and modules named like others are not taken. An editor's
command works in a throw-away copy of this folder, whose git is its own; the files count that lie there when it ends.

`hl history .` shows the trials, `hl diff A B` two programs, `hl rollback . TRIAL` brings an earlier one back,
`hl failures .` and `hl why .` what goes wrong and why; `hl mcp .` serves all of it as tools; each verb takes `--json`.
`hl learn {task.env_id} --out . --resume` lets the embedded search carry on.
"""
