"""A model that follows a script, behind the wires that clients of coding agents speak: for tests, on loopback.

    with ScriptedModel([[Shell("sed -i s/1/2/ notes.md"), Say("done")]]) as model:
        ...  # a client with base_url=model.url

Each conversation gets the next plan. Where it stands in its plan follows from the conversation itself, by the results
of tools in it, so that repeated and side requests do no harm. Wires: OpenAI's Responses and Chat Completions,
Anthropic's Messages, Gemini's streamGenerateContent (:mod:`hlearn.testing.model_wires`). It takes every key.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from hlearn.testing.model_wires import WIRES, Ask, Wire, last_command


@dataclass(frozen=True, slots=True)
class Shell:
    """Has the client run a command in its shell."""

    command: str


@dataclass(frozen=True, slots=True)
class UseTool:
    """Has the client call a tool of an MCP server."""

    server: str
    tool: str
    arguments: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Say:
    """Ends the conversation with a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Fail:
    """Answers with an HTTP status."""

    status: int


@dataclass(frozen=True, slots=True)
class Hang:
    """Does not answer for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Drop:
    """Breaks off within the answer."""


Act = Shell | UseTool | Say | Fail | Hang | Drop
INPUT_TOKENS, OUTPUT_TOKENS = 1000, 50  # of every answer


class ScriptedModel:
    """The server; use it as a context.

    Args:
        plans: what is done in each conversation, in order; one that follows on the last plan is told that all is done.

    Attributes:
        asked: what every request with tools or turns held, oldest first.
    """

    def __init__(self, plans: Sequence[Sequence[Act]]) -> None:
        self._plans = [list(plan) for plan in plans]
        self._lock = threading.Lock()
        self._known: dict[str, int] = {}  # conversations by their beginning
        self.asked: list[Ask] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

            def do_HEAD(self) -> None:
                self._plain(200, b"")

            def do_GET(self) -> None:
                self._plain(200, b'{"data": [{"id": "scripted", "object": "model"}], "object": "list"}')

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                wire = next((w for end, w in WIRES if self.path.partition("?")[0].endswith(end)), None)
                if wire is None:
                    self._plain(200, b'{"totalTokens": 10, "input_tokens": 10}')
                    return
                try:
                    server.answer(self, wire, json.loads(body))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def _plain(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def root(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """The address with ``/v1``."""
        return f"{self.root}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler, wire: Wire, body: dict[str, Any]) -> None:
        """Answers one request."""
        ask = wire.read(body)
        act = self._act(ask)
        if isinstance(act, Hang):
            time.sleep(act.seconds)
        if isinstance(act, Fail):
            said = json.dumps(
                {"type": "error", "error": {"type": "scripted", "message": f"HTTP {act.status}"}}
            )
            handler.send_response(act.status)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(said)))
            handler.end_headers()
            handler.wfile.write(said.encode())
            return
        text = act.text if isinstance(act, Say) else ""
        call = None
        if isinstance(act, Shell):
            call = wire.shell(ask, act.command)
        elif isinstance(act, UseTool):
            call = wire.tool(ask, act.server, act.tool, dict(act.arguments))
        elif (last := last_command(ask)) is not None:
            call = wire.shell(ask, last)
        streamed = bool(body.get("stream")) or wire.always_streams
        content = wire.write(ask, text, call, streamed)
        if isinstance(act, Drop):
            content = content[: len(content) // 2]
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream" if streamed else "application/json")
        handler.send_header("Connection", "close")
        if not isinstance(act, Drop):
            handler.send_header("Content-Length", str(len(content)))
        else:
            handler.send_header("Content-Length", str(2 * len(content) + 1))
        handler.end_headers()
        handler.wfile.write(content)
        handler.close_connection = True

    def _act(self, ask: Ask) -> Act:
        with self._lock:
            if not ask.tools and ask.results == 0 and ask.side:
                return Say("ok")
            self.asked.append(ask)
            plan = self._known.setdefault(ask.beginning, len(self._known))
        if plan >= len(self._plans):
            return Say("nothing more to do")
        acts = self._plans[plan]
        return acts[ask.results] if ask.results < len(acts) else Say("done")
