"""The lab's door: how a command that works on a copy of a system measures through the run that started it.

Comes in: one request per connection to a Unix socket, a line of JSON. Goes out: one answer, a line of JSON. Behind it
stands the run's lab, so what is measured is on development seeds, charged to the budget and recorded once.
"""

from hlearn.door.client import ask, door_of
from hlearn.door.messages import Reply, Request
from hlearn.door.server import LabDoor

__all__ = ["LabDoor", "Reply", "Request", "ask", "door_of"]
