"""What clients leave behind when they have ended, as files: no client is needed for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hlearn.editors.agents import Endpoint, Errand
from hlearn.editors.agents.aider import Aider
from hlearn.editors.agents.mini import Mini
from hlearn.editors.transcript import Transcript
from hlearn.ledger import Refusal


@pytest.mark.parametrize(
    ("status", "exception", "fault"),
    [
        ("Submitted", "", None),
        ("AuthenticationError", "OpenAIException - HTTP 401", Refusal.UNAUTHORIZED),
        ("InternalServerError", "it broke", Refusal.UNREACHABLE),
        ("ServiceUnavailableError", "", Refusal.UNREACHABLE),
        ("LimitsExceeded", "", Refusal.LIMITED),
        ("TimeExceeded", "", Refusal.TIMED_OUT),
        ("RepeatedFormatError", "", Refusal.CLIENT_FAILED),
    ],
)
def test_how_mini_ended(tmp_path: Path, status: str, exception: str, fault: Refusal | None) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 50}
    last = {"role": "exit", "extra": {"exit_status": status, "exception_str": exception}}
    course = {
        "info": {"exit_status": status, "submission": "", "model_stats": {"instance_cost": 0.25}},
        "messages": [{"role": "assistant", "extra": {"response": {"usage": usage}}}, last],
    }
    (tmp_path / "course.json").write_text(json.dumps(course))
    errand = Errand(
        prompt="", tree=tmp_path, home=tmp_path, binary=Path("mini"), endpoint=Endpoint(), program="policy.py"
    )
    with Transcript() as output:
        told = Mini().read(errand, output)
    assert told.fault == fault
    assert (told.cost.input_tokens, told.cost.output_tokens, told.cost.usd) == (1000, 50, 0.25)
    assert exception in told.said


def test_aider_is_not_given_a_program_that_is_not_there(tmp_path: Path) -> None:
    """It would make an empty file of that name, and with a refused key that was a proposal."""
    errand = Errand(
        prompt="",
        tree=tmp_path,
        home=tmp_path,
        binary=Path("aider"),
        endpoint=Endpoint(),
        program="policy.py",
    )
    assert "policy.py" not in Aider().start(errand).argv
    (tmp_path / "policy.py").touch()
    assert "policy.py" in Aider().start(errand).argv
