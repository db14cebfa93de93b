"""An editor that runs any command of the user's, such as a coding agent without an adapter of its own.

The command finds the brief in ``$HL_BRIEF`` and edits the copy that it stands in (:mod:`hlearn.editors.in_copy`). It
gets no standard input, and the user's HOME unless it is to have a private one.
"""

from __future__ import annotations

import fnmatch
import os
import tempfile
from collections.abc import Mapping

from hlearn.door.messages import ENVIRONMENT
from hlearn.editors.in_copy import CopyEditor, Launch, Workspace
from hlearn.errors import UsageError
from hlearn.system.commands import ALLOWED

_PASSED = (
    *ALLOWED,
    "USER",
    "LOGNAME",
    "SHELL",
    "*_API_KEY",
    "*_BASE_URL",
    "*_API_BASE",
    "*_proxy",
    "*_PROXY",
)


class CommandEditor(CopyEditor):
    """Runs a command once per proposal and takes the difference as the proposal.

    Args:
        command: a shell command line.
        limit_s: wall seconds after which the command is ended with everything it started.
        dev_episodes: development episodes with which the result is measured before it is proposed.
        patience: attempts in a row without a proposal after which the editor gives up.
        proposals: proposals at most.
        at_once: proposals from one brief (:class:`hlearn.editors.in_copy.CopyEditor`).
        feedback: whether briefs tell what became of earlier ones, the same.
        private_home: give the command an empty HOME, so that it reads no login of the user.
        environment: additions to the allow-listed environment (PATH, HOME, language, ``*_API_KEY``, ``*_BASE_URL``).
    """

    def __init__(
        self,
        command: str,
        *,
        limit_s: float = 1800.0,
        dev_episodes: int = 3,
        patience: int = 2,
        proposals: int = 50,
        private_home: bool = False,
        environment: Mapping[str, str] | None = None,
        at_once: int = 1,
        feedback: bool = True,
    ) -> None:
        if not command.strip():
            raise UsageError("the command of the editor is empty; expected command:'COMMAND LINE'")
        super().__init__(
            f"command:{command}",
            limit_s=limit_s,
            dev_episodes=dev_episodes,
            patience=patience,
            proposals=proposals,
            label=command,
            at_once=at_once,
            feedback=feedback,
        )
        self.command = command
        self._private_home = private_home
        self._environment = dict(environment or {})

    def _launch(self, place: Workspace) -> Launch:
        passed = {k: v for k, v in os.environ.items() if any(fnmatch.fnmatchcase(k, p) for p in _PASSED)}
        home = (
            tempfile.mkdtemp(prefix="home-", dir=place.beside)
            if self._private_home
            else os.environ.get("HOME", "/")
        )
        env = passed | {
            "HOME": home,
            **place_variables(place),
            **self._environment,
        }
        secrets = tuple(v for k, v in env.items() if k.endswith("_API_KEY") and len(v) >= 8)
        return Launch(argv=("/bin/sh", "-c", self.command), env=env, secrets=secrets)


def place_variables(place: Workspace) -> dict[str, str]:
    """The variables that tell a command where things are."""
    return {
        "HL_BRIEF": str(place.brief_file),
        "HL_NOTE": str(place.note_file),
        "HL_SYSTEM": str(place.tree),
        **({ENVIRONMENT: str(place.door)} if place.door else {}),
    }
