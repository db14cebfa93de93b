"""The embedded editor: probe, hypotheses, programs, race, tune, repair, compress. No key, no network.

It knows no environment by name and reads no environment's source: only observations, actions, action names and
scores that the lab measured. ``arcade`` searches joystick games, ``vector`` state vectors, ``planning`` puts planners
around the best of either where a task grants a simulator. Beside them, ``race`` compares candidates of games;
``trials``, ``lane``, ``tune`` and ``prune`` compare, tune and thin out controllers of vectors; ``trials`` also
compares planners.

Words of the search: a *knob* is an open number of what is searched; a *runner* is a candidate in a race and the *arena*
plays the races; a *roster* holds all candidates of one search of a game.
"""

from hlearn.editors.search.editor import SearchEditor

__all__ = ["SearchEditor"]
