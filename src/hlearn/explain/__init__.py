"""Explanations: why a program decided as it did at a step, and what a whole program is, from its own structure.

Comes in: a task, a program, seeds. Goes out: decisions with the conditions that decided and the nearest changes that
would have turned them, and programs in plain words. Everything of a program runs isolated, as in an evaluation.
"""
