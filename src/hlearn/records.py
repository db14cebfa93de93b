"""Frozen values that cross the borders between rooms (layer 0: needs nothing but the standard library).

Scores keep one direction everywhere: higher is better. ``env_steps`` counts emulator frames or
environment steps *before* frame skip is folded in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hlearn.foreign_text import safe
from hlearn.program import Program as Program  # one of the values that cross borders

Hurdle = tuple[int, float | None]  # environment steps, and the least return that an episode needs there
LIFE = 0.01  # of the target: what a life counts that is left there


class Access(StrEnum):
    """What a program may observe; results of different classes never share a column."""

    RAM = "ram"  # 128 bytes of the console, uint8[128]
    PIXELS = "pixels"  # the screen, uint8[210, 160, 3]
    VECTOR = "vector"  # the environment's own state vector


class Protocol(StrEnum):
    """How an episode is run; the first three are Atari's, the last is everyone else's."""

    ARTICLE = "article"  # skip 1, no sticky actions, at most 1 no-op, FIRE on reset, 108,000-frame cap
    STICKY = "sticky"  # article with repeat_action_probability 0.25 and 1 to 30 random no-ops
    V5 = "v5"  # Gymnasium's ALE/*-v5 as registered: skip 4, sticky 0.25
    STANDARD = "standard"  # the environment as registered


class Model(StrEnum):
    """What a program may know of the environment's dynamics; results of different models never share a column."""

    NONE = "none"  # what it observes, step by step
    IDENTIFIED = "identified"  # the same, and it plans on a model that it fits from that
    SIMULATOR = "simulator"  # it may simulate: clones of the present state, rolled out in batches


class Split(StrEnum):
    """Who may see a seed: the editor (dev), the gate alone, or reports alone (holdout)."""

    DEV = "dev"
    GATE = "gate"
    HOLDOUT = "holdout"


class FailureKind(StrEnum):
    """How a program can fail; a failing harness is an exception instead."""

    CRASHED = "crashed"  # raised, or died
    TIMED_OUT = "timed_out"  # over the limit per action or per episode
    OUT_OF_MEMORY = "out_of_memory"
    INVALID_ACTION = "invalid_action"  # wrong type, out of range, NaN
    REFUSED = "refused"  # asked for what a program may not have: files, network, processes, imports


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One completed episode.

    Attributes:
        seed: environment seed.
        score: undiscounted sum of raw rewards (the return).
        length: decisions taken by the program.
        env_steps: emulator frames or environment steps consumed, resets included.
        terminated: the environment ended it.
        truncated: a time limit ended it.
        stopped: the evaluator ended it early (score target reached, or a racing cap); never set on reports
            unless the report says so.
        lives: left at its end, as the environment tells them; 0 where it tells none.
        wall_s: wall time of the whole episode (seconds); times do not make two episodes differ.
        planner_steps: environment steps that the program simulated on clones of the environment.
        thought_s: wall time of the program's decisions, simulated steps included (seconds); 0 in older ledgers.
        passed: the return at each hurdle that the episode lasted to, where there were any.
    """

    seed: int
    score: float
    length: int
    env_steps: int
    terminated: bool
    truncated: bool
    stopped: bool = False
    lives: int = 0
    wall_s: float = field(default=0.0, compare=False)
    planner_steps: int = 0
    thought_s: float = field(default=0.0, compare=False)
    passed: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Environment steps that may be spent, at one moment of a run.

    Attributes:
        total: altogether, what earlier runs of the system have spent included.
        spent: until now.
        kept: for judging; editors must leave so many.
        gate: what the gate may still spend of its share, beyond the first look of each race.
    """

    total: int
    spent: int = 0
    kept: int = 0
    gate: int = 0

    @property
    def left(self) -> int:
        """Steps that are not spent."""
        return max(0, self.total - self.spent)

    @property
    def for_editor(self) -> int:
        """Steps that an editor may spend."""
        return max(0, self.left - self.kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One episode that the program did not complete.

    Attributes:
        seed: environment seed.
        kind: the typed outcome.
        message: what happened, with the program's traceback where there is one: at most 4,000 characters, safe to
            write and to show (:func:`hlearn.foreign_text.safe`).
        score: sum of rewards until the failure; never used as a result, shown to the editor.
        env_steps: environment steps consumed, which count against the budget all the same.
        length: decisions taken before the failure.
        planner_steps: environment steps that the program simulated on clones of the environment.
    """

    seed: int
    kind: FailureKind
    message: str
    score: float = 0.0
    env_steps: int = 0
    length: int = 0
    wall_s: float = 0.0
    planner_steps: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", safe(self.message))


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """How much a run may simulate, beside the steps of the environment itself.

    Attributes:
        budget: simulated steps that editors may have programs spend in all; the gate and reports are not held by it.
        per_decision: simulated steps that a search gives its planners for one decision, about.
    """

    budget: int
    per_decision: int = 600


Outcome = Episode | Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a proposal cost beside environment steps, as its editor tells it; 0 where it tells nothing.

    Attributes:
        input_tokens: tokens that a model read, cached ones included.
        output_tokens: tokens that it wrote.
        usd: money, US dollars.
        seconds: wall time of making it, measuring included.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            usd=self.usd + other.usd,
            seconds=self.seconds + other.seconds,
        )

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.input_tokens + self.output_tokens


NO_COST = Cost()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingCaps:
    """What learning may cost beside environment steps; None: no cap.

    Attributes:
        usd: US dollars of the system's editors in all.
        tokens: tokens read and written by models, in all.
        seconds: wall time of one sitting.
    """

    usd: float | None = None
    tokens: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("usd", "tokens", "seconds"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"a cap must be above 0, got {name} {value}")


def cost_of(outcome: Outcome) -> int:
    """What an episode costs a budget: its environment steps, and one where a program failed before the first.

    So a search whose programs all fail at once comes to its end.
    """
    return max(1, outcome.env_steps)


def lives_left_at_target(outcome: Outcome, target: float | None) -> int:
    """Lives left where an episode reached the target, else 0: who dallies before it keeps them to no purpose."""
    reached = target is not None and isinstance(outcome, Episode) and outcome.score >= target
    return outcome.lives if reached and isinstance(outcome, Episode) else 0


def life_bonus(target: float | None) -> float:
    """Points that a life counts which is left at the target.

    Among programs that reach it in nearly every episode lives tell sooner than rare misses which one is safe.
    """
    return LIFE * abs(target or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a program did on a list of seeds of one split, in the order of the seeds."""

    program: str  # SHA-256
    split: Split
    outcomes: tuple[Outcome, ...]

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """The completed episodes, in seed order."""
        return tuple(o for o in self.outcomes if isinstance(o, Episode))

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The failed episodes, in seed order."""
        return tuple(o for o in self.outcomes if isinstance(o, Failure))

    @property
    def scores(self) -> tuple[float, ...]:
        """Returns of the completed episodes (higher is better)."""
        return tuple(e.score for e in self.episodes)

    @property
    def env_steps(self) -> int:
        """Environment steps consumed, failures included."""
        return sum(o.env_steps for o in self.outcomes)

    @property
    def planner_steps(self) -> int:
        """Environment steps that the program simulated, failures included."""
        return sum(o.planner_steps for o in self.outcomes)

    @property
    def mean(self) -> float | None:
        """Mean score, or None where any episode failed or none was run."""
        if self.failures or not self.outcomes:
            return None
        return sum(self.scores) / len(self.scores)
