"""The gate: challenger against champion on paired seeds, then regression cases, system tests and size.

Comes in: two programs and something to measure with. Goes out: a verdict with reasons.
"""

from hlearn.gate.gate import Gate
from hlearn.gate.match import GateEvaluator
from hlearn.gate.past import PastRace, first_seed_against, past_race
from hlearn.gate.race import AACheck, Look, Race, aa_check
from hlearn.gate.size import program_size
from hlearn.gate.verdict import Pair, Verdict, floor_of
from hlearn.ledger import Decision

__all__ = [
    "AACheck",
    "Decision",
    "Gate",
    "GateEvaluator",
    "Look",
    "Pair",
    "PastRace",
    "Race",
    "Verdict",
    "aa_check",
    "first_seed_against",
    "floor_of",
    "past_race",
    "program_size",
]
