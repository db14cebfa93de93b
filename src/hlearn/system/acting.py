"""A program acting on stored observations, isolated as in any episode: what a system's own tests are made of."""

from __future__ import annotations

import atexit
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hlearn.evaluate.api import Job, Limits, Record
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.policy.modules import check_program
from hlearn.records import Failure, Program
from hlearn.system.stored import open_stored, stored_task

_ANY = 1 << 31  # discrete actions where nobody says how many there are
_MANY = 4096  # components of an action, more than any program gives: its failure says how many it gave


class ActRequest(NamedTuple):
    """One call of :func:`act_on`."""

    program: Program
    observations: np.ndarray
    seed: int
    limit_s: float
    memory_mb: int
    n: int | None
    size: int | None


# Who acts for tests that run behind walls themselves.
_elsewhere: list[Callable[[ActRequest], list[Any]]] = []


def check(program: Program | str) -> list[str]:
    """Returns what the static checks refuse in a program, one message each; empty where it is allowed."""
    return check_program(_program(program))


def _program(program: Program | str) -> Program:
    """Tests of older systems hand over the text of the one file."""
    return Program(source=program) if isinstance(program, str) else program


def act_on(
    program: Program | str,
    observations: np.ndarray,
    *,
    seed: int,
    limit_s: float = 20.0,
    memory_mb: int = 1024,
    n: int | None = None,
    size: int | None = None,
) -> list[Any]:
    """Has a program act on observations in processes of its own and returns its action for each.

    Args:
        program: the program, or the text of one that is one file.
        observations: [T, ...], shown in order as one episode.
        seed: decides the program's own seed, which is another number, as in any episode.
        limit_s: wall seconds for thinking.
        memory_mb: memory it may add.
        n: how many discrete actions there are; where neither this nor ``size`` is given, what the system's golden
            observations say, else any.
        size: components of an action where actions are vectors.

    Returns:
        T actions, each an int or a list of floats.

    Raises:
        AssertionError: the program failed; the text is its traceback.
    """
    asked = ActRequest(_program(program), np.asarray(observations), seed, limit_s, memory_mb, n, size)
    return _elsewhere[-1](asked) if _elsewhere else act(asked)


def act_elsewhere(act: Callable[[ActRequest], list[Any]]) -> None:
    """From now on programs act where this function says."""
    _elsewhere.append(act)


def act(asked: ActRequest) -> list[Any]:
    """Has a program act, here and now.

    Raises:
        AssertionError: the program failed; the text is its traceback.
    """
    n, size = asked.n, asked.size
    if n is None and size is None:
        n, size = _golden_space()
    if n is not None or size is not None:
        actions = _play(asked, n, size)
    else:
        actions = _play(asked, _ANY, None)
        if isinstance(actions, str) and "expected an int" in actions:
            actions = _play(asked, None, _MANY)
            if isinstance(actions, str) and (size := _size_of(actions)) is not None:
                actions = _play(asked, None, size)
    if isinstance(actions, str):
        raise AssertionError(actions)
    return actions


def _play(asked: ActRequest, n: int | None, size: int | None) -> list[Any] | str:
    """Actions, or why the program failed."""
    evaluator = _evaluator(asked, n, size)
    # Drawn from the program too: no program knows beforehand which seeds it is tested with.
    drawn = hashlib.sha256(f"hlearn test {asked.seed} {asked.program.sha256}".encode()).digest()
    job = Job(program=asked.program, seed=int.from_bytes(drawn[:4]) >> 1, record=Record.ACTIONS)
    (result,) = evaluator.run([job])
    if isinstance(result.outcome, Failure):
        return f"{result.outcome.kind.value}: {result.outcome.message}"
    assert result.recording is not None
    return list(result.recording.actions.tolist())


def _size_of(said: str) -> int | None:
    """Components of the action that a program gave where an int was expected, as its failure says."""
    _, got, shape = said.partition("shape (")
    return int(shape.split(",")[0].rstrip(")")) if got and shape[:1].isdigit() else None


_evaluators: dict[tuple[object, ...], tuple[IsolatedEvaluator, tempfile.TemporaryDirectory[str]]] = {}


def _evaluator(asked: ActRequest, n: int | None, size: int | None) -> IsolatedEvaluator:
    """One that shows these observations; kept for the next call."""
    shown = np.ascontiguousarray(asked.observations)
    digest = hashlib.sha256(shown.tobytes()).hexdigest()
    key = (digest, shown.shape, shown.dtype.str, n, size, asked.limit_s, asked.memory_mb, os.getpid())
    if key not in _evaluators:
        if not _evaluators:
            atexit.register(end_evaluators)
        folder = tempfile.TemporaryDirectory(prefix="hlearn-acting-")
        path = Path(folder.name) / "observations.npy"
        np.save(path, shown, allow_pickle=False)
        usual = Limits()
        limits = Limits(
            load_s=min(usual.load_s, asked.limit_s),
            action_s=min(usual.action_s, asked.limit_s),
            episode_s=asked.limit_s,
            memory_mb=asked.memory_mb,
        )
        evaluator = IsolatedEvaluator(stored_task(path, n=n, size=size), limits=limits, opener=open_stored)
        _evaluators[key] = evaluator, folder
    return _evaluators[key][0]


def end_evaluators() -> None:
    """Ends the processes in which programs acted."""
    while _evaluators:
        _, (evaluator, folder) = _evaluators.popitem()
        evaluator.close()
        folder.cleanup()


def _golden_space() -> tuple[int | None, int | None]:
    """What the golden observations of the system in whose folder this runs say of its actions."""
    path = Path("tests") / "golden.npz"
    if not path.is_file():
        return None, None
    with np.load(path, allow_pickle=False) as golden:
        n = int(golden["n"]) if "n" in golden else None
        size = int(golden["size"]) if "size" in golden else None
    return n, size
