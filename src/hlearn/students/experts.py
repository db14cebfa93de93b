"""Policies from elsewhere that a tree may be fitted to: an ONNX graph, a Stable-Baselines3 model, a function of yours.

They run in this process, outside of the walls of programs: they are the user's own. What comes out of them is a
program of plain rules, which runs behind the walls like any other.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hlearn.errors import MissingExtra, UsageError
from hlearn.foreign_text import safe_line

_ALGORITHMS = ("PPO", "A2C", "DQN")  # of Stable-Baselines3, those with discrete actions


@dataclass(frozen=True, slots=True, kw_only=True)
class Expert:
    """A policy as two functions of observations.

    Attributes:
        name: in a few words.
        actions: from float64[T, n] to int64[T].
        weights: from float64[T, n] to float64[T], how much hangs on the choice there (VIPER's best less worst value);
            None: all count alike.
    """

    name: str
    actions: Callable[[np.ndarray], np.ndarray]
    weights: Callable[[np.ndarray], np.ndarray] | None = None


def read_expert(text: str) -> Expert:
    """Reads what an expert is from a file's name, or from ``module:function``.

    Args:
        text: ``NET.onnx`` (one input, the first output scores actions), ``MODEL.zip`` (Stable-Baselines3: PPO, A2C,
            DQN; such a file holds a pickle, so take none that you do not trust), or ``module:function``, which gives an
            action for an observation, float64[n].

    Raises:
        UsageError: it is none of these, or cannot be loaded.
        MissingExtra: onnxruntime or Stable-Baselines3 is not installed.
    """
    path = Path(text)
    if path.suffix == ".onnx":
        return _onnx(path)
    if path.suffix == ".zip":
        return _stable_baselines(path)
    module, _, name = text.partition(":")
    if not module or not name:
        raise UsageError(
            f"--from {text}: expected NET.onnx, MODEL.zip of Stable-Baselines3, or module:function"
        )
    try:
        act = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--from {text} cannot be loaded: {error}") from None
    if not callable(act):
        raise UsageError(f"--from {text} is no function that gives an action for an observation")
    return Expert(name=text, actions=lambda seen: np.array([int(act(row)) for row in seen], np.int64))


def _onnx(path: Path) -> Expert:
    from hlearn.parts.network import Network

    try:
        network = Network(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ModuleNotFoundError as error:
        raise MissingExtra(str(error)) from None
    except ValueError as error:
        raise UsageError(f"{path}: {safe_line(str(error), 300)}") from None

    def scores(seen: np.ndarray) -> np.ndarray:
        try:
            return np.stack([np.asarray(network(row), np.float64).ravel() for row in seen])
        except ValueError as error:
            raise UsageError(f"{path}: {safe_line(str(error), 300)}") from None

    return Expert(
        name=path.name,
        actions=lambda seen: scores(seen).argmax(axis=1),
        weights=lambda seen: np.ptp(scores(seen), axis=1),
    )


def _stable_baselines(path: Path) -> Expert:
    try:
        import stable_baselines3 as library
    except ImportError as error:
        raise MissingExtra(
            f"{path} is read with Stable-Baselines3 ({error}); install it with: pip install stable-baselines3, "
            "or export the network to ONNX"
        ) from None
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file")
    model, faults = None, []
    for kind in _ALGORITHMS:
        try:
            model = getattr(library, kind).load(path, device="cpu")
            break
        except Exception as error:  # noqa: BLE001 - the wrong algorithm fails in any way; all are named below
            faults.append(f"{kind}: {safe_line(str(error), 80)}")
    if model is None:
        raise UsageError(f"{path} is no model of {', '.join(_ALGORITHMS)} ({'; '.join(faults)})")
    return Expert(
        name=f"{path.name} ({kind})",
        actions=lambda seen: np.asarray(
            model.predict(seen.astype(np.float32), deterministic=True)[0], np.int64
        ),
        weights=lambda seen: _spread(model, seen),
    )


def _spread(model: Any, seen: np.ndarray) -> np.ndarray:
    """Best less worst value of actions (DQN), or logarithm of their probability."""
    import torch

    with torch.no_grad():
        given = torch.as_tensor(seen, dtype=torch.float32)
        if hasattr(model, "q_net"):
            found = model.q_net(given)
        else:
            found = model.policy.get_distribution(given).distribution.logits
        return np.asarray((found.max(dim=1).values - found.min(dim=1).values).numpy(), np.float64)
