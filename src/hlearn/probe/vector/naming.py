"""What the class of a program is called, and the numbers that it sees."""

from __future__ import annotations

import keyword
import math
import re

from hlearn.tasks.environment import ObservationSpec


def class_name(env_id: str) -> str:
    """Turns an environment's id into a class name: ``my_package:MyEnv-v0`` becomes ``MyEnv``."""
    name = re.split(r"[:/]", env_id)[-1]
    name = re.sub(r"-v\d+$", "", name)
    words = [w for w in re.split(r"\W+|_", name) if w]
    joined = "".join(w[0].upper() + w[1:] for w in words)
    if not joined or not joined[0].isalpha() or keyword.iskeyword(joined):
        joined = "Policy" + joined
    return joined


def names_of(observation: ObservationSpec) -> list[str]:
    """A name for each component: its part's where the environment names parts, else ``x0``, ``x1``, ..."""
    names: list[str] = []
    for part in observation.parts:
        names += [part.name] if part.size == 1 else [f"{part.name}{k}" for k in range(part.size)]
    if not names:
        names = [f"x{i}" for i in range(observation.shape[0])]
    return ["state"] if names == ["x0"] and _is_state(observation) else names


def _is_state(observation: ObservationSpec) -> bool:
    """Whether the one component is the number of a state."""
    low, high = observation.low[0], observation.high[0]
    return math.isfinite(low) and math.isfinite(high) and low == int(low) and high == int(high)
