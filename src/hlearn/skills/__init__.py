"""Skills between systems: taken out with tests and cases, brought in where they fit, verified where they arrive.

Comes in: systems and skill files. Goes out: skill files, and what holds of a skill in a system.
"""

from hlearn.skills.exchange import Manifest, Packed, export_skill, read_packed
from hlearn.skills.fitting import import_skill
from hlearn.skills.verify import CaseHeld, Verified, verify_skill

__all__ = [
    "CaseHeld",
    "Manifest",
    "Packed",
    "Verified",
    "export_skill",
    "import_skill",
    "read_packed",
    "verify_skill",
]
