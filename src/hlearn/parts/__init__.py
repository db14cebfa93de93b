"""The standard library of heuristics: what programs are built from.

Each part is small, tested alone, free of harness code, and resettable (a policy makes its parts in ``setup``).
Programs import these names; nothing here imports anything of hlearn.
"""

from hlearn.parts.boards import CellGrid
from hlearn.parts.change import Cusum, Dynamics, PageHinkley, Recognizer
from hlearn.parts.control import away, dodge, toward
from hlearn.parts.foresight import Foresight
from hlearn.parts.motion import Moving, Speed, Tracker, landing, reflect
from hlearn.parts.ram import fine_coarse
from hlearn.parts.reach import Reach
from hlearn.parts.sequence import Caution, LoopBreaker, Macro, Pulse, StateMachine, Sweep, Variety
from hlearn.parts.things import Place, Slot, Thing, Things

__all__ = [
    "Caution",
    "CellGrid",
    "Cusum",
    "Dynamics",
    "Foresight",
    "LoopBreaker",
    "Macro",
    "Moving",
    "PageHinkley",
    "Place",
    "Pulse",
    "Reach",
    "Recognizer",
    "Slot",
    "Speed",
    "StateMachine",
    "Sweep",
    "Thing",
    "Things",
    "Tracker",
    "Variety",
    "away",
    "dodge",
    "fine_coarse",
    "landing",
    "reflect",
    "toward",
]
