"""The process of a kept tool: ``python -P -m hlearn.evaluate.measuring FOLDER``.

A tool is a script that somebody wrote to measure something: one function ``measure(episodes)`` over recorded episodes,
which returns what JSON can hold. It runs behind the walls of programs (:mod:`hlearn.evaluate.sandbox`): no files, no
network, no processes, nothing to import but what a program may. FOLDER holds ``tool.py``, ``episodes.json`` and
``episodes.npz``, read before the walls close. The last line of the output is JSON: ``{"measured": ...}`` or
``{"failed": why}``.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from hlearn.evaluate.child import seed_globals
from hlearn.evaluate.host import preload
from hlearn.evaluate.sandbox import limit, sandbox_report, seal
from hlearn.evaluate.traces import plain
from hlearn.inherited import put_right

_MEMORY_MB = 1024
_ANSWER = 64 << 10  # characters of what a tool may return
_NEST = 12  # levels of lists and mappings in it
_ARRAYS = ("observations", "actions", "rewards", "lives")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolEpisode:
    """A played development episode, as a kept tool sees it.

    Attributes:
        seed: its public label.
        score: return, higher is better; until then where the program failed.
        failure: the kind of failure, "" where it was completed.
        observations: what the program saw before each decision, [T, ...]; [0, ...] where they are pixels.
        actions: int64[T] or float64[T, n].
        rewards: float64[T].
        lives: int16[T], lives left after each decision; all 0 where the environment tells none.
        traces: what the program said of each decision: detected state and the rule that acted, where it tells.
    """

    seed: int
    score: float
    failure: str = ""
    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    lives: np.ndarray
    traces: tuple[Mapping[str, Any], ...] = field(default=())


def write_episodes(folder: Path, episodes: list[ToolEpisode]) -> None:
    """Lays episodes down for the process of a tool."""
    about = [
        {"seed": e.seed, "score": e.score, "failure": e.failure, "traces": list(e.traces)} for e in episodes
    ]
    (folder / "episodes.json").write_text(json.dumps(about), encoding="utf-8")
    arrays = {f"{name}{n}": getattr(e, name) for n, e in enumerate(episodes) for name in _ARRAYS}
    np.savez(folder / "episodes.npz", **arrays)


def read_episodes(folder: Path) -> list[ToolEpisode]:
    """Reads what :func:`write_episodes` wrote."""
    about = json.loads((folder / "episodes.json").read_text(encoding="utf-8"))
    with np.load(folder / "episodes.npz", allow_pickle=False) as arrays:
        return [
            ToolEpisode(
                seed=said["seed"],
                score=said["score"],
                failure=said["failure"],
                traces=tuple(said["traces"]),
                **{name: arrays[f"{name}{n}"] for name in _ARRAYS},
            )
            for n, said in enumerate(about)
        ]


def main(folder: Path) -> NoReturn:
    """Entry point."""
    put_right(alone=True)
    preload()
    import cv2  # noqa: F401 - a tool may import it, and cannot load it any more behind the walls

    source = (folder / "tool.py").read_text(encoding="utf-8")
    episodes = read_episodes(folder)
    report = sandbox_report()
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.closerange(3, 1 << 16)
    limit(_MEMORY_MB, 64)
    seal(report)
    seed_globals(0)
    answer = _run(source, episodes)
    sys.stdout.flush()
    view = memoryview(b"\n" + json.dumps(answer).encode() + b"\n")
    while view:
        view = view[os.write(1, view) :]
    os._exit(0)


def _run(source: str, episodes: list[ToolEpisode]) -> dict[str, object]:
    try:
        space: dict[str, Any] = {"__name__": "tool"}
        exec(compile(source, "tool.py", "exec"), space)
        value = plain(space["measure"](episodes), _NEST)
        if len(json.dumps(value, allow_nan=False)) > _ANSWER:
            return {"failed": f"it returned more than {_ANSWER} characters of JSON"}
        return {"measured": value}
    except BaseException as error:  # noqa: BLE001 - whatever a tool raises is its failure
        frames = traceback.extract_tb(error.__traceback__)
        lines = [f.lineno for f in frames if f.filename == "tool.py"]
        where = f" (line {lines[-1]})" if lines else ""
        return {"failed": f"{type(error).__name__}: {str(error)[:400]}{where}"}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
