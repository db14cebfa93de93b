"""A Breakout system with a first champion, and the clients that are installed here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.agents import CLIENTS, AgentEditor, Client, Endpoint
from hlearn.editors.scripted import ScriptedEditor
from hlearn.tasks import Task, resolve_task
from hlearn.testing.model_server import ScriptedModel

MUST = "HLEARN_AGENTS"  # where it is set, a client that is not installed fails its tests instead of skipping them
KEY = "sk-0123456789-secret"
# Clients that no extra installs: put their commands on PATH, and run pytest with -m agents. Slow to start, too.
MORE = {
    name: pytest.param(name, marks=(pytest.mark.agents, pytest.mark.timeout(1800)))
    for name in ("mini", "opencode", "gemini", "aider")
}


def breakout() -> Task:
    return resolve_task("ALE/Breakout-v5", protocol="sticky")


def program(first: int, last: int) -> str:
    """Meets the ball from one decision to another, and else only serves."""
    return f'''"""Meets the ball for a while."""

FIRST, LAST = {first}, {last}  # decisions


class Policy:
    def reset(self, seed):
        self.n = 0

    def act(self, ram):
        self.n += 1
        if not FIRST <= self.n < LAST or (ram[101] == 0 and self.n % 2):
            return self.n % 2
        ball, paddle = int(ram[99]), int(ram[72])
        return 2 if ball > paddle + 8 else 3 if ball < paddle + 4 else 0
'''


def installed(name: str) -> Client:
    client = CLIENTS[name]
    if client.find() is None:
        if name in MORE:
            pytest.skip(f"{name} is not installed here: {client.install}")
        if os.environ.get(MUST):
            pytest.fail(f"{name} is not installed here, and must be: {client.install}")
        pytest.skip(f"{name} is not installed here: pip install hlearn[agents-test]")
    return client


@pytest.fixture(params=["codex", "claude", MORE["mini"], MORE["opencode"], MORE["gemini"]])
def client(request: pytest.FixtureRequest) -> Client:
    """Each client that has a shell."""
    return installed(request.param)


@pytest.fixture(params=["codex", "claude", "model", MORE["mini"], MORE["opencode"], MORE["gemini"]])
def any_client(request: pytest.FixtureRequest) -> Client:
    """The same, and the loop of our own."""
    return installed(request.param)


@pytest.fixture(params=["codex", "claude", MORE["opencode"], MORE["gemini"]])
def served_client(request: pytest.FixtureRequest) -> Client:
    """Each client that uses tools of MCP servers."""
    return installed(request.param)


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Breakout system whose champion meets the ball for ten seconds."""
    path = tmp_path_factory.mktemp("opened") / "s"
    learn(breakout(), out=path, editor=ScriptedEditor([program(0, 600)]), steps=20_000, workers=1, holdout=0)
    return path


@pytest.fixture
def system(opened: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(opened, tmp_path / "s"))


def agent(client: Client, model: ScriptedModel, **options: object) -> AgentEditor:
    limit_s = 300.0 if client.name in MORE else 90.0
    options = {"limit_s": limit_s, "dev_episodes": 1, "patience": 1, "tools": False} | options
    endpoint = Endpoint(base_url=model.url, key=KEY, model="scripted")
    return AgentEditor(client, endpoint, **options)  # type: ignore[arg-type]
