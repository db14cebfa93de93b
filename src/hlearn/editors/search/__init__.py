"""The embedded editor: probe, hypotheses, programs, race, tune, repair, compress. No key, no network.

It knows no environment by name and reads no environment's source: only observations, actions, action names and
scores that the lab measured. ``arcade`` searches joystick games, ``vector`` state vectors; ``tune`` and ``prune``
serve both, and programs that a person wrote.
"""

from hlearn.editors.search.editor import SearchEditor

__all__ = ["SearchEditor"]
