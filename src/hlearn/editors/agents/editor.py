"""A client of a coding agent as an editor."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from hlearn.editors.agents.client import Client, Endpoint, Errand, McpServer
from hlearn.editors.agents.pictures import pictures_in
from hlearn.editors.agents.prices import Price, priced
from hlearn.editors.command import place_variables
from hlearn.editors.in_copy import CopyEditor, Launch, Told, Workspace
from hlearn.editors.transcript import Transcript
from hlearn.errors import MissingExtra
from hlearn.ledger import Refusal
from hlearn.system.commands import ALLOWED, FinishedCommand
from hlearn.system.copies import WorkingCopy

_LAST = (Refusal.UNAUTHORIZED,)  # another attempt would end the same way
_PRIVATE = (
    *(".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store"),
    *(".config/gh", ".config/gcloud", ".config/git", ".codex", ".claude", ".gemini"),
)
_PROMPT_LIMIT = 60_000  # characters; one argument of a command has at most 131,072 bytes
_PASSED = (*(name for name in ALLOWED if name != "VIRTUAL_ENV"), "https_proxy", "HTTPS_PROXY", "no_proxy")
# Standard error goes to a file, so that no line of it stands within a line of JSON.
_SHELL = 'errors="$1"; input="$2"; shift 2; exec "$@" <"$input" 2>"$errors"'


class AgentEditor(CopyEditor):
    """Has a client edit, once per proposal.

    Args:
        client: which one.
        endpoint: where its model answers.
        limit_s: wall seconds after which it is ended with everything it started.
        dev_episodes: development episodes with which the result is measured before it is proposed.
        patience: attempts in a row without a proposal after which the editor gives up.
        proposals: proposals at most.
        at_once: proposals from one brief (:class:`hlearn.editors.in_copy.CopyEditor`).
        feedback: whether briefs tell what became of earlier ones, the same.
        prices: US dollars by model, for clients that tell none.
        tools: whether it is given the lab's tools (``hl mcp``, where the package mcp is installed) beside the command
            ``hl``.

    Raises:
        MissingExtra: the client is not installed; says how to install it.
    """

    def __init__(
        self,
        client: Client,
        endpoint: Endpoint | None = None,
        *,
        limit_s: float = 1800.0,
        dev_episodes: int = 3,
        patience: int = 3,
        proposals: int = 1000,
        prices: Mapping[str, Price] | None = None,
        tools: bool = True,
        at_once: int = 1,
        feedback: bool = True,
    ) -> None:
        endpoint = endpoint or Endpoint()
        binary = client.find()
        if binary is None:
            raise MissingExtra(f"editor {client.name} needs its command, which is not here; {client.install}")
        name = f"{client.name}:{endpoint.model}" if endpoint.model else client.name
        super().__init__(
            name,
            limit_s=limit_s,
            dev_episodes=dev_episodes,
            patience=patience,
            proposals=proposals,
            at_once=at_once,
            feedback=feedback,
        )
        self.client = client
        self.endpoint = endpoint
        self._binary = binary
        self._prices = dict(prices or {})
        self._tools = tools

    def _errand(self, place: Workspace) -> Errand:
        home = place.beside / "home"
        home.mkdir(exist_ok=True)
        prompt = place.brief
        if len(prompt) > _PROMPT_LIMIT:
            prompt = f"Read {place.brief_file} and do what it says. It begins:\n\n{prompt[:2000]}"
        return Errand(
            prompt=prompt,
            tree=place.tree,
            home=home,
            binary=self._binary,
            endpoint=self.endpoint,
            program=place.program,
            images=pictures_in(place.beside / "evidence"),
            servers=_servers(place) if self._tools else (),
            limit_s=self.limit_s,
            usd=place.usd,
        )

    def _launch(self, place: Workspace) -> Launch:
        errand = self._errand(place)
        if self.endpoint.key is None and self.endpoint.base_url is None:
            _lend_login(self.client, errand.home)
        start = self.client.start(errand)
        given = place.beside / "prompt.txt"
        given.write_text(start.stdin, encoding="utf-8")
        passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
        env = passed | {"HOME": str(errand.home), **place_variables(place), **start.env}
        argv = ("/bin/sh", "-c", _SHELL, "sh", str(_errors(place)), str(given), str(self._binary))
        secrets = (self.endpoint.key,) if self.endpoint.key and len(self.endpoint.key) >= 8 else ()
        return Launch(argv=(*argv, *start.argv), env=env, secrets=secrets)

    def _read(self, place: Workspace, done: FinishedCommand, output: Transcript) -> Told:
        errors = _errors(place)
        if errors.is_file() and not errors.is_symlink():
            with errors.open("rb") as file:
                file.seek(max(0, errors.stat().st_size - (1 << 16)))
                output.hear(b"\n" + file.read())
        told = self.client.read(self._errand(place), output)
        return priced(told, self.endpoint.model or "", self._prices)

    def _private_folders(self, copy: WorkingCopy) -> tuple[Path, ...]:
        """Where the user's keys and logins lie: it has what it needs of them in its private HOME."""
        home = Path(os.environ.get("HOME", "/"))
        places = {home / name for name in _PRIVATE} | {(home / n).parent for n in self.client.logins}
        needed = (home, self._binary.resolve(), copy.path)
        return tuple(sorted(p for p in places if p.is_dir() and not any(n.is_relative_to(p) for n in needed)))

    def _hopeless(self, kind: Refusal) -> bool:
        return kind in _LAST


def _errors(place: Workspace) -> Path:
    return place.beside / "errors.txt"


def _servers(place: Workspace) -> tuple[McpServer, ...]:
    """The lab's tools, in an environment that holds nothing but what they need; none where mcp is not installed."""
    if importlib.util.find_spec("mcp") is None:
        return ()
    keep = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(place.beside), **place_variables(place)}
    cleared = [f"{name}={value}" for name, value in keep.items()]
    serve = (sys.executable, "-m", "hlearn.cli.main", "mcp", str(place.tree))
    return (McpServer(name="lab", argv=("/usr/bin/env", "-i", *cleared, *serve)),)


def _lend_login(client: Client, home: Path) -> None:
    """Copies the user's login into the private HOME, where neither key nor endpoint is given."""
    for name in client.logins:
        kept = Path(os.environ.get("HOME", "/")) / name
        if kept.is_file():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(kept, home / name)
            (home / name).chmod(0o600)
