"""The tools as a client of the protocol meets them: a real server process over standard input and output."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hlearn import learn
from hlearn.editors.scripted import ScriptedEditor
from hlearn.ledger.totals import totals
from hlearn.system import System
from hlearn.tasks import resolve_task

pytest.importorskip(
    "mcp", reason="hl mcp needs the package mcp: pip install hlearn[mcp]"
) if not os.environ.get("HLEARN_AGENTS") else None

LEAN = "class P:\n    def reset(self, seed): pass\n    def act(self, o): return int(o[2] > 0)\n"
GOOD = LEAN.replace("o[2] > 0", "o[2] + 0.5 * o[3] > 0")
SERVES = """
class P:
    def reset(self, seed):
        self.n = 0

    def act(self, ram):
        self.n += 1
        return self.n % 2
"""
CRASHES = LEAN.replace("return int", "return 1 / 0 or int")


async def _calls(
    system: Path, calls: list[tuple[str, dict[str, object]]]
) -> tuple[dict[str, Any], list[Any]]:
    from mcp.client import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    server = StdioServerParameters(
        command=sys.executable, args=["-m", "hlearn.cli.main", "mcp", str(system)], env=dict(os.environ)
    )
    async with Client(stdio_client(server)) as client:
        listed = await client.list_tools()
        tools = {tool.name: tool for tool in listed.tools}
        return tools, [await client.call_tool(name, dict(arguments)) for name, arguments in calls]


def call(system: Path, *calls: tuple[str, Mapping[str, object]]) -> tuple[dict[str, Any], list[Any]]:
    return asyncio.run(_calls(system, [(name, dict(arguments)) for name, arguments in calls]))


def text(answer: Any) -> str:
    return "\n".join(block.text for block in answer.content if block.type == "text")


def test_an_agent_measures_looks_and_proposes(tmp_path: Path) -> None:
    path = tmp_path / "s"
    task = resolve_task("CartPole-v1")
    learn(task, out=path, editor=ScriptedEditor([LEAN, CRASHES]), steps=20_000, workers=1, holdout=0)
    before = totals(System.open(path).ledger)
    (path / "policy.py").write_text(GOOD)
    tools, answers = call(
        path,
        ("evaluate", {"episodes": 1}),
        ("memory", {}),
        ("diff", {}),
        ("why", {"trial": 2}),
        ("budgets", {}),
        ("propose", {"expects": "500", "why": "it leans with the fall"}),
        ("history", {}),
    )
    measured, memory, diff, why, budgets, proposed, history = map(text, answers)
    assert "500" in measured
    assert "trial 2: rejected" in memory
    assert "+    def act(self, o): return int(o[2] + 0.5 * o[3] > 0)" in diff
    assert "ZeroDivisionError" in why
    assert "steps" in budgets
    assert "accepted" in proposed
    assert "expects 500; because it leans with the fall" in history
    system = System.open(path)
    champion = system.champion()
    assert champion is not None
    assert champion.source == GOOD
    assert totals(system.ledger).env_steps > before.env_steps  # what was measured is counted
    looking = {name for name, tool in tools.items() if tool.annotations.read_only_hint}
    assert looking == {"why", "diff", "memory", "history", "budgets"}
    assert tools.keys() - looking == {"evaluate", "probe", "propose", "failures"}


def test_pictures_are_images(tmp_path: Path) -> None:
    path = tmp_path / "s"
    task = resolve_task("ALE/Breakout-v5")
    learn(task, out=path, editor=ScriptedEditor([SERVES]), steps=20_000, workers=1, holdout=0)
    _, (answer,) = call(path, ("evaluate", {"episodes": 1, "pictures": True}))
    pictures = [block for block in answer.content if block.type == "image"]
    assert len(pictures) == 1
    assert base64.b64decode(pictures[0].data).startswith(b"\x89PNG")


@contextlib.contextmanager
def over_http(system: Path) -> Iterator[int]:
    """The server on loopback; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "hlearn.cli.main", "mcp", str(system), "--http", str(port)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 120
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def asked(port: int, **headers: str) -> int:
    """The status of a request with some headers of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        usual = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        said = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        connection.request("POST", "/mcp", said, usual | headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_over_http_on_loopback_a_client_measures_and_sees(tmp_path: Path) -> None:
    from mcp.client import Client

    path = tmp_path / "s"
    task = resolve_task("ALE/Breakout-v5")
    learn(task, out=path, editor=ScriptedEditor([SERVES]), steps=20_000, workers=1, holdout=0)

    async def use(port: int) -> tuple[set[str], Any, Any]:
        async with Client(f"http://127.0.0.1:{port}/mcp") as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            looked = await client.call_tool("evaluate", {"episodes": 1, "pictures": True})
            return names, looked, await client.call_tool("why", {"trial": -1})

    with over_http(path) as port:
        names, looked, refused = asyncio.run(use(port))
        assert {"evaluate", "propose", "memory"} <= names
        (picture,) = [block for block in looked.content if block.type == "image"]
        assert base64.b64decode(picture.data).startswith(b"\x89PNG")
        assert "mean" in text(looked)
        assert refused.is_error
        assert asked(port, Host="evil.example") == 421
        assert asked(port, Host=f"evil.example:{port}") == 421
        assert asked(port, Origin="http://evil.example") == 403
        assert asked(port, Origin="null") == 403
        assert asked(port, Origin=f"http://localhost:{port}") not in (403, 421)
        listening = [
            line.split()[1]
            for line in Path("/proc/net/tcp").read_text().splitlines()
            if f":{port:04X} " in line
        ]
        assert f"0100007F:{port:04X}" in listening  # and not 00000000, which is every address
        assert f"00000000:{port:04X}" not in listening


def test_where_there_is_no_system_it_is_said(tmp_path: Path) -> None:
    from hlearn.errors import UsageError
    from hlearn.mcp.folder import Folder

    with pytest.raises(UsageError, match=r"no hl\.toml"):
        Folder(tmp_path)
