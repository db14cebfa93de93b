"""From the words of a client or an endpoint to a typed fault."""

from __future__ import annotations

import re

from hlearn.ledger import Refusal

_STATUS = re.compile(
    r"(?:status(?:[ _]?code)?|HTTP|error|Error|API Error|\")\W{0,12}(4\d\d|5\d\d)\b|\b(4\d\d|5\d\d) [A-Z]"
)
_WORDS = (
    (
        re.compile(r"unauthori[sz]ed|invalid.{0,12}api key|authentication|permission denied.*key", re.I),
        Refusal.UNAUTHORIZED,
    ),
    (
        re.compile(r"rate.?limit|too many requests|quota|max_turns|max_budget|budget exceeded", re.I),
        Refusal.LIMITED,
    ),
    (
        re.compile(
            r"connection|connect|stream (?:disconnected|closed|ended)|timed? ?out|unreachable|overloaded|"
            r"internal ?server ?error|service ?unavailable|bad ?gateway",
            re.I,
        ),
        Refusal.UNREACHABLE,
    ),
)


def fault_of_status(status: int) -> Refusal:
    """A fault by the HTTP status of the endpoint's answer."""
    if status in (401, 403):
        return Refusal.UNAUTHORIZED
    if status == 429:
        return Refusal.LIMITED
    return Refusal.UNREACHABLE if status >= 500 or status == 408 else Refusal.CLIENT_FAILED


def fault_of_text(text: str) -> Refusal:
    """A fault by what was said; CLIENT_FAILED where the words are unknown."""
    found = _STATUS.search(text)
    if found:
        return fault_of_status(int(found.group(1) or found.group(2)))
    return next((kind for words, kind in _WORDS if words.search(text)), Refusal.CLIENT_FAILED)
