"""Episodes on disk: what was done in them, small enough to keep thousands, and what the program said of it.

Comes in: recordings of episodes. Goes out: stored replays, which come out the same again bit for bit or name the step
at which they do not, and traces as Parquet, which any reader of tables opens.
"""

from hlearn.replays.reproduce import Reproduction, act_again, reproduce
from hlearn.replays.stored import StoredReplay, read_replay, write_replay

__all__ = ["Reproduction", "StoredReplay", "act_again", "read_replay", "reproduce", "write_replay"]
