"""The clients by the word on the command line."""

from __future__ import annotations

from hlearn.editors.agents.aider import Aider
from hlearn.editors.agents.claude import Claude
from hlearn.editors.agents.client import Client
from hlearn.editors.agents.codex import Codex
from hlearn.editors.agents.gemini import Gemini
from hlearn.editors.agents.mini import Mini
from hlearn.editors.agents.model import DirectModel
from hlearn.editors.agents.opencode import OpenCode

CLIENTS: dict[str, Client] = {
    client.name: client
    for client in (Codex(), Claude(), Gemini(), OpenCode(), Aider(), Mini(), DirectModel())
}
