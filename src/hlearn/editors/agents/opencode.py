"""OpenCode: ``opencode run --format json``.

Usage comes per request and is added up. It keeps trying a failing endpoint without end and does not heed a polite
signal; the time limit and the supervisor end it. Its configuration is handed over whole in a variable.
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

_QUIET = {
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
    "OPENCODE_DISABLE_SHARE": "1",
    "npm_config_registry": "http://127.0.0.1:9/",  # it would install a plugin of its own
}


class OpenCode:
    """Adapter."""

    name = "opencode"
    install = "npm install -g opencode-ai"
    keys: tuple[str, ...] = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
    logins: tuple[str, ...] = (".local/share/opencode/auth.json",)

    def find(self) -> Path | None:
        """The command on PATH."""
        return executable("opencode")

    def start(self, errand: Errand) -> ClientStart:
        """Puts provider, permissions and servers into one variable."""
        endpoint = errand.endpoint
        config: dict[str, object] = {
            "autoupdate": False,
            "snapshot": False,  # the copy is thrown away; nobody takes back what it did
            "share": "disabled",
            "permission": {"*": "allow"},
            "mcp": {
                s.name: {"type": "local", "command": list(s.argv), "enabled": True, "timeout": 600_000}
                for s in errand.servers
            },
        }
        env = dict(_QUIET)
        if endpoint.base_url is not None:
            model = endpoint.model or "default"
            config |= {
                "model": f"endpoint/{model}",
                "small_model": f"endpoint/{model}",
                "enabled_providers": ["endpoint"],
                "provider": {"endpoint": _provider(endpoint.openai_url or "", model)},
            }
            env["HL_MODEL_KEY"] = endpoint.key or "none"
        elif endpoint.model:
            config["model"] = endpoint.model
            if endpoint.key is not None:
                vendor = "ANTHROPIC" if endpoint.model.startswith("anthropic/") else "OPENAI"
                env[f"{vendor}_API_KEY"] = endpoint.key
        env["OPENCODE_CONFIG_CONTENT"] = json.dumps(config)
        argv = ["run", "--format", "json", "--title", "edit"]
        for image in errand.images:
            argv += ["-f", str(image)]
        return ClientStart(argv=tuple(argv), env=env, stdin=errand.prompt)

    def read(self, errand: Errand, output: Transcript) -> Told:
        """Sums of all requests."""
        cost, said, fault, failed = Cost(), "", None, ""
        for event in output.events():
            kind, part = words(event, "type"), child(event, "part")
            if kind == "step_finish":
                cost += Cost(
                    input_tokens=whole(part, "tokens", "input")
                    + whole(part, "tokens", "cache", "read")
                    + whole(part, "tokens", "cache", "write"),
                    output_tokens=whole(part, "tokens", "output") + whole(part, "tokens", "reasoning"),
                    usd=amount(part, "cost"),
                )
            elif kind == "text":
                said = words(part, "text")
            elif kind == "error":
                status = whole(event, "error", "data", "statusCode")
                failed = words(event, "error", "data", "message") or words(event, "error", "name")
                fault = fault_of_status(status) if status else fault_of_text(failed)
        return Told(cost=cost, fault=fault, said=failed if fault else said)


def _provider(url: str, model: str) -> dict[str, object]:
    described = {
        "name": model,
        "tool_call": True,
        "attachment": True,
        "modalities": {"input": ["text", "image"], "output": ["text"]},
        "limit": {"context": 128_000, "output": 16_384},
    }
    return {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": url, "apiKey": "{env:HL_MODEL_KEY}"},
        "models": {model: described},
    }
