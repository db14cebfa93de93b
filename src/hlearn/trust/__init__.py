"""Trust: the key of a system, what is derived from it, and where it lies; the standard library alone.

Comes in: public labels of episodes, lines of a ledger. Goes out: real seeds and seals that nobody without the key can
tell or forge. Only the process that learns (or judges, or measures) holds a key, no worker, host, program or editor.
"""

from hlearn.trust.keys import Key, OpenedSeeds, Seeding
from hlearn.trust.store import KeyStore, fresh_key, key_folder, key_folders
from hlearn.trust.worlds import PLAIN, Worlds

__all__ = [
    "PLAIN",
    "Key",
    "KeyStore",
    "OpenedSeeds",
    "Seeding",
    "Worlds",
    "fresh_key",
    "key_folder",
    "key_folders",
]
