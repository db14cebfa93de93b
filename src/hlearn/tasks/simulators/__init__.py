"""Clones of a running environment, for programs that plan: one adapter per way in which environments keep their state.

Comes in: an environment of the trusted side. Goes out: a simulator, which rolls actions out from the environment's
present state on an instance of its own, with randomness of its own. The real environment is never stepped here.
"""

from hlearn.tasks.simulators.api import Rollouts, Simulator, simulator_of

__all__ = ["Rollouts", "Simulator", "simulator_of"]
