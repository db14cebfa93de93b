"""Tasks whose states can be counted: a model learnt from play, a plan on it, and the plan as a short readable program.

Comes in: a lab and recorded steps. Goes out: candidates. Everything that the model knows was seen in charged episodes.
"""

from hlearn.editors.search.vector.tables.search import TableSearch, countable

__all__ = ["TableSearch", "countable"]
