"""The heuristic system on disk: program, tests, cases, failures, memory, ledger, all in one git repository.

Comes in: accepted and rejected trials. Goes out: the champion, its history, what was tried.
"""

from hlearn.system.cases import Case, cases_in, read_case, read_cases, write_case
from hlearn.system.changes import ChampionChange
from hlearn.system.config import Config
from hlearn.system.system import System

__all__ = ["Case", "ChampionChange", "Config", "System", "cases_in", "read_case", "read_cases", "write_case"]
