"""What an environment did wrong, in plain words: its own mistakes are told apart from the harness's."""

from __future__ import annotations

import inspect
import math
import re
import signal
import site
import sysconfig
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hlearn.errors import EnvironmentFault

if TYPE_CHECKING:
    from gymnasium import spaces
    from gymnasium.envs.registration import EnvSpec

_EXPECTED = {
    "reset": "expected two values: observation, info",
    "step": "expected five values: observation, reward, terminated, truncated, info",
}
_COUNTS = {"reset": 2, "step": 5}
_LACKING = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: '(\w+)'")
_OLD = "; four values are the interface of the old gym, whose done is now terminated or truncated"


def ships(spec: EnvSpec) -> bool:
    """Whether the environment's code comes with Gymnasium or ALE, so that it is nobody's own."""
    maker: Any = spec.entry_point
    module = maker.partition(":")[0] if isinstance(maker, str) else getattr(maker, "__module__", "") or ""
    return module.partition(".")[0] in ("gymnasium", "ale_py")


def raised(who: str, where: str, error: BaseException) -> EnvironmentFault:
    """The fault of an environment whose method raised.

    Args:
        who: the environment in words.
        where: "reset()", "step()", "its constructor".
        error: what it raised.
    """
    unpacked = _unpacked_by_wrapper(error) if where == "step()" else ""
    if unpacked:
        old = _OLD if unpacked == "4" else ""
        return EnvironmentFault(f"{who} returned {unpacked} values from step(); {_EXPECTED['step']}{old}")
    text = str(error).partition(" was raised from the environment creator")[0]
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    place = _place(error)
    hint = ""
    if where == "reset()" and "unexpected keyword argument" in said:
        hint = "; Gymnasium's interface is reset(self, *, seed=None, options=None)"
    if where == "its constructor" and (lacking := _LACKING.search(said)):
        hint = f"; say what it is made with, as in: --env {lacking[1]}=VALUE"
    return EnvironmentFault(f"{who} raised in {where}: {said}" + (f" ({place})" if place else "") + hint)


def stuck(env_id: str, method: str, limit_s: float) -> EnvironmentFault:
    """The fault of an environment that did not come back from ``method`` ("step()") within ``limit_s`` seconds."""
    return EnvironmentFault(
        f"environment {env_id} did not come back from {method} within {limit_s:g} s and was ended. Is it waiting for "
        "something that does not come (a lock, a socket, input)? If it is only slow, allow more with --env-timeout"
    )


def came_from_outside(error: BaseException) -> bool:
    """Whether the code that raised belongs neither to hlearn nor to a library: it is the user's own."""
    return bool(_place(error))


def ended_process(env_id: str, code: int) -> EnvironmentFault | None:
    """The fault of an environment that ended the process it lives in; None where that came from outside.

    Args:
        env_id: of an environment that does not ship with Gymnasium.
        code: how the process ended, as :mod:`subprocess` counts: minus the signal where one did it.
    """
    if code >= 0:
        return EnvironmentFault(
            f"your environment {env_id} ended the process that plays it (exit status {code}); os._exit, or native code "
            "that exits, does that. An episode ends by terminated or truncated"
        )
    if -code in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL):
        return EnvironmentFault(
            f"your environment {env_id} crashed the process that plays it ({signal.Signals(-code).name}); look into "
            "its native code"
        )
    return None


def wrong_return(who: str, method: str, given: Any) -> EnvironmentFault | None:
    """The fault of a ``reset`` or ``step`` that does not return what Gymnasium asks for; None where it does."""
    sized = isinstance(given, (tuple, list))
    if not sized:
        got = f"one {type(given).__name__}"
    elif len(given) != _COUNTS[method]:
        got = f"{len(given)} values"
    elif not isinstance(given[-1], Mapping):
        got = f"{given[-1]!r:.60} as info, which is no mapping,"
    else:
        return None
    old = _OLD if method == "step" and sized and len(given) == 4 else ""
    return EnvironmentFault(f"{who} returned {got} from {method}(); {_EXPECTED[method]}{old}")


def wrong_observation(
    who: str, method: str, observation: Any, space: spaces.Space[Any], error: BaseException | None = None
) -> EnvironmentFault:
    """The fault of an observation that is not of the environment's own observation space."""
    expected = " ".join(str(space).split())
    got = f"{type(observation).__name__} {observation!r}"[:120]
    if isinstance(observation, np.ndarray):
        got = f"an array of shape {observation.shape} and dtype {observation.dtype}"
    why = f" ({type(error).__name__}: {error})" if error is not None else ""
    return EnvironmentFault(
        f"{who} gave in {method}() {got} as observation; its observation_space is {expected}{why}"
    )


def wrong_step(who: str, given: Any, space: spaces.Space[Any], error: BaseException) -> EnvironmentFault:
    """The fault of a step whose five values could not be read: their number, the observation, or another of them."""
    wrong = wrong_return(who, "step", given)
    if wrong is not None:
        return wrong
    observation, reward, terminated, truncated, _ = given
    try:
        bool(terminated), bool(truncated)
        readable = math.isfinite(reward_of(reward))
    except (TypeError, ValueError):
        readable = False
    if not readable:
        return EnvironmentFault(
            f"{who} returned reward {reward!r:.60}, terminated {terminated!r:.60}, truncated {truncated!r:.60} from "
            "step(); expected a finite number and two booleans"
        )
    return wrong_observation(who, "step", observation, space, error)


def reward_of(given: Any) -> float:
    """The reward as a number.

    Raises:
        TypeError: it is text, which Python would read as a number where it looks like one, or nothing like a number.
    """
    if isinstance(given, (str, bytes)):
        raise TypeError("the reward is text")
    return float(given)


def placed(fault: EnvironmentFault, environment: object, method: str) -> EnvironmentFault:
    """The fault with the file and line where the environment defines the method; itself where that is not known."""
    code = getattr(inspect.unwrap(getattr(type(environment), method, None) or placed), "__code__", None)
    if code is None or code is placed.__code__ or code.co_filename.startswith("<"):
        return fault
    return EnvironmentFault(
        f"{fault} ({method}() is defined in {Path(code.co_filename).name}:{code.co_firstlineno})"
    )


def fits(observation: Any, space: spaces.Space[Any]) -> bool:
    """Whether an observation has as many numbers as its space asks for; parts of mappings are not looked at."""
    if space.shape is None:
        return True
    try:
        return bool(np.size(observation) == np.prod(space.shape, dtype=np.int64))
    except ValueError:
        return False  # a ragged list


def _unpacked_by_wrapper(error: BaseException) -> str:
    """How many values a wrapper of Gymnasium got instead of a step's five; "" where something else was wrong."""
    frames = traceback.extract_tb(error.__traceback__)
    said = re.search(r"values to unpack \(expected 5(?:, got (\d+))?\)", str(error))
    if not frames or said is None or "gymnasium" not in Path(frames[-1].filename).parts:
        return ""
    return said[1] or "more than 5"


def _place(error: BaseException) -> str:
    """File and line of the innermost frame of the user's own code, else of an installed package's; "" without one.

    An error without a text of its own is told by the line that raised it.
    """
    frames = [f for cause in _links(error) for f in reversed(traceback.extract_tb(cause.__traceback__))]
    frames = [f for f in frames if not f.filename.startswith("<")]
    harness = {
        str(Path(__file__).parents[1]),
        *filter(None, map(sysconfig.get_path, ("stdlib", "platstdlib"))),
    }
    installed = {*filter(None, map(sysconfig.get_path, ("purelib", "platlib"))), *site.getsitepackages()}
    own = [f for f in frames if not _is_within(f, harness | installed)]
    packaged = [f for f in frames if _is_within(f, installed) and "gymnasium" not in Path(f.filename).parts]
    frame = next(iter([*own, *packaged]), None)
    if frame is None:
        return ""
    said = f": {frame.line}" if frame.line and not str(error) else ""
    return f"{Path(frame.filename).name}:{frame.lineno}{said[:120]}"


def _links(error: BaseException) -> list[BaseException]:
    """The error and what it came from."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or link.__context__
    return links


def _is_within(frame: traceback.FrameSummary, folders: set[str]) -> bool:
    return any(Path(frame.filename).is_relative_to(folder) for folder in folders)
