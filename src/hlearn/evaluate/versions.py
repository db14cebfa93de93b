"""Names and versions of what decides an episode's bits."""

from __future__ import annotations

import importlib.metadata
import platform

_PACKAGES = (
    "hlearn",
    "gymnasium",
    "ale-py",
    "mujoco",
    "numpy",
    "opencv-python-headless",
    "cmaes",
    "onnxruntime",
)


def versions() -> tuple[tuple[str, str], ...]:
    """Python, the machine's kind, and the packages that are installed, each with its version."""
    found = [("python", platform.python_version()), ("machine", platform.machine())]
    for name in _PACKAGES:
        try:
            found.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            continue
    return tuple(found)
