"""The real Aider, which has no shell and no tools: it answers with blocks that say what stands in place of what."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hlearn.editors.agents import Client
from hlearn.ledger import EditorRan, Refused, Trial
from hlearn.records import Split
from hlearn.system import System
from hlearn.tasks.seeds import split_seeds
from hlearn.testing.model_server import Act, Fail, Hang, Say, ScriptedModel
from tests.editors.agents.conftest import KEY, MORE, agent, installed, program
from tests.editors.agents.test_clients import BETTER, CRASHES, SERVES, SLOW, events, go

pytestmark = list(MORE["aider"].marks)


@pytest.fixture
def aider() -> Client:
    return installed("aider")


def block(path: str, old: str, new: str) -> str:
    return f"{path}\n```python\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n```\n"


def test_three_edits_one_better_one_that_breaks_a_case_one_that_crashes(aider: Client, system: Path) -> None:
    case = SERVES.replace("SEED", str(split_seeds(Split.DEV, 0, 0, 1)[0])) + "\n"
    first = block("policy.py", program(0, 600), BETTER) + block("cases/from-the-start.json", "", case)
    plans: list[list[Act]] = [
        [Say(first)],
        [Say(block("policy.py", BETTER, SLOW))],
        [Say(block("policy.py", BETTER, CRASHES))],
    ]
    with ScriptedModel(plans) as model:
        result = go(system, agent(aider, model, proposals=3))
    judged = events(system, Trial)[1:]
    assert [t.decision.value for t in judged] == ["accepted", "rejected", "rejected"], [
        t.reasons for t in judged
    ]
    assert "from-the-start" in "".join(judged[1].reasons)
    assert "lost" in "".join(judged[2].reasons) or "crash" in "".join(judged[2].reasons)
    opened = System.open(system)
    opened.verify()
    champion = opened.champion()
    assert champion is not None
    assert champion.source == BETTER
    assert (result.trials, result.accepted) == (4, 2)
    assert (system / "cases" / "from-the-start.json").read_text() == case
    ran = events(system, EditorRan)
    assert [(r.cost.input_tokens, r.cost.output_tokens) for r in ran] == [(1000, 50)] * 3
    assert [r.fault for r in ran] == [None] * 3
    for path in system.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_a_refused_key_is_a_typed_failure_though_it_ends_well(aider: Client, system: Path) -> None:
    with ScriptedModel([[Fail(401)]] * 9) as model:
        result = go(system, agent(aider, model))
    assert [r.kind for r in events(system, Refused)] == ["unauthorized"]
    assert [(r.fault, r.status) for r in events(system, EditorRan)] == [("unauthorized", 0)]
    assert result.refused is not None and result.refused.startswith("unauthorized: ")


def test_a_hanging_model_is_left_at_the_time_limit(aider: Client, system: Path) -> None:
    began = time.monotonic()
    with ScriptedModel([[Hang(600)]]) as model:
        go(system, agent(aider, model, limit_s=45.0))
    assert time.monotonic() - began < 250
    assert [r.kind for r in events(system, Refused)] == ["timed_out"]


def test_forbidden_edits_are_refused_with_their_type(aider: Client, system: Path) -> None:
    text = block("policy.py", program(0, 600), BETTER) + block("ledger.jsonl", "", "{}\n")
    with ScriptedModel([[Say(text)]]) as model:
        go(system, agent(aider, model))
    assert [r.kind for r in events(system, Refused)] == ["ledger_forged"]
    assert len(events(system, Trial)) == 1
