"""What every test stands on."""

from __future__ import annotations

import signal

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # begun in the background of a shell: Ctrl-C would reach no child
    signal.signal(signal.SIGINT, signal.default_int_handler)
