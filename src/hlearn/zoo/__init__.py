"""A zoo of learnt systems as data: program, card, seeds of the episodes that the card tells of, a film.

What goes in is a system (:mod:`hlearn.zoo.adding`); what comes out is a folder that anybody can verify
(:mod:`hlearn.zoo.verifying`): the seeds of its episodes are published with their scores, so that each can be
played again, bit
for bit. They are drawn for the entry alone, so the system's own key stays secret.
"""

from __future__ import annotations

from hlearn.zoo.entry import ZooEntry, find_entries, find_entry

__all__ = ["ZooEntry", "find_entries", "find_entry"]
