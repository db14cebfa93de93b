"""The one tree of exceptions.

::

    HlearnError
    |- UsageError            the caller asked for something that cannot be (exit code 2)
    |  |- UnknownTask        no such environment; names near ones
    |  |- MissingExtra       an optional dependency is not installed; says how to install it
    |  |- UnsupportedAccess  the environment lacks this access class
    |  |- UnsupportedProtocol
    |  |- OutputExists       --out names a file, or a folder that is not empty
    |  |- EnvironmentFault   the environment's own code raised, or breaks Gymnasium's interface
    |  `- SchemaTooNew       a system or ledger written by a newer hlearn
    |- HarnessError          the machinery around the program failed (exit code 3)
    |  |- NotRepeatable      the same program and seed gave another episode; found of a user's environment before
    |  |                     learning it is a UsageError too, NotRepeatableEnvironment (exit code 2)
    |  |- LedgerCorrupt      a past line of the ledger was edited or lost
    |  `- StorageFull        the disk is full; nothing recorded was lost
    `- BudgetExhausted       a step budget is spent; the loop ends cleanly on it

A failing *program* is none of these: it is data, a :class:`hlearn.records.Failure`.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Sequence
from typing import Any

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class HlearnError(Exception):
    """Root of every exception that hlearn raises on purpose."""


class UsageError(HlearnError):
    """The request cannot be met as stated; the message says what to do instead."""


class UnknownTask(UsageError):
    """No environment of that name is registered."""


class MissingExtra(UsageError):
    """An optional dependency is missing; the message names the pip command that installs it."""


class UnsupportedAccess(UsageError):
    """The environment does not offer the requested access class."""


class UnsupportedProtocol(UsageError):
    """The environment does not offer the requested protocol."""


class OutputExists(UsageError):
    """The output folder exists and is not empty, or is a file."""


class EnvironmentFault(UsageError):
    """The environment's own code raised or ended its process, or gave what its spaces and Gymnasium do not allow."""


class SchemaTooNew(UsageError):
    """The file on disk was written by a newer hlearn than this one."""


class HarnessError(HlearnError):
    """The machinery around the program failed; the program is not to blame."""


class NotRepeatable(HarnessError):
    """The same program on the same seed gave another episode, so that no number of this task can be trusted."""


class NotRepeatableEnvironment(NotRepeatable, UsageError):
    """A user's environment plays the same episode differently: found before learning, and the user's to mend."""


class LedgerCorrupt(HarnessError):
    """A past ledger line does not match its hash chain."""


class StorageFull(HarnessError):
    """No space is left on the device; what was recorded before is intact."""


def is_full(error: BaseException) -> bool:
    """Whether it says that the disk, a quota or a file's allowed size is used up."""
    return isinstance(error, OSError) and error.errno in _FULL


@contextlib.contextmanager
def space_needed(place: object) -> Iterator[None]:
    """Says in one way, whoever writes, that there was no space.

    Args:
        place: where, for the message.

    Raises:
        StorageFull: instead of the operating system's error.
    """
    try:
        yield
    except OSError as error:
        if is_full(error):
            told = f"{place}: {error}; what was recorded is intact, and goes on once there is space"
            raise StorageFull(told) from error
        raise


class BudgetExhausted(HlearnError):
    """The step budget is spent.

    Attributes:
        results: where it ended within a batch of jobs, what was paid for: a :class:`hlearn.evaluate.api.Result` per job
            in the order of the jobs, None for those that were not played to their end.
    """

    def __init__(self, message: str, results: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.results: tuple[Any, ...] = tuple(results)
