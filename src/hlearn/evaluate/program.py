"""The program as a worker sees it: a child behind pipes and shared memory, started by the program host."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import signal
from collections.abc import Callable
from typing import Any

from hlearn.errors import HarnessError
from hlearn.evaluate import channel as ch
from hlearn.evaluate import wire
from hlearn.evaluate.actions import BadAction
from hlearn.evaluate.api import Job, Limits, Question
from hlearn.evaluate.child import WALLS
from hlearn.evaluate.hosting import Host
from hlearn.evaluate.model_channel import MODEL, RELEASE, ChannelLayout, ModelChannel
from hlearn.evaluate.play import BoxGuard, ProgramFailed, box_size, question_data, seed_of_policy
from hlearn.evaluate.simulating import ModelServer
from hlearn.evaluate.watchdog import NOBODY, Watchdog
from hlearn.inherited import search_path
from hlearn.records import FailureKind, Model, Program
from hlearn.tasks.environment import Box, Discrete, Environment
from hlearn.tasks.simulators import simulator_of

TOGETHER = 100  # episodes that one child may play where jobs allow it
_REFUSED = -1  # old kernels, old containers' filters


class IsolatedProgram:
    """Plays the part of the program in :func:`hlearn.evaluate.play.play`, once it met the environment.

    Args:
        limits: what a program may use.
        watchdog: the worker's timer.
        episodes_per_child: how many episodes of the same program one child may play in a row.
    """

    def __init__(self, limits: Limits, watchdog: Watchdog, episodes_per_child: int) -> None:
        self._limits, self._watchdog = limits, watchdog
        self._path = search_path()
        self._layout: tuple[tuple[int, ...], str, int] | None = None
        self._host: Host | None = None
        self._episodes_per_child = episodes_per_child
        self._loaded = ""  # SHA-256 of what the living child runs
        self._left = 0  # episodes it may still play
        self._asked = False  # whether it was loaded to be asked why
        self._pid = self._pidfd = 0
        self._in = self._out = -1
        self._models: ModelChannel | None = None
        self._server: ModelServer | None = None
        self._absent = False  # whether there is a handle that has no state
        self._take: Callable[[bytes], None]
        self.decide: Callable[[], Any] = self._unstarted

    def _unstarted(self) -> Any:
        raise HarnessError("begin() comes before decide()")

    def start_host(self) -> None:
        """Starts the host; it gets ready meanwhile."""
        if self._host is None:
            self._host = Host(self._path)
            if self._layout is not None:
                self._host.share(self._memories, self._layout)

    def meet(self, environment: Environment, model: Model = Model.NONE) -> None:
        """Makes the memory in which programs see this environment and act; waits until the host has it.

        Args:
            environment: what is played.
            model: what its task grants.

        Raises:
            UsageError: it is to be simulated and cannot be cloned.
        """
        space, spec = environment.actions, environment.observation
        self._space = space
        self._box = box_size(space)
        self._n = space.n if isinstance(space, Discrete) else 0
        self._guard = BoxGuard(space) if isinstance(space, Box) else None
        layout = (tuple(spec.shape), spec.dtype, self._box)
        self._memories: tuple[int, ...] = (ch.create_memory("hlearn"),)
        self._channel = ch.Channel(self._memories[0], *layout)
        self._absent = model is Model.NONE and getattr(environment, "absent_model", False)
        if model is Model.SIMULATOR:
            self._server = ModelServer(simulator_of(environment, "this environment"), space, self._limits)
            self._memories += (ch.create_memory("hlearn-model"),)
            self._models = ModelChannel(self._memories[1], ChannelLayout(*layout))
        self.observation = self._channel.observation
        self.start_host()
        assert self._host is not None
        self._host.share(self._memories, layout)
        self._layout = layout

    def begin(self, job: Job) -> None:
        """Has a child load the program: a fresh one, or the one that runs it already."""
        dog, seed = self._watchdog, seed_of_policy(job)
        try:
            self.start_host()
        except ConnectionError:
            raise self._hostless() from None
        self._channel.clear()
        if self._server is not None and self._models is not None:
            self._models.clear()
            self._server.begin(seed)
        dog.begin(self._limits.episode_s)
        most = max(self._episodes_per_child, TOGETHER if job.together else 1)
        asked, self._asked = self._asked, job.question is not None
        same = job.program.sha256 == self._loaded and asked == self._asked
        if self._pid and same and self._left > 0 and most > 1:
            self._left -= 1
            dog.guard(self._kill, self._limits.load_s, "loading the program")
            dog.turn = dog.fresh()
            try:
                os.write(self._out, ch.NEXT + seed.to_bytes(8, "little"))
            except BrokenPipeError:
                raise self._failure() from None
        else:
            self.drop()
            self._start_child(job.program, seed)
            self._left = most - 1
        self._take = self._make_turn()
        self.decide = self._take_vector if self._box else self._make_index()
        if os.read(self._in, 1) != ch.READY:
            raise self._failure()
        dog.turn = NOBODY
        dog.guard(self._kill, self._limits.action_s, "an action")
        dog.enter("reset()")

    def _start_child(self, program: Program, seed: int) -> None:
        assert self._host is not None
        limits, dog = self._limits, self._watchdog
        dog.guard(self._host.process.kill, limits.load_s, "loading the program")
        dog.turn = dog.fresh()
        child_in, self._out = os.pipe()
        self._in, child_out = os.pipe()
        request = {
            "sha256": program.sha256,
            "program": base64.b64encode(program.content()).decode(),
            "seed": seed,
            "box": self._box,
            "model": self._server is not None or self._absent,
            "memory_mb": limits.memory_mb,
            "output_kb": limits.output_kb,
            "asked": self._asked,
        }
        try:
            wire.send(self._host.socket, request, (child_in, child_out))
        finally:
            os.close(child_in)
            os.close(child_out)
        try:
            answer = self._host.answer()
        except ConnectionError:
            message = dog.fired or "the program could not be parsed: the parser died on it"
            kind = FailureKind.TIMED_OUT if dog.fired else FailureKind.CRASHED
            self.close()
            raise ProgramFailed(kind, message) from None
        if "no_child" in answer:
            raise HarnessError(
                f"a program's process cannot be started: {answer['no_child']}; limits on processes or memory "
                "(ulimit -u, -v, or the container's) do that"
            )
        if "failed" in answer:
            raise ProgramFailed(FailureKind(answer["failed"]), answer["message"])
        with dog.lock:
            self._pid = answer["pid"]
            self._pidfd = _pidfd(self._pid)
        self._loaded = program.sha256
        dog.guard(self._kill, limits.load_s, "loading the program")
        if os.read(self._in, 1) != ch.SEALED and not dog.fired:
            kind_, why = self._channel.message()
            status = self._reap()
            why = why if kind_ == WALLS and why else f"the program's process ended ({status})"
            raise HarnessError(f"the sandbox could not be set up: {why}")

    def _make_turn(self) -> Callable[[bytes], None]:
        """Builds the step of one episode: wake the child, wait for it. Locals only, it runs every frame."""
        write, read, wake, answer = os.write, os.read, self._out, self._in
        dog, acted, turn = self._watchdog, ch.ACTED, self._watchdog.fresh()

        def take(byte: bytes) -> None:
            nonlocal turn
            turn += 1
            dog.turn = turn
            try:
                write(wake, byte)
            except BrokenPipeError:
                raise self._failure() from None
            said = read(answer, 1)
            if said != acted:
                turn = self._simulate(said, turn)
            dog.turn = -turn

        return take

    def _simulate(self, said: bytes, turn: int) -> int:
        """Serves what the program asks of its model until it has acted; returns the number of the last turn."""
        server, models, dog = self._server, self._models, self._watchdog
        if server is None or models is None:
            raise self._failure()
        server.turn()
        while said in (MODEL, RELEASE) and said:
            turn += 1
            dog.turn = -turn  # the environment's: a clone's steps
            answer = models.serve(server, said)
            turn += 1
            dog.turn = turn
            try:
                os.write(self._out, answer)
            except BrokenPipeError:
                raise self._failure() from None
            said = os.read(self._in, 1)
        if said != ch.ACTED:
            raise self._failure()
        return turn

    @property
    def planner_steps(self) -> int:
        """Environment steps that the program simulated in this episode."""
        return 0 if self._server is None else self._server.steps

    def _make_index(self) -> Callable[[], int]:
        """The same for a discrete action, unrolled."""
        write, read, wake, answer = os.write, os.read, self._out, self._in
        dog, acted, go, turn = self._watchdog, ch.ACTED, ch.WAKE, self._watchdog.fresh()
        slot, n = self._channel.slot, self._n

        def index() -> int:
            nonlocal turn
            turn += 1
            dog.turn = turn
            try:
                write(wake, go)
            except BrokenPipeError:
                raise self._failure() from None
            said = read(answer, 1)
            if said != acted:
                turn = self._simulate(said, turn)
            dog.turn = -turn
            action = slot[0]
            if 0 <= action < n:
                return action
            raise self._bad_index(action)

        return index

    def _take_vector(self) -> Any:
        self._take(ch.WAKE)
        return self._vector()

    def decide_traced(self) -> tuple[Any, bytes]:
        """A checked action and the program's trace of it."""
        self._take(ch.TRACE)
        trace = self._channel.trace()
        if self._box:
            return self._vector(), trace
        action = self._channel.slot[ch.ACTION]
        if not 0 <= action < self._n:
            raise self._bad_index(action)
        return action, trace

    def decide_asked(self, question: Question) -> tuple[Any, bytes]:
        """A checked action and why it was taken, as the program's side tells it."""
        said = json.dumps(question_data(question, self._space)).encode()
        self._watchdog.guard(self._kill, self._limits.load_s + question.limit_s, "an explanation")
        self._take(ch.ASK + len(said).to_bytes(4, "little") + said)
        self._watchdog.guard(self._kill, self._limits.action_s, "an action")
        why = self._channel.trace()
        if self._box:
            return self._vector(), why
        action = self._channel.slot[ch.ACTION]
        if not 0 <= action < self._n:
            raise self._bad_index(action)
        return action, why

    def _vector(self) -> Any:
        assert self._guard is not None
        try:
            return self._guard(self._channel.vector)
        except BadAction as error:
            self._left = 0
            raise ProgramFailed(FailureKind.INVALID_ACTION, str(error)) from None

    def _bad_index(self, action: int) -> ProgramFailed:
        self._left = 0
        return ProgramFailed(FailureKind.INVALID_ACTION, f"expected an int in [0, {self._n}), got {action}")

    def _failure(self) -> ProgramFailed:
        """Why the program did not answer; waits for its end."""
        dog = self._watchdog
        dog.turn = NOBODY  # what comes now is our time
        kind, text = self._channel.message()
        ended = self._ends_by_itself() if not dog.fired and not kind else True
        status = self._reap()
        if dog.fired:
            return ProgramFailed(FailureKind.TIMED_OUT, dog.fired)
        if kind in {k.value for k in FailureKind}:
            return ProgramFailed(FailureKind(kind), text)
        if not ended:
            return ProgramFailed(FailureKind.CRASHED, "the program broke the connection to its evaluator")
        if not os.WIFSIGNALED(status):
            code = os.waitstatus_to_exitcode(status)
            return ProgramFailed(FailureKind.CRASHED, f"the program's process exited with status {code}")
        number = os.WTERMSIG(status)
        if number == signal.SIGKILL:
            return ProgramFailed(FailureKind.OUT_OF_MEMORY, "killed by the kernel, which ran out of memory")
        return ProgramFailed(FailureKind.CRASHED, f"killed by {signal.Signals(number).name}")

    def _ends_by_itself(self) -> bool:
        assert self._host is not None
        poll = select.poll()
        poll.register(self._host.socket, select.POLLIN)  # it tells how its child ended
        return bool(poll.poll(500))

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._pidfd > 0:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            elif self._pidfd == _REFUSED and self._pid:
                os.kill(self._pid, signal.SIGKILL)

    def _reap(self) -> int:
        """Ends the child if it still runs and returns its wait status."""
        self._kill()
        assert self._host is not None
        status: int = self._host.answer()["status"]
        self._forget()
        return status

    def _forget(self) -> None:
        with self._watchdog.lock:
            self._pid = self._left = 0
            if self._pidfd > 0:
                os.close(self._pidfd)
            self._pidfd = 0

    def _hostless(self) -> HarnessError:
        self.close()
        return HarnessError("the program host ended while it started; hl doctor may say why")

    def end(self) -> None:
        """The episode is over; the child goes too unless it may play another one."""
        self._watchdog.end()
        if self._left <= 0:
            self.drop()

    def drop(self) -> None:
        """Ends the child, whatever it does."""
        self._left = 0
        if self._pid:
            self._reap()
        for fd in (self._in, self._out):
            if fd >= 0:
                os.close(fd)
        self._in = self._out = -1

    def close(self) -> None:
        """Ends the host and with it every process of the program's side, and what simulates for it."""
        if self._server is not None:
            self._server.close()
        self._kill()
        self._forget()  # ends with the host
        self.drop()
        if self._host is not None:
            self._host.close()
            self._host = None

    def abort(self) -> None:
        """The same from within a signal handler or another thread, whatever was going on."""
        with contextlib.suppress(OSError):
            self._kill()
        if self._host is not None:
            with contextlib.suppress(OSError):
                os.kill(self._host.process.pid, signal.SIGKILL)
                os.waitpid(self._host.process.pid, 0)


def _pidfd(pid: int) -> int:
    """A handle of a process that no other can take over: 0 where it ended already, _REFUSED without such handles."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return 0
    except OSError:
        return _REFUSED
