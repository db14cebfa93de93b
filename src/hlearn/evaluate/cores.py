"""Which CPU core a worker and its program share.

Worker and child take turns, so they belong on one core: a step then costs microseconds, across two cores
some tens. Cores are claimed machine-wide per user by binding an abstract socket name, so that two
evaluations side by side do not crowd on core 0; the kernel frees the name when the worker ends, however it
ends.
"""

from __future__ import annotations

import os
import socket


def claim_core(preferred: int) -> socket.socket | None:
    """Pins this process (and what it starts) to a free core, to one by its process id where none is free.

    Returns:
        The claim, which holds as long as the socket stays open; None where the core is shared.
    """
    cores = sorted(os.sched_getaffinity(0))
    start = preferred % len(cores)
    for core in cores[start:] + cores[:start]:
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0hlearn-core-{os.getuid()}-{core}")
        except OSError:
            claim.close()
            continue
        os.sched_setaffinity(0, {core})
        return claim
    os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})  # so that latecomers do not crowd on one
    return None
