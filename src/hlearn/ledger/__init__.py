"""The ledger: the append-only record of everything measured, and the store of every program measured.

Comes in: typed events. Goes out: checked rows, from which history, totals, plots and resumption are rebuilt.
"""

from hlearn.ledger.events import (
    TUNER,
    Caps,
    Committed,
    Decision,
    EditorRan,
    Event,
    HoldoutUsed,
    KeyAdopted,
    Measured,
    Note,
    ProgramAdded,
    Purpose,
    Refusal,
    Refused,
    RolledBack,
    RunEnded,
    RunResumed,
    RunStarted,
    SeedsOpened,
    Spent,
    Trial,
)
from hlearn.ledger.ledger import Ledger, Row
from hlearn.ledger.programs import ProgramStore

__all__ = [
    "TUNER",
    "Caps",
    "Committed",
    "Decision",
    "EditorRan",
    "Event",
    "HoldoutUsed",
    "KeyAdopted",
    "Ledger",
    "Measured",
    "Note",
    "ProgramAdded",
    "ProgramStore",
    "Purpose",
    "Refusal",
    "Refused",
    "RolledBack",
    "Row",
    "RunEnded",
    "RunResumed",
    "RunStarted",
    "SeedsOpened",
    "Spent",
    "Trial",
]
