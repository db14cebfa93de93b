"""Tasks: environments behind one interface, as pure data plus one door to open them.

Comes in: Gymnasium ids, ALE games, a user's own ``module:Id``. The trusted side only: programs never import this.
"""

from hlearn.tasks.registry import describe, open_apart, open_environment, resolve_task, seed_matters
from hlearn.tasks.task import Task

__all__ = ["Task", "describe", "open_apart", "open_environment", "resolve_task", "seed_matters"]
