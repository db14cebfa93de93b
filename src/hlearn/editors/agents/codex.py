"""OpenAI's Codex: ``codex exec --json``.

Its sandbox is left to hlearn's walls: it would take the network away from ``hl eval``. Usage is the thread's running
total, so the last one counts. The prompt comes on standard input, which it reads to its end.
"""

from __future__ import annotations

import json
from pathlib import Path

from hlearn.editors.agents.client import ClientStart, Errand, executable
from hlearn.editors.agents.events import child, whole, words
from hlearn.editors.agents.faults import fault_of_text
from hlearn.editors.in_copy import Told
from hlearn.editors.transcript import Transcript
from hlearn.records import Cost

_KEY = "HL_MODEL_KEY"
_OPENAI = "https://api.openai.com/v1"
_CONFIG = """\
approval_policy = "never"
sandbox_mode = "danger-full-access"
web_search = "disabled"
check_for_update_on_startup = false
{top}
[agents]
enabled = false
[analytics]
enabled = false
[features]
plugins = false
apps = false
goals = false
shell_snapshot = false
"""
_PROVIDER = """\
[model_providers.endpoint]
name = "endpoint"
base_url = {url}
env_key = "{key}"
wire_api = "responses"
request_max_retries = 2
stream_max_retries = 2
supports_websockets = false
"""
_SERVER = """\
[mcp_servers.{name}]
command = {command}
args = {args}
required = true
startup_timeout_sec = 60
tool_timeout_sec = 600
default_tools_approval_mode = "approve"
"""


class Codex:
    """Adapter."""

    name = "codex"
    install = "npm install -g @openai/codex, or pip install openai-codex"
    keys: tuple[str, ...] = ("CODEX_API_KEY", "OPENAI_API_KEY")
    logins: tuple[str, ...] = (".codex/auth.json",)

    def find(self) -> Path | None:
        """The binary on PATH or in the package openai-codex-cli-bin."""
        return executable("codex", "codex_cli_bin", "bin/codex")

    def start(self, errand: Errand) -> ClientStart:
        """Writes ``config.toml``."""
        folder = errand.home / ".codex"
        folder.mkdir(exist_ok=True)
        endpoint = errand.endpoint
        own = endpoint.base_url is not None or endpoint.key is not None
        top = [f"model = {json.dumps(endpoint.model)}"] if endpoint.model else []
        top += ['model_provider = "endpoint"'] if own else []
        text = _CONFIG.format(top="\n".join(top))
        if own:
            text += _PROVIDER.format(url=json.dumps(endpoint.openai_url or _OPENAI), key=_KEY)
        for server in errand.servers:
            command, *args = server.argv
            text += _SERVER.format(name=server.name, command=json.dumps(command), args=json.dumps(args))
        (folder / "config.toml").write_text(text)
        argv = ["exec", "--json", "--ephemeral", "--skip-git-repo-check"]
        for image in errand.images:
            argv += ["-i", str(image)]
        env = {"CODEX_HOME": str(folder), **({_KEY: endpoint.key or "none"} if own else {})}
        return ClientStart(argv=(*argv, "-"), env=env, stdin=errand.prompt)

    def read(self, errand: Errand, output: Transcript) -> Told:
        """The last usage is the total; a failed turn is a fault."""
        cost, said, failed = Cost(), "", ""
        ended = False
        for event in output.events():
            kind = words(event, "type")
            if kind == "turn.completed":
                usage = child(event, "usage")
                cost = Cost(
                    input_tokens=whole(usage, "input_tokens"), output_tokens=whole(usage, "output_tokens")
                )
                ended = True
            elif kind == "turn.failed":
                failed = words(event, "error", "message") or "the turn failed"
            elif kind == "error":
                failed = failed or words(event, "message")
            elif kind == "item.completed" and words(event, "item", "type") == "agent_message":
                said = words(event, "item", "text")
        if failed and not ended:
            return Told(cost=cost, fault=fault_of_text(failed), said=failed)
        return Told(cost=cost, said=said)
