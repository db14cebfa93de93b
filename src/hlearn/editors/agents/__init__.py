"""Clients of coding agents as editors: one small file per client, behind one door (:mod:`.client`).

Comes in: the brief, an endpoint. Goes out: a changed copy of the system, and what it cost by the client's own words.
Each client is started headless with an allow-listed environment and a private HOME, so that it reads no configuration
of the user's, asks for nothing, and is ended with everything it started. Nothing is believed of its exit status: what
counts are the files.
"""

from hlearn.editors.agents.client import Client, Endpoint, Errand
from hlearn.editors.agents.clients import CLIENTS
from hlearn.editors.agents.editor import AgentEditor

__all__ = ["CLIENTS", "AgentEditor", "Client", "Endpoint", "Errand"]
