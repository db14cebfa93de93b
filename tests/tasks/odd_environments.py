"""Environments with habits: sound but for one thing that processes do not like, named by ``habit``."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

if os.environ.get("ODD_IMPORT") == "hangs":
    time.sleep(3600)


class Odd(gymnasium.Env[Any, Any]):
    """Pays for action 1 on a shown coin's heads, ten times."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012 - as Gymnasium has it

    def __init__(self, habit: str = "", render_mode: str | None = None) -> None:
        self.observation_space = spaces.Box(0.0, 1.0, (1,), np.float32)
        self.action_space = spaces.Discrete(2)
        self.render_mode = render_mode
        self.habit = habit
        self.t = 0
        self._do("constructor")

    def _do(self, where: str) -> None:
        habit, _, place = self.habit.partition(" in ")
        if place == where and hasattr(self, f"_{habit}"):
            getattr(self, f"_{habit}")()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self.t = 0
        self._do("reset")
        return self._look(), {}

    def _look(self) -> Any:
        self.side = int(self.np_random.integers(2))
        return np.array([self.side], np.float32)

    def step(self, action: Any) -> Any:
        self.t += 1
        paid = float(action == self.side)
        if self.t == 4:
            self._do("step")
        if self.habit == "huge rewards":
            paid = 1e308
        return self._look(), paid, False, self.t >= 10, {}

    def render(self) -> Any:
        self._do("render")
        return np.full((8, 8, 3), 90 * self.side, np.uint8)

    def close(self) -> None:
        self._do("close")

    # The habits

    def _hang(self) -> None:
        threading.Event().wait()

    def _lock(self) -> None:
        ctypes.PyDLL(None).sleep(3600)  # native code that keeps Python's lock

    def _spin(self) -> None:
        while True:
            pass

    def _dawdle(self) -> None:
        time.sleep(0.7)

    def _chdir(self) -> None:
        os.chdir("/")

    def _print(self) -> None:
        for _ in range(200):
            os.write(1, b"x" * 99_999 + b"\n")
        print("chatter", file=sys.stderr)

    def _exit(self) -> None:
        os._exit(9)

    def _kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _thread(self) -> None:
        threading.Thread(target=time.sleep, args=(3600,)).start()

    def _signals(self) -> None:
        for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        signal.alarm(1)

    def _alarm(self) -> None:
        def late(number: int, frame: Any) -> None:
            raise TimeoutError("the simulator is late")

        signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, 0.3)  # never disarmed: it goes off while the program thinks

    def _errors(self) -> None:
        np.seterr(all="raise")
        import warnings

        warnings.simplefilter("error")

    def _fork(self) -> None:
        if os.fork() == 0:
            os._exit(0)
        subprocess.Popen(["sleep", "3600"])

    def _close(self) -> None:
        os.closerange(0, 3)

    def _world(self) -> None:
        sys.path[:] = []
        os.environ.clear()
        np.random.seed(1)  # noqa: NPY002 - what an environment should not do
        os.umask(0o777)


gymnasium.register("Odd-v0", entry_point=Odd, max_episode_steps=10)  # type: ignore[arg-type]
