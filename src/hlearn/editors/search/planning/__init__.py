"""Search for planners: around the best program that the search finds without a model, for tasks that grant a simulator.

Comes in: a search that knows no model. Goes out: its proposals, then programs that plan around its best.
"""

from hlearn.editors.search.planning.search import PlanningSearch

__all__ = ["PlanningSearch"]
