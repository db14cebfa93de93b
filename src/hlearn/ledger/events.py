"""What the ledger can say: one frozen class per event.

An event's name in the file is the class name in snake case. Fields are only ever added, with a default; any
other change raises :data:`SCHEMA`. Words of strangers (notes, reasons, outputs) are made safe as an event is made, so
what stands in the ledger can be committed, written and shown; names that mean something (an editor's command, an
environment's id and arguments) stay as they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from hlearn.evaluate.api import Job, Record
from hlearn.foreign_text import safe, safe_line
from hlearn.ledger.seals import ADOPTION
from hlearn.records import NO_COST, Access, Cost, Hurdle, Model, Outcome, Planning, Protocol, Split, cost_of
from hlearn.tasks.task import Scalar, Task

SCHEMA = 2  # 1: before lines had seals
TUNER = "tuner"  # the editor of trials in which an agent's numbers were set
_SAID = 8000  # characters of what a command said


class Purpose(StrEnum):
    """Why an episode was played; reports stand outside the learning budget, everything else is in it."""

    EDIT = "edit"  # an editor measured it on dev seeds
    GATE = "gate"  # challenger or champion before the gate
    CASE = "case"  # a regression case
    REPORT = "report"  # holdout and controls, after learning


class Decision(StrEnum):
    """What the gate said."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What ended an episode early or was kept of it; part of every measurement's identity."""

    max_steps: int | None = None
    stop_score: float | None = None
    stall_steps: int | None = None
    hurdles: tuple[Hurdle, ...] = ()
    record: Record = Record.NOTHING
    record_limit: int | None = None
    prefix: str = ""  # SHA-256 of the actions that were taken first

    @classmethod
    def of(cls, job: Job) -> Caps:
        """The caps of a job."""
        return cls(
            max_steps=job.max_steps,
            stop_score=job.stop_score,
            stall_steps=job.stall_steps,
            hurdles=job.hurdles,
            record=job.record,
            record_limit=job.record_limit,
            prefix=prefix_hash(job.prefix),
        )


def prefix_hash(prefix: tuple[int | tuple[float, ...], ...]) -> str:
    """SHA-256 of the actions that are taken first, "" for none."""
    return hashlib.sha256(repr(prefix).encode()).hexdigest() if prefix else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A learning run begins; every later row with the same ``run`` was obtained under what stands here.

    Attributes:
        run: number of the run in this system, from 1.
        steps: environment steps that the system may have spent when the run ends.
        spent: environment steps that earlier runs had spent.
        versions: package names and versions that decide an episode's bits.
        model: whether programs may simulate.
        variant: how the environment differs from the registered one.
        planning: how much they may simulate, None where they may not.
    """

    run: int
    env_id: str
    access: Access
    protocol: Protocol
    kwargs: tuple[tuple[str, Scalar], ...] = ()
    target: float | None = None
    task: str
    seed: int
    steps: int
    spent: int = 0
    editor: str
    workers: int
    champion: str | None = None
    versions: tuple[tuple[str, str], ...] = ()
    model: Model = Model.NONE
    variant: str = ""
    planning: Planning | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResumed:
    """The same run goes on after it was interrupted or killed."""

    run: int
    versions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One program's episodes under the same caps.

    Attributes:
        program: SHA-256 of the source.
        task: the task's key.
        key: id of the key that the seeds were drawn with; "" where the labels themselves were the seeds.
        outcomes: each with its seed, score, length, environment steps and how it ended.
    """

    run: int
    program: str
    task: str
    env_id: str
    access: Access
    protocol: Protocol
    split: Split
    purpose: Purpose
    caps: Caps = Caps()
    key: str = ""
    outcomes: tuple[Outcome, ...]
    model: Model = Model.NONE
    variant: str = ""

    @property
    def env_steps(self) -> int:
        """Environment steps consumed, failures included."""
        return sum(o.env_steps for o in self.outcomes)

    @property
    def planner_steps(self) -> int:
        """Environment steps that the program simulated for them, failures included."""
        return sum(o.planner_steps for o in self.outcomes)

    @property
    def cost(self) -> int:
        """What they cost a budget: their environment steps, one at least for each."""
        return sum(map(cost_of, self.outcomes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Environment steps used without a program (golden observations); they count like any other."""

    what: str
    env_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramAdded:
    """A program was proposed to the gate; its source is in the program store."""

    program: str
    parent: str | None = None
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "note", safe_line(self.note))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One propose, measure, decide cycle.

    Attributes:
        trial: number within the system, from 1.
        pairs: gate seeds that both programs played.
        challenger_mean: mean gate score of the challenger, None where an episode failed.
        champion_mean: the champion's on the same seeds, None where there was no champion.
        first_seed: position in its split of the first pair's seed, the others follow it; None in ledgers of an older
            hlearn, where each run began at seeds of its own.
        longest: environment steps at which the pairs' episodes would have been cut, None for whole ones.
        final: whether all of alpha was spent on these two programs, so that more pairs decide nothing.
        files: what an accepted trial brings beside its program, cases among it (path within the system, text), so that
            the ledger alone can finish its commit.
        cost: what making the proposal cost beside environment steps, earlier attempts that were none included; None
            where nothing is known. What a run has cost altogether is the sum of its :class:`EditorRan` rows.
        attachments: what was kept of making it: path within the system and SHA-256.
        editor: who proposed it where that was not the run's editor, such as its tuner; "" for the run's.
    """

    run: int
    trial: int
    program: str
    champion: str | None = None
    note: str
    decision: Decision
    reasons: tuple[str, ...]
    pairs: int = 0
    challenger_mean: float | None = None
    champion_mean: float | None = None
    env_steps: int = 0
    first_seed: int | None = None
    longest: int | None = None
    final: bool = False
    files: tuple[tuple[str, str], ...] = ()
    cost: Cost | None = None
    attachments: tuple[tuple[str, str], ...] = ()
    editor: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "note", safe_line(self.note))
        object.__setattr__(self, "reasons", tuple(safe(reason) for reason in self.reasons))


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """An accepted trial became a commit."""

    trial: int
    program: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """The champion of an earlier trial was restored by a new commit."""

    trial: int
    program: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldoutUsed:
    """Holdout seeds were played for a report."""

    program: str
    first: int
    episodes: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """A run came to its end; one that was interrupted has no such row.

    Attributes:
        why: "target reached", "budget spent", "nothing more to try" or "another run took over".
        seconds: wall time of the sitting that ended it.
        overhead_s: the part of it in which no episode was being played.
    """

    run: int
    why: str
    champion: str | None = None
    seconds: float = 0.0
    overhead_s: float = 0.0


class Refusal(StrEnum):
    """Why an editor's attempt was no proposal.

    From TASK_CHANGED on it is tampering: what was judged would not have been what is kept, or a check none. Of added
    files that are not taken (cases, and what would steer tests, stand in for modules or bear the gate's names) the row
    says so, and the program is judged without them.
    """

    NO_CHANGE = "no_change"  # the program is as it was
    NO_PLAIN_FILE = "no_plain_file"  # a link, a folder or a device where a file should be
    TOO_LARGE = "too_large"
    NO_TEXT = "no_text"  # not UTF-8
    UNFIT_CASE = "unfit_case"  # a file in cases/ that says no regression case
    UNFIT_TOOL = "unfit_tool"  # a file in tools/ that cannot be a kept tool
    UNAUTHORIZED = "unauthorized"  # the model's endpoint does not take the key
    LIMITED = "limited"  # the endpoint's limit of requests, or the client's of money or turns
    UNREACHABLE = "unreachable"  # nobody answers at the endpoint, or it breaks off
    TIMED_OUT = "timed_out"  # the command was ended at its time limit, and had changed nothing
    CLIENT_FAILED = "client_failed"  # the client says that it failed, and had changed nothing
    TASK_CHANGED = "task_changed"  # hl.toml
    TESTS_CHANGED = "tests_changed"  # a test that stands was edited or deleted
    CASES_CHANGED = "cases_changed"  # a case that stands was edited or deleted
    FILE_CHANGED = "file_changed"  # another file that is not the editor's
    LEDGER_FORGED = "ledger_forged"  # a ledger or a program store was put where there was none
    TESTS_STEERED = "tests_steered"  # settings, hooks or plugins of the tests: conftest.py, pytest.ini, ...
    SHADOWS_MODULE = "shadows_module"  # an added module that stands in for another one
    RESERVED_NAME = "reserved_name"  # an added case of a name that the gate uses
    SYSTEM_DISTURBED = "system_disturbed"  # files of the system's own folder were changed meanwhile; put back
    HISTORY_MOVED = "history_moved"  # HEAD or branch of the system's own repository moved meanwhile; put back
    SUPERVISOR_KILLED = "supervisor_killed"  # the process that ends what a command started was ended by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An editor's attempt that was no proposal: it failed, changed nothing, or changed what it may not.

    Attributes:
        why: what happened, with the end of what it said.
        kind: the same, typed; None in rows of an hlearn that did not type it.
    """

    run: int
    why: str
    kind: Refusal | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "why", safe(self.why, _SAID))


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorRan:
    """A client of an editor (a coding agent) or its tuner was run once and has ended, whatever came of it.

    Written as soon as it ends, so that what it cost is known even where the run is killed before anything is judged.

    Attributes:
        editor: its name.
        cost: as the client tells it; its time is measured.
        status: exit status, which says nothing about what was done.
        fault: what went wrong by the client's own words, None where nothing did.
        said: its last words.
        transcript: what was kept of its output: path within the system and SHA-256; None where nothing was.
        env_steps: environment steps that were charged meanwhile; 0 also in rows of an hlearn that did not count them.
    """

    run: int
    editor: str
    cost: Cost = NO_COST
    status: int = 0
    fault: Refusal | None = None
    said: str = ""
    transcript: tuple[str, str] | None = None
    env_steps: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "said", safe(self.said, _SAID))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAdopted:
    """From this line on the ledger is sealed with a key, and episodes are seeded with it.

    Attributes:
        key: its public id.
        seeds: SHA-256 of the secret that seeds are drawn from, so that no other can be shown later.
        why: why the system takes a key, or another one.
    """

    key: str
    seeds: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedsOpened:
    """The secret that the seeds of a key are drawn from, for everybody to play its episodes again.

    Attributes:
        secret: hexadecimal; its SHA-256 is the commitment of the key's adoption.
    """

    key: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Free text, for people."""

    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", safe(self.text, _SAID))


Event = (
    RunStarted
    | RunResumed
    | Measured
    | Spent
    | ProgramAdded
    | Trial
    | Committed
    | RolledBack
    | HoldoutUsed
    | RunEnded
    | Refused
    | EditorRan
    | KeyAdopted
    | SeedsOpened
    | Note
)

_NAMES: dict[type, str] = {
    RunStarted: "run_started",
    RunResumed: "run_resumed",
    Measured: "measured",
    Spent: "spent",
    ProgramAdded: "program_added",
    Trial: "trial",
    Committed: "committed",
    RolledBack: "rolled_back",
    HoldoutUsed: "holdout_used",
    RunEnded: "run_ended",
    Refused: "refused",
    EditorRan: "editor_ran",
    KeyAdopted: ADOPTION,
    SeedsOpened: "seeds_opened",
    Note: "note",
}
KINDS: dict[str, type] = {name: cls for cls, name in _NAMES.items()}


def name_of(event: Event) -> str:
    """The event's name in the file."""
    return _NAMES[type(event)]


def started(
    task: Task,
    *,
    run: int,
    seed: int,
    steps: int,
    spent: int,
    editor: str,
    workers: int,
    champion: str | None,
    versions: tuple[tuple[str, str], ...],
    planning: Planning | None = None,
) -> RunStarted:
    """The first row of a run on a task."""
    return RunStarted(
        run=run,
        env_id=task.env_id,
        access=task.access,
        protocol=task.protocol,
        kwargs=task.kwargs,
        target=task.target,
        task=task.key,
        seed=seed,
        steps=steps,
        spent=spent,
        editor=editor,
        workers=workers,
        champion=champion,
        versions=versions,
        model=task.model,
        variant=task.variant,
        planning=planning,
    )
