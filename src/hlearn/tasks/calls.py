"""Which method of an environment is called now, for whoever limits how long that may take."""

from __future__ import annotations

from collections.abc import Callable


def _nobody(method: str) -> None:
    """Nobody asked."""


listener: Callable[[str], None] = _nobody  # set by the process that holds an environment for another one


def at(method: str) -> None:
    """Says that a method ("its import", "its constructor", "close()") is called now; steps are not announced."""
    listener(method)
