"""What every test stands on."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

from hypothesis import settings

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # begun in the background of a shell: Ctrl-C would reach no child
    signal.signal(signal.SIGINT, signal.default_int_handler)
if (
    signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
):  # begun by nohup: a closed terminal would reach no child
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# No test reads or leaves a key in the home of whoever runs it.
os.environ["HLEARN_STATE"] = tempfile.mkdtemp(prefix="hlearn-test-state-")
atexit.register(shutil.rmtree, os.environ["HLEARN_STATE"], ignore_errors=True)

# Every system of a test meets the same episodes, today and tomorrow.
os.environ["HLEARN_KEY"] = str(Path(os.environ["HLEARN_STATE"]) / "tests.key")
Path(os.environ["HLEARN_KEY"]).write_text("7e" * 32)

# The same examples each time, and none fails for being slow on a busy machine.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")
