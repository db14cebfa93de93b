"""One program over a sequence of variants of a task, which is not told which one it plays.

Comes in: a file that names the variants. Goes out: the program, the systems in which its skills were learnt, and the
matrix of what it scored on every variant after each of them.
"""

from hlearn.continual.driver import run_sequence
from hlearn.continual.results import Results, StageResult
from hlearn.continual.sequence import Sequence, Stage, read_sequence

__all__ = ["Results", "Sequence", "Stage", "StageResult", "read_sequence", "run_sequence"]
