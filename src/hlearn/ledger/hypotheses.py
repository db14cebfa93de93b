"""What a proposal said that it expects, and whether that came true.

A note may say ``expects mean score at least 30; because the paddle now meets the ball at its edge``. The number is
compared with the mean of the gate's episodes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hlearn.ledger.events import Trial

_FORM = re.compile(r"\bexpects?\b:?\s*(?P<what>[^;]+)(?:;\s*(?:because\b)?\s*(?P<why>.*))?", re.I)
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")
_AT_MOST = re.compile(r"at most|below|under|less|fewer|no more|[<≤]", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What is expected and why.

    Attributes:
        what: in the proposal's words.
        why: the mechanism, "" where none was named.
        low: the mean score must be at least this; None without a number, or where it is a ceiling.
        high: the mean score must be at most this.
    """

    what: str
    why: str = ""
    low: float | None = None
    high: float | None = None


def hypothesis_of(note: str) -> Hypothesis | None:
    """The hypothesis in a note, None where it states none."""
    found = _FORM.search(note)
    if found is None:
        return None
    what, why = found["what"].strip(), (found["why"] or "").strip()
    number = _NUMBER.search(what)
    value = float(number.group().replace(",", "")) if number else None
    ceiling = _AT_MOST.search(what) is not None
    return Hypothesis(what=what, why=why, low=None if ceiling else value, high=value if ceiling else None)


def came_true(trial: Trial) -> bool | None:
    """Whether what a trial's note expects came true; None where it states no number, or none was measured."""
    stated = hypothesis_of(trial.note)
    if stated is None or trial.challenger_mean is None or (stated.low is None and stated.high is None):
        return None
    if stated.low is not None:
        return trial.challenger_mean >= stated.low
    assert stated.high is not None
    return trial.challenger_mean <= stated.high


def told(trial: Trial) -> str:
    """One line about a trial's hypothesis, "" where it has none."""
    stated = hypothesis_of(trial.note)
    if stated is None:
        return ""
    verdict = came_true(trial)
    if verdict is None:
        return f"expected {stated.what}: not measured"
    got = f"{trial.challenger_mean:g} on gate seeds"
    return f"expected {stated.what}: {'came true' if verdict else 'did not come true'}, {got}"
