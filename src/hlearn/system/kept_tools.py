"""Kept tools of a system: ``tools/NAME.py``, scripts that somebody wrote to measure something of recorded episodes.

Each is one function ``measure(episodes)`` over :class:`hlearn.evaluate.measuring.ToolEpisode`, which returns what JSON
can hold. An editor's comes with its proposal and stays where that is accepted. Tools judge nothing.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hlearn.errors import HarnessError, UsageError
from hlearn.evaluate.api import Record, Result
from hlearn.evaluate.measuring import ToolEpisode, write_episodes
from hlearn.foreign_text import safe_line
from hlearn.inherited import search_path
from hlearn.policy.source import check_source
from hlearn.records import Access, Failure
from hlearn.system.commands import allowed_environment, run_command
from hlearn.system.files import entries, read_plain
from hlearn.tasks.task import Task

FOLDER = "tools"
_LIMIT_S = 60.0
_LARGEST = 64 << 10  # bytes of a tool
_PATH = re.compile(r"tools/[a-z][a-z0-9_]{0,39}\.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTool:
    """A tool.

    Attributes:
        name: of its file, without the ending.
        about: the first line of what it says of itself, "" where it says nothing.
        source: its text.
    """

    name: str
    about: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """What became of running a tool.

    Attributes:
        measured: what it returned; None where it failed.
        failed: why, "" where it did not.
        printed: the end of what it printed.
    """

    measured: Any = None
    failed: str = ""
    printed: str = ""

    def written(self) -> str:
        """The answer as JSON."""
        return json.dumps({"measured": self.measured, "failed": self.failed, "printed": self.printed})

    @classmethod
    def read(cls, text: str) -> Self:
        """Reads what :meth:`written` wrote."""
        return cls(**json.loads(text))


def unfit_tool(path: str, content: bytes) -> str:
    """Why a file cannot be a kept tool, "" where it can."""
    if not _PATH.fullmatch(path):
        return f"{path}: a tool is a file tools/NAME.py, its name in small letters, digits and _"
    if len(content) > _LARGEST:
        return f"{path} has {len(content)} bytes, at most {_LARGEST} are kept"
    try:
        source = content.decode()
    except UnicodeDecodeError:
        return f"{path} is not UTF-8 text"
    refused = check_source(source)
    if refused:
        return f"{path} may not be run: {'; '.join(refused[:3])}"
    body = ast.parse(source).body
    if not any(isinstance(node, ast.FunctionDef) and node.name == "measure" for node in body):
        return f"{path} has no function measure(episodes)"
    return ""


def tools_of(folder: Path) -> tuple[KeptTool, ...]:
    """The tools that lie in a system or in a copy of one, by name; what cannot be one is passed over."""
    found = []
    for path in entries(folder, FOLDER):
        content = read_plain(folder, path, _LARGEST)
        if content is not None and not unfit_tool(path, content):
            source = content.decode()
            about = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
            found.append(KeptTool(name=Path(path).stem, about=safe_line(about, 200), source=source))
    return tuple(found)


def tool_of(folder: Path, name: str) -> KeptTool:
    """One of them.

    Raises:
        UsageError: there is no such tool; names those that there are, or what is wrong with the file.
    """
    tools = {tool.name: tool for tool in tools_of(folder)}
    if name in tools:
        return tools[name]
    content = read_plain(folder, f"{FOLDER}/{name}.py", 2 * _LARGEST)
    if content is not None and (why := unfit_tool(f"{FOLDER}/{name}.py", content)):
        raise UsageError(why)
    raise UsageError(
        f"there is no tool {safe_line(name)} in {folder}; there are: {', '.join(tools) or 'none'}"
    )


def recorded_for_tools(task: Task) -> Record:
    """What is kept of an episode for tools: everything but observations that are pixels."""
    return Record.TRACES if task.access is Access.PIXELS else Record.TRACE


def seen_by_tools(results: Sequence[Result]) -> list[ToolEpisode]:
    """Played episodes as tools see them; those without a recording are left out."""
    return [
        ToolEpisode(
            seed=outcome.seed,
            score=outcome.score,
            failure=outcome.kind.value if isinstance(outcome, Failure) else "",
            observations=recording.observations,
            actions=recording.actions,
            rewards=recording.rewards,
            lives=recording.lives,
            traces=tuple(recording.traces),
        )
        for outcome, recording in results
        if recording is not None
    ]


def run_tool(source: str, episodes: Sequence[ToolEpisode], *, limit_s: float = _LIMIT_S) -> ToolAnswer:
    """Runs a tool on played episodes, behind the walls of programs and for a bounded time.

    Raises:
        HarnessError: what runs tools failed itself.
    """
    why = unfit_tool(f"{FOLDER}/tool.py", source.encode())
    if why:
        return ToolAnswer(failed=why)
    said = bytearray()
    with tempfile.TemporaryDirectory(prefix="hlearn-tool-") as name:
        folder = Path(name).resolve()
        (folder / "tool.py").write_text(source, encoding="utf-8")
        write_episodes(folder, list(episodes))
        env = allowed_environment(
            HOME=name,
            PYTHONPATH=search_path(),
            PYTHONDONTWRITEBYTECODE="1",
            PYTHONHASHSEED="0",
            PYTHONUTF8="1",
            OMP_NUM_THREADS="1",
            OPENBLAS_NUM_THREADS="1",
        )
        command = [sys.executable, "-P", "-m", "hlearn.evaluate.measuring", name]
        done = run_command(
            command, cwd=folder, env=env, limit_s=limit_s, heard=lambda part: _keep(said, part)
        )
    printed, _, last = bytes(said).decode(errors="replace").rstrip("\n").rpartition("\n")
    try:
        answer = json.loads(last)
        measured, failed = answer.get("measured"), str(answer.get("failed", ""))
    except (ValueError, AttributeError):
        if done.timed_out:
            return ToolAnswer(failed=f"it took longer than {limit_s:g} s")
        if done.status == 1 and "Traceback" in done.output:
            raise HarnessError(f"a tool could not be run: {done.output.strip()[-1000:]}") from None
        return ToolAnswer(
            failed=f"it ended its process (exit status {done.status})", printed=done.output[-2000:]
        )
    return ToolAnswer(measured=measured, failed=failed, printed=printed.strip()[-2000:])


def _keep(said: bytearray, part: bytes) -> None:
    said += part
    del said[: -(256 << 10)]
