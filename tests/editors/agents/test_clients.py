"""Real clients, in real copies of a Breakout system, against a model that follows a script."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.agents import Client
from hlearn.ledger import EditorRan, Refused, Trial
from hlearn.system import System
from hlearn.system.commands import protection
from hlearn.testing.model_server import Act, Fail, Hang, Say, ScriptedModel, Shell, UseTool
from tests.editors.agents.conftest import KEY, MORE, agent, breakout, program

BETTER, SLOW = program(0, 1500), program(300, 3000)
CRASHES = BETTER.replace(
    "self.n += 1", "self.n += 1\n        if self.n > 90:\n            raise ValueError('lost')"
)
SERVES = '{"why": "the ball is met from the start", "seed": SEED, "max_steps": 700, "min_score": 4}'


def edit(text: str, note: str, *more: str) -> Shell:
    lines = [f"cat > policy.py <<'END'\n{text}END", f"echo '{note}' > $HL_NOTE", *more]
    return Shell("\n".join(lines))


def events(path: Path, kind: type) -> list:
    return [row.event for row in System.open(path).ledger.rows if isinstance(row.event, kind)]


def go(path: Path, editor, steps: int = 300_000):
    return learn(breakout(), out=path, editor=editor, steps=steps, workers=1, holdout=0, resume=True)


def test_three_edits_one_better_one_that_breaks_a_case_one_that_crashes(
    client: Client, system: Path, tmp_path: Path
) -> None:
    from hlearn.records import Split
    from hlearn.tasks.seeds import split_seeds

    case = SERVES.replace("SEED", str(split_seeds(Split.DEV, 0, 0, 1)[0]))
    plans: list[list[Act]] = [
        [edit(BETTER, "meets it for longer", f"echo '{case}' > cases/from-the-start.json"), Say("better")],
        [edit(SLOW, "meets it later"), Say("later")],
        [edit(CRASHES, "gives up"), Say("crashes")],
    ]
    with ScriptedModel(plans) as model:
        result = go(system, agent(client, model, proposals=3))
    judged = events(system, Trial)[1:]
    assert [t.decision.value for t in judged] == ["accepted", "rejected", "rejected"], [
        t.reasons for t in judged
    ]
    assert [t.note for t in judged] == ["meets it for longer", "meets it later", "gives up"]
    assert "from-the-start" in "".join(judged[1].reasons)
    assert "lost" in "".join(judged[2].reasons) or "crash" in "".join(judged[2].reasons)
    # the right score, ledger, memory and history
    opened = System.open(system)
    opened.verify()
    champion = opened.champion()
    assert champion is not None
    assert champion.source == BETTER
    assert result.program_sha256 == champion.sha256
    assert (result.trials, result.accepted) == (4, 2)
    assert [c.trial for c in opened.history()] == [1, 2]
    assert (system / "cases" / "from-the-start.json").read_text().strip() == case
    rejected = [p.read_text() for p in sorted((system / "memory" / "rejected").glob("*.patch"))]
    assert "from-the-start" in rejected[0] and "meets it later" in rejected[0]
    assert any("lost" in p.read_text() for p in (system / "failures").glob("*crashed.md"))
    # what it cost, by the client's own words, and what was kept of it
    ran = events(system, EditorRan)
    assert [(r.cost.input_tokens, r.cost.output_tokens) for r in ran] == [(2000, 100)] * 3
    assert [t.cost for t in judged] == [r.cost for r in ran]
    assert [t.attachments for t in judged] == [(r.transcript,) for r in ran]
    # each brief tells what became of the one before
    briefs = [a.text for a in model.asked if a.results == 0]
    assert "meets it later" in briefs[-1] and "from-the-start" in briefs[-1]
    for path in system.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_a_refused_key_is_a_typed_failure_and_is_not_tried_again(any_client: Client, system: Path) -> None:
    with ScriptedModel([[Fail(401)]] * 9) as model:
        result = go(system, agent(any_client, model, patience=3))
    assert [r.kind for r in events(system, Refused)] == ["unauthorized"]
    assert [r.fault for r in events(system, EditorRan)] == ["unauthorized"]
    assert result.refused is not None and result.refused.startswith("unauthorized: ")
    assert result.why == "nothing more to try"


def test_a_hanging_model_is_left_at_the_time_limit_with_all_that_was_started(
    client: Client, system: Path, tmp_path: Path
) -> None:
    forked = (
        f"(setsid sh -c 'while :; do date > {tmp_path}/alive; sleep 0.1; done' >/dev/null 2>&1 &) ; sleep 0.3"
    )
    limit_s = 45.0 if client.name in MORE else 8.0  # time to start in
    began = time.monotonic()
    with ScriptedModel([[Shell(forked), Hang(600)]]) as model:
        go(system, agent(client, model, limit_s=limit_s))
    assert time.monotonic() - began < 200 + limit_s
    assert [r.kind for r in events(system, Refused)] == ["timed_out"]
    assert (tmp_path / "alive").exists()  # it had run
    os.unlink(tmp_path / "alive")
    time.sleep(0.5)
    assert not (tmp_path / "alive").exists()


def test_forbidden_edits_are_refused_with_their_type(client: Client, system: Path) -> None:
    before = (system / "hl.toml").read_bytes()
    plans: list[list[Act]] = [[edit(BETTER, "x", "echo '{}' > ledger.jsonl"), Say("x")]]
    with ScriptedModel(plans) as model:
        go(system, agent(client, model))
    assert [r.kind for r in events(system, Refused)] == ["ledger_forged"]
    assert len(events(system, Trial)) == 1
    assert (system / "hl.toml").read_bytes() == before


def test_evaluation_is_asked_of_the_run(any_client: Client, system: Path) -> None:
    """``hl eval .`` in the hands of a client goes through the door; what it measured is in the ledger once."""
    import sys

    hl = f"{sys.executable} -m hlearn.cli.main eval . --episodes 1 --json"
    with ScriptedModel([[Shell(hl), edit(BETTER, "measured first"), Say("done")]]) as model:
        go(system, agent(any_client, model, proposals=1))
    seen = [a.text for a in model.asked if a.results == 1]
    assert seen and "mean" in seen[0]
    assert events(system, Trial)[-1].decision == "accepted"


def test_a_contact_sheet_of_the_labs_tools_reaches_the_model_as_an_image(
    served_client: Client, system: Path
) -> None:
    look = UseTool("lab", "evaluate", (("episodes", 1), ("pictures", True)))
    with ScriptedModel([[edit(BETTER, "looked at"), look, Say("seen")]]) as model:
        go(system, agent(served_client, model, proposals=1, tools=True))
    before, after = (next(a for a in model.asked if a.results == n) for n in (1, 2))
    assert (before.images, after.images) == (0, 1)
    assert "left for editing" in after.text
    assert KEY not in after.text
    assert events(system, Trial)[-1].decision == "accepted"


def test_the_users_logins_are_out_of_sight(
    client: Client, system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not protection().mounts:
        pytest.skip("this machine allows no mount namespaces")
    for name in (".ssh/id", ".codex/auth.json", ".claude/.credentials.json"):
        (tmp_path / "home" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "home" / name).write_text("a login of the user")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OTHER_API_KEY", "another key of the user")
    look = (
        f"cat {tmp_path}/home/.ssh/id {tmp_path}/home/.codex/* {tmp_path}/home/.claude/.c*; env; echo looked"
    )
    with ScriptedModel([[Shell(look), edit(BETTER, "x"), Say("x")]]) as model:
        go(system, agent(client, model, proposals=1))
    seen = next(a.text for a in model.asked if a.results == 1)
    assert "looked" in seen
    assert "a login of the user" not in seen and "another key of the user" not in seen


@pytest.mark.parametrize("word", ["codex", "claude", "gemini", "opencode", "aider", "mini", "model:x"])
def test_a_client_that_is_not_here_says_how_to_install_it(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from hlearn.editors.agents import CLIENTS
    from hlearn.editors.table import make_editor
    from hlearn.errors import MissingExtra

    monkeypatch.setattr(type(CLIENTS[word.partition(":")[0]]), "find", lambda self: None)
    with pytest.raises(MissingExtra, match="install"):
        make_editor(word)
