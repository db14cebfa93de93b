"""The door of a client, and what crosses it."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from hlearn.editors.in_copy import Told
from hlearn.editors.transcript import Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a model answers.

    Attributes:
        base_url: of an OpenAI-compatible or Anthropic endpoint, with or without ``/v1``; None: the client's own.
        key: the secret; None: the client's own login, or none where the endpoint asks for none.
        model: its name, None for the client's default.
    """

    base_url: str | None = None
    key: str | None = field(default=None, repr=False)
    model: str | None = None

    @property
    def root(self) -> str | None:
        """The address without ``/v1``."""
        return None if self.base_url is None else self.base_url.rstrip("/").removesuffix("/v1")

    @property
    def openai_url(self) -> str | None:
        """The address as clients of OpenAI's interfaces want it: with ``/v1`` unless it has a path of its own."""
        if self.base_url is None:
            return None
        url = self.base_url.rstrip("/")
        return url if "/" in url.partition("://")[2] else f"{url}/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServer:
    """A server of tools that a client may start, over standard input and output.

    Attributes:
        name: what its tools are called after.
        argv: program and arguments; they clear the environment themselves, so that no secret reaches the server.
    """

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One run of a client.

    Attributes:
        prompt: what it is told.
        tree: the copy that it works in, its current folder.
        home: a private folder: HOME, configuration, logs.
        binary: the client's executable.
        endpoint: where its model answers.
        program: path of the program within the copy.
        images: pictures to look at.
        servers: tools that it may use.
        limit_s: wall seconds until it is ended from outside.
        usd: US dollars that it may cost, where the client can be told; None without a cap.
    """

    prompt: str
    tree: Path
    home: Path
    binary: Path
    endpoint: Endpoint
    program: str
    images: tuple[Path, ...] = ()
    servers: tuple[McpServer, ...] = ()
    limit_s: float = 1800.0
    usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientStart:
    """How a client is started.

    Attributes:
        argv: arguments after the executable.
        env: additions to the allow-listed environment.
        stdin: what it reads from standard input; nothing where "".
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    stdin: str = ""


class Client(Protocol):
    """A client of coding agents.

    Attributes:
        name: the word on the command line.
        install: how to install it.
        keys: environment variables of the user's in which its key may stand, the first that is set counts.
        logins: files under the user's HOME in which it keeps a login.
    """

    name: str
    install: str
    keys: tuple[str, ...]
    logins: tuple[str, ...]

    def find(self) -> Path | None:
        """Its executable, None where it is not installed."""

    def start(self, errand: Errand) -> ClientStart:
        """Writes its configuration into the private HOME and says how it is started."""

    def read(self, errand: Errand, output: Transcript) -> Told:
        """What it says of itself when it has ended."""


def executable(name: str, module: str = "", within: str = "") -> Path | None:
    """A client's executable: on PATH, or within an installed Python package."""
    found = shutil.which(name)
    if found is not None:
        return Path(found)
    spec = importlib.util.find_spec(module) if module else None
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / within
    return path if path.is_file() else None
