"""hlearn: heuristic learning, reinforcement learning in which what is learnt is a readable program.

Importing the package does nothing; every room below is imported by name
(``from hlearn.policy import RulePolicy``). ``docs/design.md`` draws the map.
"""

__version__ = "0.1.0"
