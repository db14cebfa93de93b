"""The memory that the loop writes from verdicts, and whether what was expected came true."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.brief_text import brief_markdown
from hlearn.ledger import Decision, Trial
from hlearn.ledger.hypotheses import came_true, hypothesis_of, told
from hlearn.records import Program
from hlearn.system.trials_note import lessons, since_accepted, trials_text


def trial(number: int, note: str, decision: str = "rejected", reason: str = "x", mean: float | None = None):
    return Trial(
        run=1,
        trial=number,
        program="p",
        note=note,
        decision=Decision(decision),
        reasons=(reason,),
        challenger_mean=mean,
        champion_mean=10.0,
    )


@pytest.mark.parametrize(
    ("note", "mean", "verdict"),
    [
        ("aims wider; expects mean score at least 30; because edges are met", 31.5, True),
        ("expects 30 points; because", 29.0, False),
        ("expects at most 1,200 steps", 900.0, True),
        ("expect below 5; because it waits", 6.0, False),
        ("expects more; because it is faster", 40.0, None),
        ("expects 30", None, None),
        ("no word of it", 3.0, None),
    ],
)
def test_what_was_expected_is_compared_with_the_gates_mean(note: str, mean: float | None, verdict) -> None:
    assert came_true(trial(1, note, mean=mean)) is verdict


def test_the_mechanism_is_kept() -> None:
    stated = hypothesis_of("x; expects mean score at least 30; because edges are met")
    assert stated is not None
    assert (stated.low, stated.high, stated.why) == (30.0, None, "edges are met")
    assert told(trial(1, "expects 30", mean=12.0)) == "expected 30: did not come true, 12 on gate seeds"


def test_the_memory_grows_to_a_bound_and_keeps_what_was_accepted() -> None:
    trials = [trial(1, "the first", "accepted", "first program", 10.0)]
    trials += [trial(n, f"idea {n}", reason="breaks case x: 3, at least 5 wanted") for n in range(2, 200)]
    text = trials_text(trials)
    assert "## Trial 1: accepted" in text and "## Trial 199: rejected" in text and "## Trial 100" not in text
    assert len(text) < 5_000
    assert "198 turned down because it broke a regression case" in "\n".join(lessons(trials))
    assert since_accepted(trials) == 198


class Twice:
    """Proposes a good program, then worse ones, and keeps its briefs."""

    name = "twice"
    deterministic = False

    def __init__(self) -> None:
        self.briefs: list[Brief] = []

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        self.briefs.append(brief)
        n = len(self.briefs)
        if n > 5:
            return None
        act = "int(o[2] + 0.5 * o[3] > 0)" if n == 1 else f"int(o[2] > {n})"
        source = f"class P:\n    def reset(self, seed): pass\n    def act(self, o): return {act}\n"
        note = f"idea {n}; expects mean score at least 400; because it leans"
        return Proposal(program=Program(source=source), note=note)


def test_verdicts_become_memory_and_a_plateau_changes_what_is_asked(tmp_path: Path) -> None:
    editor = Twice()
    learn("CartPole-v1", out=tmp_path / "s", editor=editor, steps=30_000, workers=1, holdout=0)
    memory = (tmp_path / "s" / "memory" / "trials.md").read_text()
    assert "## Trial 1: accepted" in memory and "came true" in memory and "did not come true" in memory
    texts = [brief_markdown(brief) for brief in editor.briefs]
    assert "What was learnt until now" not in texts[0]
    assert "what helped: idea 1" in texts[1]
    assert "A plateau" not in texts[3]
    assert "3 proposals in a row were turned down. Small changes" in texts[4]
    assert "did not come true" in texts[2]
