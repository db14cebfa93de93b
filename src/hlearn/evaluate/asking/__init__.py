"""Asking a program why it decides as it does: in its own child, behind its walls, never in the host.

The decision is taken with marks on (:mod:`hlearn.evaluate.instrument`): every part that was asked, in order, with what
it compared, what it called and what it returned. Then copies of the policy, as it stood before, take the same decision
with one value changed, until one acts otherwise: the nearest such change is a counterfactual. What comes out is the
program's own word, as a trace is, and is believed as little.
"""

from hlearn.evaluate.asking.answering import answer
from hlearn.evaluate.asking.marks import MarkRecorder

__all__ = ["MarkRecorder", "answer"]
