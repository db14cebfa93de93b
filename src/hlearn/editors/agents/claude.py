"""Anthropic's Claude Code: ``claude -p --output-format stream-json``.

The object ``result`` at the end holds usage and money; ``subtype`` says "success" where the endpoint refused the key,
so ``is_error`` and the status count. Its shells run in sessions of their own; hlearn's supervisor ends them.
"""

from __future__ import annotations

import json
from pathlib import Path

from hlearn.editors.agents.client import ClientStart, Errand, executable
from hlearn.editors.agents.events import amount, child, whole, words
from hlearn.editors.agents.faults import fault_of_status, fault_of_text
from hlearn.editors.in_copy import Told
from hlearn.editors.transcript import Transcript
from hlearn.records import Cost

_RETRIES = 2
_TURNS = 200


class Claude:
    """Adapter."""

    name = "claude"
    install = "npm install -g @anthropic-ai/claude-code, or pip install claude-agent-sdk"
    keys: tuple[str, ...] = ("ANTHROPIC_API_KEY",)
    logins: tuple[str, ...] = (".claude/.credentials.json", ".claude.json")

    def find(self) -> Path | None:
        """The binary on PATH or in the package claude-agent-sdk."""
        return executable("claude", "claude_agent_sdk", "_bundled/claude")

    def start(self, errand: Errand) -> ClientStart:
        """Writes the list of servers; everything else are arguments and variables."""
        folder, endpoint = errand.home / ".claude", errand.endpoint
        folder.mkdir(exist_ok=True)
        servers = {
            s.name: {"type": "stdio", "command": s.argv[0], "args": list(s.argv[1:]), "env": {}}
            for s in errand.servers
        }
        listed = errand.home / "mcp.json"
        listed.write_text(json.dumps({"mcpServers": servers}))
        argv = ["-p", "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions"]
        argv += ["--mcp-config", str(listed), "--strict-mcp-config", "--no-session-persistence"]
        argv += ["--max-turns", str(_TURNS)]
        if errand.usd is not None:
            argv += ["--max-budget-usd", f"{errand.usd:.4f}"]
        env = {
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "MCP_TIMEOUT": "60000",
            "MCP_TOOL_TIMEOUT": "600000",
            "CLAUDE_CODE_MAX_RETRIES": str(_RETRIES),
            "API_TIMEOUT_MS": str(int(min(errand.limit_s, 600.0) * 1000)),
            "IS_SANDBOX": "1",  # root may skip its questions only so
        }
        if endpoint.root is not None:
            env["ANTHROPIC_BASE_URL"] = endpoint.root
        if endpoint.key is not None or endpoint.root is not None:
            env["ANTHROPIC_API_KEY"] = endpoint.key or "none"
            env["CLAUDE_CONFIG_DIR"] = str(folder)
        if endpoint.model:
            env["ANTHROPIC_MODEL"] = endpoint.model
        prompt = errand.prompt + "".join(f"\n@{image}" for image in errand.images)
        return ClientStart(argv=tuple(argv), env=env, stdin=prompt)

    def read(self, errand: Errand, output: Transcript) -> Told:
        """Usage of this call from the last ``result``."""
        result = None
        for event in output.events():
            if words(event, "type") == "result":
                result = event
        if result is None:
            text = output.content()[-2000:].decode(errors="replace")
            return Told(fault=fault_of_text(text), said=text)
        usage = child(result, "usage")
        cost = Cost(
            input_tokens=whole(usage, "input_tokens")
            + whole(usage, "cache_read_input_tokens")
            + whole(usage, "cache_creation_input_tokens"),
            output_tokens=whole(usage, "output_tokens"),
            usd=amount(result, "total_cost_usd"),
        )
        said = words(result, "result")
        if child(result, "is_error") is not True:
            return Told(cost=cost, said=said)
        status = whole(result, "api_error_status")
        subtype = words(result, "subtype")
        fault = fault_of_status(status) if status else fault_of_text(f"{subtype} {said}")
        return Told(cost=cost, fault=fault, said=said or subtype)
