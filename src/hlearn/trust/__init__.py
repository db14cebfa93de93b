"""Trust: the key of a system, what is derived from it, and where it lies; the standard library alone.

Comes in: public labels of episodes, lines of a ledger. Goes out: real seeds and seals that nobody without the key can
tell or forge. Only the process that learns (or judges, or measures) holds a key, no worker, host, program or editor.
"""

from hlearn.trust.keys import Key, OpenedSeeds, Seeding
from hlearn.trust.store import KeyStore, key_folder

__all__ = ["Key", "KeyStore", "OpenedSeeds", "Seeding", "key_folder"]
