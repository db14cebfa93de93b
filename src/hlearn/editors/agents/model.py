"""A model without a client: ``model:NAME`` for OpenAI-compatible endpoints, ``model:anthropic/NAME`` for Anthropic's.

The loop with its few tools (:mod:`hlearn.editors.agents.model_loop`) is run as any client is: a process of its own in
the copy, behind the same walls, ended at the same limit.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

from hlearn.editors.agents.client import ClientStart, Errand
from hlearn.editors.agents.events import child, whole, words
from hlearn.editors.agents.faults import fault_of_status, fault_of_text
from hlearn.editors.in_copy import Told
from hlearn.editors.transcript import Transcript
from hlearn.ledger import Refusal
from hlearn.records import Cost

KEY = "HL_MODEL_KEY"
_ANTHROPIC = "anthropic/"


class DirectModel:
    """Adapter."""

    name = "model"
    install = "pip install 'hlearn[model]'"
    keys: tuple[str, ...] = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
    logins: tuple[str, ...] = ()

    def find(self) -> Path | None:
        """This interpreter, where pydantic-ai is installed."""
        return Path(sys.executable) if importlib.util.find_spec("pydantic_ai") else None

    def start(self, errand: Errand) -> ClientStart:
        """Hands over everything but the key and the prompt in a file."""
        endpoint = errand.endpoint
        name = endpoint.model or ""
        anthropic = name.startswith(_ANTHROPIC)
        settings = {
            "model": name.removeprefix(_ANTHROPIC),
            "wire": "anthropic" if anthropic else "openai",
            "base_url": endpoint.root if anthropic else endpoint.openai_url,
            "images": [str(path) for path in errand.images],
        }
        path = errand.home / "model.json"
        path.write_text(json.dumps(settings))
        argv = ("-m", "hlearn.editors.agents.model_loop", str(path))
        return ClientStart(argv=argv, env={KEY: endpoint.key or "none"}, stdin=errand.prompt)

    def read(self, errand: Errand, output: Transcript) -> Told:
        """The last usage is the total."""
        cost, said, fault, failed = Cost(), "", None, ""
        ended = False
        for event in output.events():
            kind = words(event, "type")
            if kind == "usage":
                cost = Cost(
                    input_tokens=whole(event, "input_tokens"), output_tokens=whole(event, "output_tokens")
                )
            elif kind == "end":
                said, ended = words(event, "text"), True
            elif kind == "error":
                status = whole(event, "status")
                failed = words(event, "message")
                if child(event, "limit") is True:
                    fault = Refusal.LIMITED
                else:
                    fault = fault_of_status(status) if status else fault_of_text(failed)
        if ended or fault is not None:
            return Told(cost=cost, fault=fault, said=failed or said)
        text = output.content()[-2000:].decode(errors="replace")
        return Told(cost=cost, fault=fault_of_text(text), said=text)
