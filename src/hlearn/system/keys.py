"""The keys of a system: which one the next writer takes, bringing one to this machine, opening what is secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hlearn.errors import UsageError
from hlearn.ledger import SeedsOpened
from hlearn.trust import PLAIN, Key, fresh_key

if TYPE_CHECKING:
    from hlearn.system.system import System


def needs_key(system: System) -> str:
    """Why the next writer takes another key, in one sentence; "" where the present one serves."""
    epoch = system.ledger.epoch
    if epoch == PLAIN:
        return "the system is older than keys: the seeds of its episodes until here are public"
    if epoch in system.ledger.opened:
        return f"the seeds of key {epoch} were opened"
    if system.keys.find(epoch) is None:
        return f"key {epoch} is not on this machine"
    return ""


def accept_key(system: System, key: Key) -> None:
    """Brings the present key of this system to this machine.

    Raises:
        UsageError: it is another key.
    """
    epoch = system.ledger.epoch
    if key.id != epoch and epoch != PLAIN and epoch not in system.ledger.opened:
        raise UsageError(
            f"{system.path} has key {epoch}, not {key.id}; a key is given to a new system, or "
            "to one whose own was opened"
        )
    system.keys.keep(key)
    system.reopen()


def take_key(system: System, key: Key | None) -> None:
    """Takes a key where a new one is needed; the caller holds the system alone."""
    why = needs_key(system)
    if why:
        key = key or fresh_key()
        if key.id in system.ledger.opened:
            key = Key.new()
        system.keys.keep(key)
        system.ledger.adopt(key, why)


def open_seeds(system: System) -> tuple[str, ...]:
    """Shows the seeds of every key that is here and was not opened: anybody can then play every episode again.

    What seals the ledger stays secret. Whoever writes next takes a new key.

    Returns:
        The ids of the keys that were opened.
    """
    closed = [name for name in system.ledger.keys if name not in system.ledger.opened]
    here = [key for name in closed if (key := system.keys.find(name)) is not None]
    if here:
        with system.exclusive():
            system.ledger.append(*(SeedsOpened(key=key.id, secret=key.seeds.secret.hex()) for key in here))
            system.close_run("Open the seeds")
    return tuple(key.id for key in here)
