"""The lab: where programs are measured, every step counted, every result recorded, nothing paid for twice.

Comes in: jobs of an editor or the gate. Goes out: results, from the ledger where they were measured before.
"""

from hlearn.lab.lab import SystemLab
from hlearn.lab.metered import MeteredEvaluator
from hlearn.lab.progress import Progress, RunStatus, Silent

__all__ = ["MeteredEvaluator", "Progress", "RunStatus", "Silent", "SystemLab"]
