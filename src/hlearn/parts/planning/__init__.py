"""Planners: what a program does with a model that it may simulate. All of them serve one decision at a time.

Comes in: a model (``self.model``, or one that was fitted), a base program or its plan. Goes out: the action to play.
Every planner has the method ``decide`` and a budget in simulated steps, so that the same program decides the same;
those for box actions may have a deadline in milliseconds besides (then what they do hangs on the machine's speed).
"""

from hlearn.parts.planning.beam import Beam
from hlearn.parts.planning.cyclic import Cyclic
from hlearn.parts.planning.discrete import DiscreteShooting
from hlearn.parts.planning.gradient import GradientShooting
from hlearn.parts.planning.identified import Identified
from hlearn.parts.planning.ilqr import ILQR
from hlearn.parts.planning.noise import coloured, knotted
from hlearn.parts.planning.nominal import continued, held
from hlearn.parts.planning.sampling import ICEM, MPPI, RandomShooting
from hlearn.parts.planning.trees import UCT, RolloutIW
from hlearn.parts.planning.value import Value

__all__ = [
    "ICEM",
    "ILQR",
    "MPPI",
    "UCT",
    "Beam",
    "Cyclic",
    "DiscreteShooting",
    "GradientShooting",
    "Identified",
    "RandomShooting",
    "RolloutIW",
    "Value",
    "coloured",
    "continued",
    "held",
    "knotted",
]
