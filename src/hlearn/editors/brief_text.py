"""A brief as Markdown, for whoever works in a checkout of the system."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hlearn.editors.api import Brief
from hlearn.foreign_text import lines_of
from hlearn.program import PACKAGE, PROGRAM_FILE
from hlearn.records import Episode, Evaluation
from hlearn.system.templates import PACKAGE_RULES
from hlearn.tasks.environment import ActionSpace, Discrete, ObservationSpec

_SHOWN = 10
_PLATEAU = 3  # trials in a row without a step, after which the brief asks for something else, every second trial anew
_TUNED = (
    "- change the structure, and leave the numbers open: after an accepted edit a tuner sets class constants declared "
    "as `name = Param(0.5, low=0.0, high=2.0)` (`from hlearn.policy import Param`), read as `self.name`, within that "
    "range\n"
)
_DIRECTIONS = (
    "Small changes of what is there do not pay any more. Look at what the program does not know: add a detector or a "
    "piece of remembered state that tells situations apart which it treats alike.",
    "Change the representation: other quantities, relative instead of absolute, predicted instead of present ones.",
    "Simplify: take away rules that nothing needs, and see which of them carries the score.",
    "Leave the strategy: write a program that goes about the task in another way, and keep what is known of the state.",
)


def brief_markdown(brief: Brief, *, attempts: Sequence[str] = ()) -> str:
    """Returns the brief as Markdown.

    Args:
        brief: the evidence.
        attempts: what became of earlier attempts of this editor that were no proposals.
    """
    task = brief.task
    where = brief.champion.path if brief.champion else PROGRAM_FILE
    target = f"\n- target: {task.target:g}" if task.target is not None else ""
    parts = [
        f"# Improve the program of {task.env_id}\n",
        f"Edit `{where}` so that it scores higher on seeds that nobody has seen. One change with a reason is better "
        "than many. `AGENTS.md` says how this folder works.\n",
        "## Task\n",
        f"- environment: `{task.env_id}`{_kwargs(brief)}\n- access: `{task.access.value}`\n"
        f"- protocol: `{task.protocol.value}`\n- observation: {_observation(brief.observation)}\n"
        f"- action: {_actions(brief.actions)}\n- score: sum of rewards, higher is better{target}\n",
        "## Champion\n",
        _champion(brief),
    ]
    if brief.lessons:
        parts += ["## What was learnt until now\n", *(f"- {line}\n" for line in brief.lessons)]
    if brief.since_accepted >= _PLATEAU:
        ask = _DIRECTIONS[(brief.since_accepted - _PLATEAU) // 2 % len(_DIRECTIONS)]
        parts += ["## A plateau\n", f"{brief.since_accepted} proposals in a row were turned down. {ask}\n"]
    if brief.rejected:
        parts += ["## Turned down before\n", *(_quoted(note) for note in brief.rejected[-_SHOWN:])]
    if attempts:
        parts += ["## Your last attempts\n", *(_quoted(note) for note in attempts[-_SHOWN:])]
    if brief.evidence is not None:
        parts += ["## What goes wrong\n", brief.evidence.text]
    parts += [
        "## Evidence\n",
        "- `failures/`: episodes that programs did not complete, with tracebacks\n"
        "- `memory/trials.md`: what was tried and what became of it\n"
        "- `memory/rejected/`: proposals that were turned down, as patches\n- `memory/notes.md`: notes; add yours\n",
        "## What you may do\n",
        f"- edit `{where}` (create it if there is none): one class with `reset(self, seed)` and "
        "`act(self, observation)`; it may import numpy, cv2, pure parts of the standard library, `hlearn.policy` and "
        "`hlearn.parts`\n"
        f"- {PACKAGE_RULES}\n"
        f"{_tools(brief)}{_TUNED if brief.tuned else ''}"
        "- add files to `tests/` (pytest) and `cases/` (regression cases on development seeds)\n"
        "- keep a script that measures something for later trials: `tools/NAME.py` with `def measure(episodes)`, which "
        "returns what JSON can hold; each episode has `seed`, `score`, `failure`, `observations`, `actions`, "
        "`rewards`, `lives` and `traces` by decision. `hl tool run . NAME --episodes 3` runs it on this program, "
        "behind the walls of programs (no files, no network). It stays if the program that comes with it is accepted\n"
        "- edit `memory/notes.md`\n"
        "- write a line into the file that `$HL_NOTE` names: what you changed, what you expect and why, such as `aims "
        "wider; expects mean score at least 30; because balls come back steeper`. The verdict will say whether "
        "it came true\n",
        "This folder is a throw-away copy, and so is its git: branch, stash, commit, reset as you like. What counts "
        "are the files as they lie here when you end, whatever is checked out. New files elsewhere are scratch and "
        "are dropped; line ends and spaces at the ends of lines do not matter.\n",
        "Refused with the whole proposal: an edit of any other file, of an existing test or of an existing case "
        "(what is there stays as it is, add to it); a program that is a link, not UTF-8 or of more than 1 MiB. "
        "Left out, and the program judged without it: `conftest.py`, settings of pytest and `__init__.py` files with "
        "code in `tests/`; added modules that bear the name of another module (`tests/numpy.py`); cases that say "
        "nothing or are called `trial-...`.\n",
        "Tests run one file at a time and behind walls: they may read the files of this folder and import what a "
        "Python here imports, but have no network, no other files and no processes, and write nothing (no "
        "`tmp_path`). A test that does not run or ends the process fails, and so does a file that skips all.\n",
        "## Commands\n",
        "- `python -m pytest tests -q`: the system's tests, which every proposal must pass\n"
        "- `hl eval . --episodes 3`: development scores; the run that started you measures, and its budget pays\n",
        "- `hl failures . --episodes 3`: what goes wrong, worst loss first; `hl why . --seed K --step N`: why the "
        "program decided so. Episodes are paid as with `hl eval`, and free where it has played them\n",
    ]
    return "\n".join(parts)


def _tools(brief: Brief) -> str:
    if not brief.tools:
        return ""
    named = "".join(f"  - `{name}`: {about or 'says nothing of itself'}\n" for name, about in brief.tools)
    return f"- measure with the tools that were kept, `hl tool run . NAME`:\n{named}"


def _kwargs(brief: Brief) -> str:
    return "".join(f", {name}={value!r}" for name, value in brief.task.kwargs)


def _observation(spec: ObservationSpec) -> str:
    text = f"`{spec.dtype}[{', '.join(map(str, spec.shape))}]`"
    if spec.low and len(spec.low) <= 64:
        bounds = (f"[{low:g}, {high:g}]" for low, high in zip(spec.low, spec.high, strict=True))
        text += ", bounds " + ", ".join(bounds)
    return text + (f"; {spec.legend}" if spec.legend else "")


def _actions(space: ActionSpace) -> str:
    if isinstance(space, Discrete):
        names = ", ".join(f"{i} = {name}" for i, name in enumerate(space.names))
        return f"an int from 0 to {space.n - 1}" + (f" ({names})" if names else "")
    bounds = ", ".join(f"[{low:g}, {high:g}]" for low, high in zip(space.low, space.high, strict=True))
    return f"{len(space.low)} floats, bounds {bounds}"


def _champion(brief: Brief) -> str:
    if brief.champion is None:
        return f"There is none yet: write the first `{PROGRAM_FILE}`.\n"
    champion = brief.champion
    listed = [f"`{m.path}`, {len(lines_of(m.source))} lines" for m in champion.modules]
    listed += [f"`{PACKAGE}/{path}`, {len(data)} bytes" for path, data in champion.assets.items()]
    if len(listed) == 1:
        text = f"{listed[0]}, program `{champion.sha256[:12]}`.\n"
    else:
        text = f"Program `{champion.sha256[:12]}`:\n\n" + "".join(f"- {file}\n" for file in listed)
    return text + (_scores(brief.champion_dev) if brief.champion_dev else "")


def _scores(evaluation: Evaluation) -> str:
    rows = ["\n| development seed | score | decisions | end |", "|---|---|---|---|"]
    for outcome in itertools.islice(evaluation.outcomes, _SHOWN):
        if isinstance(outcome, Episode):
            end = "terminated" if outcome.terminated else "truncated" if outcome.truncated else "stopped"
        else:
            end = outcome.kind.value
        rows.append(f"| {outcome.seed} | {outcome.score:g} | {outcome.length} | {end} |")
    return "\n".join(rows) + "\n"


def _quoted(note: str) -> str:
    first, _, rest = note.strip().partition("\n")
    return f"- {first}\n" + "".join(f"  {line}\n" for line in rest.splitlines())
