"""The trusted loop that plays one episode; every evaluator runs this one."""

from __future__ import annotations

import hashlib
import math
import time
import zlib
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from hlearn.errors import EnvironmentFault
from hlearn.evaluate.actions import BadAction
from hlearn.evaluate.api import PICTURE_EVERY, Job, Question, Record, Recording, Result, chained
from hlearn.evaluate.channel import parse_trace
from hlearn.evaluate.spool import SPOOLED, SpoolWriter, rows_of_block
from hlearn.records import Episode, Failure, FailureKind, Hurdle
from hlearn.tasks.environment import ActionSpace, Box, Discrete, Environment
from hlearn.tasks.task import Task

LARGEST_SCORE = 1e150  # its square is still a float
_BLOCK = 1024  # decisions per block of a recording without a limit


class ProgramFailed(Exception):
    """The program did not go on; becomes a Failure."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message[:4000]


def policy_seed(seed: int) -> int:
    """What a program is reset with where no key is: 32 bits, a public function of the label."""
    return int.from_bytes(hashlib.blake2b(f"hlearn policy {seed}".encode(), digest_size=4).digest())


def seed_of_policy(job: Job) -> int:
    """The seed that a program is reset with, 32 bits.

    In a system with a key it was drawn apart from the environment's and says nothing of it. Without a key (an evaluator
    that is used alone) it is a public function of the label, and so is the environment's.
    """
    return policy_seed(job.seed) if job.policy_seed is None else job.policy_seed


def seed_of_world(job: Job) -> int:
    """The seed that the environment is reset with."""
    return job.seed if job.world_seed is None else job.world_seed


def box_size(space: ActionSpace) -> int:
    """Number of components of a box action, 0 for a discrete space."""
    return 0 if isinstance(space, Discrete) else len(space.low)


def question_data(question: Question, space: ActionSpace) -> dict[str, Any]:
    """A question as it is sent to a program's child: what it needs to know, and no seed or reward."""
    bounds = () if isinstance(space, Discrete) else space.finite_bounds
    return {
        "changes": [list(change) for change in question.changes],
        "search": question.search,
        "scales": dict(question.scales),
        "observation": question.observation,
        "limit_s": question.limit_s,
        "ranges": [high - low for low, high in bounds],
    }


class BoxGuard:
    """Copies, checks and clips box actions."""

    def __init__(self, space: Box) -> None:
        self._low = np.array(space.low, dtype=np.float64)
        self._high = np.array(space.high, dtype=np.float64)
        self._zeros = np.zeros(len(space.low))

    def __call__(self, action: np.ndarray) -> np.ndarray:
        """Returns a clipped copy, float64[n].

        Raises:
            BadAction: a component is NaN or infinite.
        """
        clean = action.copy()
        # Zero times a finite number is zero, times any other NaN; nothing overflows, whatever numpy is told to raise.
        if not math.isfinite(clean.dot(self._zeros)):
            raise BadAction(f"expected finite floats, got {clean.tolist()}")
        np.maximum(clean, self._low, out=clean)
        np.minimum(clean, self._high, out=clean)
        return clean


class Player(Protocol):
    """The program as the trusted side sees it; a method raises ProgramFailed where the program fails."""

    def begin(self, job: Job) -> None:
        """Loads and resets the program, before the environment starts: a refused one costs no steps."""

    def decide(self) -> Any:
        """Returns a checked action for the observation that the program was shown."""

    def decide_traced(self) -> tuple[Any, bytes]:
        """The same, with the program's trace of this decision as JSON."""

    def decide_asked(self, question: Question) -> tuple[Any, bytes]:
        """The same, with why it decides so as JSON."""

    def end(self) -> None:
        """Ends the program, also after a failure."""

    @property
    def planner_steps(self) -> int:
        """Environment steps that it simulated in this episode; kept after its end."""


class _Answered(Exception):
    """All that was asked is answered; the episode need not go on."""


class _Recorder:
    """Stands between loop, environment and program and keeps what the program saw and did.

    The environment writes into this private memory, which the program cannot reach; the program gets a copy.
    """

    def __init__(self, environment: Environment, player: Player, job: Job) -> None:
        self._environment, self._player = environment, player
        self._traced = job.record in (Record.TRACE, Record.TRACES)
        self._seeing = job.record in (Record.STEPS, Record.SHOWN, Record.TRACE)
        self._shown = job.record is Record.SHOWN
        self._room: float = math.inf if job.record_limit is None or job.spool else job.record_limit
        self._per_block = _BLOCK if job.record_limit is None else max(min(job.record_limit, 64 * _BLOCK), 1)
        self._blocks: list[np.ndarray] = []
        self._used = 0
        self._scratch = np.empty(environment.observation.shape, environment.observation.dtype)
        self._actions: list[Any] = []
        self._rewards: list[float] = []
        self._lives: list[int] = []
        self._traces: list[bytes] = []
        self._pictures: list[bytes] = []
        self._picture_shape: tuple[int, ...] = (0, 0, 0)
        self._checked, self._check = job.checks, 0
        self._checks: list[int] = []
        self._spool, self._per_spool = None, SPOOLED
        if job.spool is not None:
            self._spool = SpoolWriter(job.spool)
            if self._seeing:
                self._per_spool = rows_of_block(self._scratch.nbytes)
                self._per_block = self._per_spool + 1  # with what is seen after the last decision
        self._question, self._answers = job.question, list[bytes]()
        self._asked = frozenset(job.question.steps) if job.question is not None else frozenset[int]()

    def _row(self) -> np.ndarray:
        if self._used >= self._room or not self._seeing:
            return self._scratch
        block, place = divmod(self._used, self._per_block)
        if block == len(self._blocks):
            self._blocks.append(np.empty((self._per_block, *self._scratch.shape), self._scratch.dtype))
        self._used += 1
        row: np.ndarray = self._blocks[block][place, ...]
        return row

    def reset(self, seed: int, out: np.ndarray) -> int:
        row = self._row()
        steps = self._environment.reset(seed, row)
        out[...] = row
        if self._checked:
            self._check = chained(0, row)
        return steps

    def decide(self) -> Any:
        if len(self._rewards) >= self._room:
            return self._player.decide()
        if self._shown and len(self._rewards) % PICTURE_EVERY == 0:
            picture = self._environment.render()
            self._picture_shape = picture.shape
            self._pictures.append(zlib.compress(picture.tobytes(), 1))
        if self._question is not None and len(self._actions) in self._asked:
            action, said = self._player.decide_asked(self._question)
            self._answers.append(said)
            if self._traced:
                self._traces.append(b"{}")
        elif self._traced:
            action, trace = self._player.decide_traced()
            self._traces.append(trace)
        else:
            action = self._player.decide()
        self._actions.append(action)
        return action

    def overrule(self, action: Any) -> None:
        """Another action is taken than the one that the program chose last."""
        if self._actions:
            self._actions[-1] = action

    def step(self, action: Any, out: np.ndarray) -> tuple[float, bool, bool, int]:
        row = self._row()
        result = self._environment.step(action, row)
        out[...] = row
        if len(self._rewards) < self._room:
            reward, lives = float(result[0]), self._environment.lives()
            self._rewards.append(reward)
            self._lives.append(lives)
            if self._checked:
                self._check = chained(self._check, row, reward, bool(result[1] or result[2]), lives)
                self._checks.append(self._check)
            if self._asked and len(self._rewards) > max(self._asked):
                raise _Answered
            if self._spool is not None and len(self._rewards) >= self._per_spool:
                self._flush(self._spool)
        return result

    def _flush(self, spool: SpoolWriter, *, last: bool = False) -> None:
        """Moves what was kept to the disk; an action without its reward, where the environment failed, is dropped."""
        count = len(self._rewards)
        actions = [a.tolist() if isinstance(a, np.ndarray) else int(a) for a in self._actions[:count]]
        seen = None
        if self._seeing:
            rows = (
                self._blocks[0] if self._blocks else np.empty((1, *self._scratch.shape), self._scratch.dtype)
            )
            seen = rows[: min(count + last, self._used)]
        spool.add(actions, self._rewards, self._lives, self._checks, self._traces[:count], seen)
        if seen is not None and not last:
            rows[0] = rows[count]
            self._used = 1
        for kept in (self._actions, self._rewards, self._lives, self._checks, self._traces):
            kept.clear()

    def finish(self) -> Recording:
        if self._spool is not None:
            self._flush(self._spool, last=True)
            self._spool.close()
            self._pictures.clear()
            self._blocks.clear()
        count = len(self._rewards)
        blocks = self._blocks or [np.empty((0, *self._scratch.shape), self._scratch.dtype)]
        box = box_size(self._environment.actions)
        actions = np.array(self._actions[:count], np.float64 if box else np.int64)
        return Recording(
            observations=blocks[0][:count] if len(blocks) == 1 else np.concatenate(blocks)[:count],
            actions=actions.reshape((count, box) if box else (count,)),
            rewards=np.array(self._rewards, np.float64),
            lives=np.array(self._lives, np.int16),
            traces=tuple(parse_trace(t) for t in self._traces[:count]),
            pictures=tuple(self._pictures[: -(-count // PICTURE_EVERY)]),
            picture_shape=self._picture_shape,
            checks=np.array(self._checks, np.uint32),
            answers=tuple(parse_trace(a) for a in self._answers),
        )


class _Track:
    """The hurdles of an episode, and the returns at those that it reached."""

    def __init__(self, hurdles: Sequence[Hurdle]) -> None:
        self._left = list(hurdles)
        self.next = self._left[0][0] if self._left else math.inf
        self.returns: list[float] = []

    def clear(self, steps: int, score: float) -> bool:
        """Whether a return is enough for all hurdles up to these environment steps."""
        enough = True
        while self._left and steps >= self._left[0][0]:
            least = self._left.pop(0)[1]
            self.returns.append(float(score))
            enough = enough and (least is None or score >= least)
        self.next = self._left[0][0] if self._left else math.inf
        return enough


def check_score(task: Task, result: Result) -> None:
    """Sees to it that the return of an episode is a number that can be summed and squared.

    Raises:
        EnvironmentFault: the rewards add up to more.
    """
    score = result.outcome.score
    if not abs(score) < LARGEST_SCORE:  # NaN too: infinities of both signs met
        raise EnvironmentFault(
            f"the rewards of {task.env_id} add up to {score:g} in the episode of seed {result.outcome.seed}; expected "
            f"returns below {LARGEST_SCORE:g}, so that means can be taken. Scale the rewards"
        )


def play(environment: Environment, observation: np.ndarray, player: Player, job: Job) -> Result:
    """Plays one episode; ``observation`` is the memory in which the program sees it.

    The outcome is the same whatever is recorded.
    """
    started = time.perf_counter()
    recorder = None if job.record is Record.NOTHING else _Recorder(environment, player, job)
    score, length, steps, lives, thought = 0.0, 0, 0, 0, 0.0
    track = _Track(job.hurdles)
    clock = time.perf_counter
    terminated = truncated = False
    failed: ProgramFailed | None = None
    try:
        player.begin(job)
        steps = (environment if recorder is None else recorder).reset(seed_of_world(job), observation)
        step, decide = (
            (environment.step, player.decide) if recorder is None else (recorder.step, recorder.decide)
        )
        end = math.inf if job.max_steps is None else job.max_steps
        goal = job.stop_score if job.stop_score is not None and job.stop_score > 0 else math.inf
        stall = math.inf if job.stall_steps is None else job.stall_steps
        for taken in job.prefix:
            decide()  # it looks on
            if recorder is not None:
                recorder.overrule(taken)
            given = np.array(taken) if isinstance(taken, tuple) else taken
            _, terminated, truncated, used = step(given, observation)
            length += 1
            steps += used
            if terminated or truncated:
                break
        until = -1 if terminated or truncated else min(end, steps + stall)
        while steps < until:
            if steps >= track.next and not track.clear(steps, score):
                break
            asked = clock()
            action = decide()
            thought += clock() - asked
            reward, terminated, truncated, used = step(action, observation)
            length += 1
            steps += used
            if terminated or truncated:
                score += reward
                break
            if reward:
                score += reward
                if reward < 0:
                    goal = math.inf  # what falls may fall again: only the whole episode says what is reached
                until = -1 if score >= goal else min(end, steps + stall)
        lives = environment.lives()
    except ProgramFailed as failure:
        failed = failure
    except _Answered:
        length += 1
    finally:
        player.end()
    recording = None if recorder is None else recorder.finish()
    wall_s = time.perf_counter() - started
    if failed is not None:
        return Result(
            Failure(
                seed=job.seed,
                kind=failed.kind,
                message=failed.message,
                score=float(score),
                env_steps=int(steps),
                length=length,
                wall_s=wall_s,
                planner_steps=player.planner_steps,
            ),
            recording,
        )
    return Result(
        Episode(
            seed=job.seed,
            score=float(score),
            length=length,
            env_steps=int(steps),
            terminated=bool(terminated),
            truncated=bool(truncated),
            stopped=not (terminated or truncated),
            lives=int(lives),
            wall_s=wall_s,
            planner_steps=player.planner_steps,
            thought_s=thought,
            passed=tuple(track.returns),
        ),
        recording,
    )
