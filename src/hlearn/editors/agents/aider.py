"""Aider: ``aider --message``.

It has no tools and no servers: it is given the program and edits it. Its exit status is 0 after a refused key; it has
failed where its log of events holds no answer. Money and tokens stand in that log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from hlearn.editors.agents.client import ClientStart, Errand, executable
from hlearn.editors.agents.events import amount, child, whole, words
from hlearn.editors.agents.faults import fault_of_text
from hlearn.editors.in_copy import Told
from hlearn.editors.transcript import Json, Transcript
from hlearn.records import Cost

_LOG = "events.jsonl"
_ARGUMENTS = (
    *("--yes-always", "--no-check-update", "--analytics-disable", "--no-show-model-warnings"),
    *("--no-show-release-notes", "--no-detect-urls", "--no-gitignore", "--no-fancy-input", "--no-pretty"),
    *("--no-suggest-shell-commands", "--map-tokens", "0", "--no-auto-commits"),
    *("--no-dirty-commits", "--no-stream", "--timeout", "120"),
)


class Aider:
    """Adapter."""

    name = "aider"
    install = "pip install aider-chat (in an environment of its own)"
    keys: tuple[str, ...] = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
    logins: tuple[str, ...] = ()

    def find(self) -> Path | None:
        """The command on PATH."""
        return executable("aider")

    def start(self, errand: Errand) -> ClientStart:
        """Writes the prompt and what it should know of the model into files."""
        home, endpoint = errand.home, errand.endpoint
        env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        argv = list(_ARGUMENTS)
        model = endpoint.model
        if endpoint.base_url is not None:
            model = f"openai/{model or 'default'}"
            env |= {"OPENAI_API_BASE": endpoint.openai_url or "", "OPENAI_API_KEY": endpoint.key or "none"}
            known = {
                "max_input_tokens": 128_000,
                "max_tokens": 16_384,
                "input_cost_per_token": 0.0,
                "output_cost_per_token": 0.0,
                "litellm_provider": "openai",
                "mode": "chat",
                "supports_vision": True,
            }
            (home / "models.json").write_text(json.dumps({model: known}))
            argv += ["--model-metadata-file", str(home / "models.json"), "--edit-format", "diff"]
        elif endpoint.key is not None:
            vendor = "ANTHROPIC" if "claude" in (model or "") else "OPENAI"
            env[f"{vendor}_API_KEY"] = endpoint.key
        if model:
            argv += ["--model", model]
        (home / "prompt.md").write_text(errand.prompt)
        argv += ["--message-file", str(home / "prompt.md"), "--analytics-log", str(home / _LOG)]
        argv += ["--chat-history-file", str(home / "chat.md"), "--input-history-file", str(home / "input.md")]
        argv += ["--read", "AGENTS.md", *map(str, errand.images)]
        if (
            errand.tree / errand.program
        ).is_file():  # else it would make an empty one, which then is a proposal
            argv.append(errand.program)
        return ClientStart(argv=tuple(argv), env=env)

    def read(self, errand: Errand, output: Transcript) -> Told:
        """Sums of all messages; without any it has failed."""
        cost, sent = Cost(), 0
        for event in _log(errand.home / _LOG):
            if words(event, "event") == "message_send":
                said = child(event, "properties")
                cost += Cost(
                    input_tokens=whole(said, "prompt_tokens"),
                    output_tokens=whole(said, "completion_tokens"),
                    usd=amount(said, "cost"),
                )
                sent += 1
        text = output.content()[-2000:].decode(errors="replace")
        return Told(cost=cost, fault=None if sent else fault_of_text(text), said=text)


def _log(path: Path) -> Iterator[Json]:
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue
