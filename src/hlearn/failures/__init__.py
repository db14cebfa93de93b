"""What goes wrong: from episodes with traces to a short ranked list of distinct failures, each with its moment.

Comes in: a task, a program, development seeds. Goes out: failures grouped and counted, worst loss first, with the
step window, what changed in the named state, clips, contact sheets and text for people, editors and cases.
"""

from hlearn.failures.episodes import MinedEpisode, play_mined
from hlearn.failures.mining import FailureGroup, mine

__all__ = ["FailureGroup", "MinedEpisode", "mine", "play_mined"]
