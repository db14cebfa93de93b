"""Google's Gemini CLI: ``gemini -p -y -o stream-json``.

Without ``-y`` its shell and write tools are not there; without the trust variable it does not start. It keeps trying a
failing endpoint past a minute, which the time limit ends.
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


class Gemini:
    """Adapter."""

    name = "gemini"
    install = "npm install -g @google/gemini-cli"
    keys: tuple[str, ...] = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    logins: tuple[str, ...] = (".gemini/oauth_creds.json", ".gemini/google_accounts.json")

    def find(self) -> Path | None:
        """The command on PATH."""
        return executable("gemini")

    def start(self, errand: Errand) -> ClientStart:
        """Writes ``settings.json``."""
        folder, endpoint = errand.home / ".gemini", errand.endpoint
        folder.mkdir(exist_ok=True)
        keyed = endpoint.key is not None or endpoint.root is not None
        settings = {
            "security": {"auth": {"selectedType": "gemini-api-key" if keyed else "oauth-personal"}},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
            "general": {"enableAutoUpdate": False},
            "context": {"fileName": ["AGENTS.md"]},
            "mcpServers": {
                s.name: {"command": s.argv[0], "args": list(s.argv[1:]), "trust": True, "timeout": 600_000}
                for s in errand.servers
            },
        }
        (folder / "settings.json").write_text(json.dumps(settings))
        env = {"GEMINI_CLI_TRUST_WORKSPACE": "true"}
        if keyed:
            env["GEMINI_API_KEY"] = endpoint.key or "none"
        if endpoint.root is not None:
            env["GOOGLE_GEMINI_BASE_URL"] = endpoint.root
        argv = ["-y", "-o", "stream-json", *(("-m", endpoint.model) if endpoint.model else ())]
        prompt = errand.prompt + "".join(f"\n@{image}" for image in errand.images)
        return ClientStart(argv=(*argv, "-p", prompt), env=env)

    def read(self, errand: Errand, output: Transcript) -> Told:
        """The last ``result`` has the sums."""
        cost, said, status, failed = Cost(), "", "", ""
        for event in output.events():
            kind = words(event, "type")
            if kind == "result":
                status = words(event, "status")
                stats = child(event, "stats")
                cost = Cost(
                    input_tokens=whole(stats, "input_tokens"), output_tokens=whole(stats, "output_tokens")
                )
                failed = words(event, "error", "message") if status != "success" else ""
            elif kind == "message" and words(event, "role") == "assistant":
                said += words(event, "content")
            elif kind == "error":
                failed = words(event, "message") or words(event, "error", "message")
        if status == "success":
            return Told(cost=cost, said=said[-2000:])
        failed = failed or output.content()[-2000:].decode(errors="replace")
        return Told(cost=cost, fault=fault_of_text(failed), said=failed)
