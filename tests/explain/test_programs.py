"""A whole program in words: shares, ablations with intervals, parameters, what never runs."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import hl
from tests.explain.test_decisions import WALK

MORE = (
    WALK
    + '''
    unread = Param(3.0, low=0, high=5)

    @detect
    def lonely(self, obs):
        """Nobody asks."""
        return 1

    @rule
    def never(self, s):
        """For what does not happen."""
        if s.here > 99:
            return 2
        return None
'''
)


def test_a_program_is_told(system: Path) -> None:
    (system / "policy.py").write_text(MORE)
    said = hl("explain", system, "--episodes", 2, "--workers", 1, "--json")
    assert said.code == 0, said.err
    parts = {p["name"]: p for p in said.data["parts"]}
    assert parts["walk"]["acted"] > 0.5 > parts["rest"]["acted"] > 0 == parts["never"]["acted"]
    assert parts["walk"]["lost"] > 1 and parts["walk"]["interval"][0] > 0
    assert parts["never"]["lost"] == 0 and not parts["lonely"]["read"] and parts["here"]["read"]
    params = {p["name"]: p for p in said.data["params"]}
    assert params["near"]["turns"] > 0 and params["unread"]["turns"] == 0 and not params["unread"]["read"]
    assert any("return 2" in text for _, _, text in said.data["never"])
    assert "never acts" in said.err and "nothing reads it" in said.err and "points lost" in said.err
