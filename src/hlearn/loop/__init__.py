"""The loop's own room: opening and resuming a run, one trial, the report at the end.

Comes in: a task and an editor. Goes out: a :class:`~hlearn.loop.result.LearnResult`. :mod:`hlearn.learning` is the
recipe.
"""
