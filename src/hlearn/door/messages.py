"""What is said at the door, and how it is written: one line of JSON each way, bounded in size."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from hlearn.evaluate.api import Question, Record
from hlearn.ledger.codec import decode, encode
from hlearn.program import ProgramFile
from hlearn.records import Outcome, Program

REQUEST_LIMIT = 4 << 20  # bytes of a line
ANSWER_LIMIT = 16 << 20
MOST_EPISODES = 200
MOST_PICTURES = 16
ENVIRONMENT = "HL_LAB"  # the variable that names the socket


MOST_ASKED = 16  # decisions of a visit


class DoorRefusal(StrEnum):
    """Why the door gives no result."""

    MALFORMED = "malformed"  # no request, or one that is too long
    BUDGET = "budget"  # the run has nothing left to spend on this
    BUSY = "busy"  # too many at the door


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisit:
    """One episode to be looked at: measured and paid like any, then played again with what is to be kept of it.

    Attributes:
        seed: a development seed.
        record: what is kept.
        steps: decisions that the program is asked about, from 0, rising, at most :data:`MOST_ASKED`.
        scales: by path, what is a large change of a value (:class:`hlearn.evaluate.api.Question`).
        observation: whether components of the observation may be changed too.
    """

    seed: int
    record: Record
    steps: tuple[int, ...] = ()
    scales: tuple[tuple[str, float], ...] = ()
    observation: bool = False

    @property
    def question(self) -> Question | None:
        """What the program is asked."""
        if not self.steps:
            return None
        return Question(steps=self.steps, scales=self.scales, observation=self.observation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Measure a program on the first development seeds of the run, or look at one episode.

    Attributes:
        source: of the program, or of the main module of a package.
        files: other files of the package: path within it, bytes in base64.
        episodes: how many, up to :data:`MOST_EPISODES`; 0 asks for the budget alone.
        pictures: of the first episode, at most so many, up to :data:`MOST_PICTURES`.
        revisit: look at this episode instead; ``episodes`` and ``pictures`` say nothing then.
        tool: source of a kept tool (:mod:`hlearn.system.kept_tools`) to run on what was played; "" for none.
    """

    source: str
    files: tuple[tuple[str, str], ...] = ()
    episodes: int
    pictures: int = 0
    revisit: Revisit | None = None
    tool: str = ""

    @classmethod
    def of(
        cls,
        program: Program,
        episodes: int = 0,
        *,
        pictures: int = 0,
        revisit: Revisit | None = None,
        tool: str = "",
    ) -> Self:
        """Asks for this program."""
        files = tuple((f.path, base64.b64encode(f.data).decode()) for f in program.files)
        return cls(
            source=program.source,
            files=files,
            episodes=episodes,
            pictures=pictures,
            revisit=revisit,
            tool=tool,
        )

    @property
    def program(self) -> Program:
        """What to measure.

        Raises:
            ValueError: the files make up no program.
        """
        files = (ProgramFile(path=p, data=base64.b64decode(d, validate=True)) for p, d in self.files)
        return Program(source=self.source, files=tuple(files))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was measured, or why not.

    Attributes:
        outcomes: one per episode, in the order of the seeds; empty where there is a refusal.
        charged: episodes that were played for this, others were known.
        charged_steps: environment steps that this cost.
        remaining: environment steps that the run may still spend on editing.
        pictures: of the first episode in equal distances, each packed by zlib, in base64.
        picture_shape: height, width and colours of each.
        recording: of the episode that was looked at (:mod:`hlearn.door.recordings`), "" for none.
        tool: what became of the tool, as JSON.
        refusal: why there is no result.
        why: the same, for people.
    """

    outcomes: tuple[Outcome, ...] = ()
    charged: int = 0
    charged_steps: int = 0
    remaining: int = 0
    pictures: tuple[str, ...] = ()
    picture_shape: tuple[int, ...] = ()
    recording: str = ""
    tool: str = ""
    refusal: DoorRefusal | None = None
    why: str = ""


def to_line(message: Request | Reply) -> bytes:
    """Writes a message as one line."""
    return json.dumps(encode(message), allow_nan=False).encode() + b"\n"


def read_request(line: bytes) -> Request:
    """Reads a request.

    Raises:
        ValueError: it is none; says what was expected.
    """
    try:
        request = decode(Request, json.loads(line))
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(
            f'expected one line of JSON such as {{"source": "...", "episodes": 3}}: {error}'
        ) from None
    assert isinstance(request, Request)
    if not 0 <= request.episodes <= MOST_EPISODES:
        raise ValueError(f"expected at most {MOST_EPISODES} episodes, got {request.episodes}")
    if not 0 <= request.pictures <= MOST_PICTURES:
        raise ValueError(f"expected at most {MOST_PICTURES} pictures, got {request.pictures}")
    if request.revisit is not None and len(request.revisit.steps) > MOST_ASKED:
        raise ValueError(f"expected at most {MOST_ASKED} decisions, got {len(request.revisit.steps)}")
    return request


def read_answer(line: bytes) -> Reply:
    """Reads an answer.

    Raises:
        ValueError: it is none.
    """
    try:
        answer = decode(Reply, json.loads(line))
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    assert isinstance(answer, Reply)
    return answer
