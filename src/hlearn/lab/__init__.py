"""The lab: where programs are measured, every step counted, every result recorded, nothing paid for twice.

Comes in: jobs of an editor or the gate. Goes out: results, from the ledger where they were measured before.
"""

from hlearn.lab.lab import SystemLab
from hlearn.lab.meter import Meter
from hlearn.lab.progress import Progress, Silent, Standing

__all__ = ["Meter", "Progress", "Silent", "Standing", "SystemLab"]
