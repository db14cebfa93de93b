"""Which CPU core a worker and its program share.

Worker and child take turns, so they belong on one core: a step then costs microseconds, across two cores
some tens. Cores are claimed machine-wide per user by binding an abstract socket name, so that two
evaluations side by side do not crowd on core 0; the kernel frees the name when the worker ends, however it
ends.
"""

from __future__ import annotations

import contextlib
import os
import socket


def claim_core(preferred: int) -> socket.socket | None:
    """Pins this process (and what it starts) to a free core, to one by its process id where none is free.

    Where the kernel or a sandbox refuses pinning, it does without.

    Returns:
        The claim, which holds as long as the socket stays open; None where the core is shared.
    """
    try:
        cores = sorted(os.sched_getaffinity(0))
    except OSError:
        return None
    start = preferred % len(cores)
    for core in cores[start:] + cores[:start]:
        try:
            claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        except OSError:  # sandboxes of coding agents refuse such sockets
            break
        try:
            claim.bind(f"\0hlearn-core-{os.getuid()}-{core}")
        except OSError:
            claim.close()
            continue
        _pin(core)
        return claim
    _pin(cores[os.getpid() % len(cores)])  # so that latecomers do not crowd on one
    return None


def _pin(core: int) -> None:
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {core})
