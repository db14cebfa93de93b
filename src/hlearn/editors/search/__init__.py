"""The embedded editor: probe, hypotheses, programs, race, tune, repair, compress. No key, no network.

It knows no environment by name and reads no environment's source: only observations, actions, action names and
scores that the lab measured. ``arcade`` searches joystick games, ``vector`` state vectors. Beside them, ``race``
compares candidates of games; ``trials``, ``lane``, ``tune`` and ``prune`` compare, tune and thin out controllers of
vectors.
"""

from hlearn.editors.search.editor import SearchEditor

__all__ = ["SearchEditor"]
