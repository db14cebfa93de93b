"""The tools, as the protocol's library wants them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hlearn.errors import HlearnError, MissingExtra
from hlearn.mcp.folder import Folder, Shown

_ABOUT = (
    "Tools of a heuristic system: its program is plain Python that is to score higher on seeds that nobody has seen. "
    "Edit the program with your own tools, measure it with evaluate, end with propose. AGENTS.md says the rules."
)


def make_server(directory: Path) -> Any:
    """Returns the server of a system's tools.

    Raises:
        UsageError: there is no system.
        MissingExtra: the package mcp is not installed.
    """
    tools = _Tools(Folder(directory))
    try:
        from mcp.server import MCPServer
        from mcp_types import ToolAnnotations
    except ModuleNotFoundError as error:
        raise MissingExtra("hl mcp needs the package mcp; pip install 'hlearn[mcp]'") from error
    app = MCPServer("hlearn", instructions=_ABOUT, log_level="WARNING")
    looks = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)
    spends = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
    groups: tuple[tuple[Any, tuple[Callable[..., list[Any]], ...]], ...] = (
        (spends, (tools.evaluate, tools.probe, tools.propose, tools.failures)),
        (looks, (tools.why, tools.diff, tools.memory, tools.history, tools.budgets)),
    )
    for hints, members in groups:
        for tool in members:
            app.add_tool(tool, annotations=hints, structured_output=False)
    return app


def serve(app: Any, port: int | None = None) -> None:
    """Serves until its client ends it, or somebody this process.

    Over HTTP it listens on loopback alone, and refuses requests that name another host (421) or come from a page of
    another origin (403): a page in this user's browser, whatever its name resolves to, reaches no tool.

    Args:
        app: made by :func:`make_server`.
        port: of streamable HTTP, at ``/mcp``; standard input and output where None.
    """
    if port is None:
        app.run("stdio")
        return
    from mcp.server.transport_security import TransportSecuritySettings

    hosts = [f"{name}:{port}" for name in ("127.0.0.1", "localhost")]
    allowed = TransportSecuritySettings(
        allowed_hosts=hosts, allowed_origins=[f"http://{host}" for host in hosts]
    )
    app.run("streamable-http", host="127.0.0.1", port=port, transport_security=allowed)


class _Tools:
    """One method per tool; what it says of itself is what the model reads."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def evaluate(self, episodes: int = 3, pictures: bool = False) -> list[Any]:
        """Play the program as it stands on development seeds; scores, failures, and a contact sheet if wanted.

        Costs environment steps of the budget; what was measured before costs nothing.
        """
        return _told(lambda: self._folder.evaluate(max(1, min(episodes, 50)), pictures))

    def probe(self, steps: int = 6000) -> list[Any]:
        """Random play: what the environment shows, what actions move. Costs environment steps in a run."""
        return _told(lambda: self._folder.probe(max(100, min(steps, 100_000))))

    def propose(self, expects: str, why: str) -> list[Any]:
        """Hand the edited program to the gate, which judges it on seeds that nobody has seen.

        Args:
            expects: what will come true, with a number: "mean score at least 30".
            why: the mechanism, in one line.
        """
        return _told(lambda: self._folder.propose(f"expects {expects}; because {why}"))

    def failures(self) -> list[Any]:
        """What goes wrong in development episodes, worst loss first, with pictures. Played anew it costs steps."""
        return _told(self._folder.failures)

    def why(self, trial: int = 0, step: int = -1) -> list[Any]:
        """What a trial changed and why it was turned down; without a trial, why the program decided as it did.

        Args:
            trial: its number; 0 for the program as it stands.
            step: of the first development episode, from 0; negative ones count from the end.
        """
        return _told(lambda: self._folder.why(str(trial) if trial else "", step))

    def diff(self, a: str = "", b: str = "") -> list[Any]:
        """The change between two programs (trial numbers or revisions); without any, your edit until now."""
        return _told(lambda: self._folder.diff(a, b))

    def memory(self) -> list[Any]:
        """What was tried, why it failed, what was learnt."""
        return _told(self._folder.memory)

    def history(self) -> list[Any]:
        """The trials in order, with the gate's verdicts."""
        return _told(self._folder.history)

    def budgets(self) -> list[Any]:
        """What may still be spent."""
        return _told(self._folder.budgets)


def _told(work: Callable[[], Shown]) -> list[Any]:
    """Text and pictures as the library's blocks; what hlearn refuses is a tool's error with the reason."""
    from mcp.server.mcpserver import Image
    from mcp.server.mcpserver.exceptions import ToolError

    try:
        shown = work()
    except HlearnError as error:
        raise ToolError(str(error)) from error
    return [shown.text, *(Image(data=picture, format="png") for picture in shown.pictures)]
