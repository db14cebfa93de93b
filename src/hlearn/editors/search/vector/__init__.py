"""The search for tasks with a state vector: probe, families of policies, race, tune, grow, prune.

Comes in: a brief and a lab. Goes out: better and better readable programs. Nothing here knows an environment.
"""

from hlearn.editors.search.vector.search import VectorSearch

__all__ = ["VectorSearch"]
