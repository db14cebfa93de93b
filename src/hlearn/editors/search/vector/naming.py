"""What the class of a program is called."""

from __future__ import annotations

import keyword
import re


def class_name(env_id: str) -> str:
    """Turns an environment's id into a class name: ``my_package:MyEnv-v0`` becomes ``MyEnv``."""
    name = re.split(r"[:/]", env_id)[-1]
    name = re.sub(r"-v\d+$", "", name)
    words = [w for w in re.split(r"\W+|_", name) if w]
    joined = "".join(w[0].upper() + w[1:] for w in words)
    if not joined or not joined[0].isalpha() or keyword.iskeyword(joined):
        joined = "Policy" + joined
    return joined
