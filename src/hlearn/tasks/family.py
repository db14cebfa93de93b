"""The door that every family of environments goes through: from an id to an environment, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from typing import Protocol as Interface

from hlearn.records import Access, Protocol
from hlearn.tasks.environment import Environment
from hlearn.tasks.task import Scalar, Task


class ScoreScale(NamedTuple):
    """What random play and a human tester score (raw points, higher is better)."""

    random: float
    human: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What is known of a task's episodes without playing one.

    Attributes:
        seed_matters: False where every seed gives the same episode for the same actions.
        report_cap: environment steps at which reports stop an episode; None where the environment has a time limit.
        is_own: True for somebody's own code, which is tried for repeatability before anything is learnt.
        decisions_per_second: of an episode that is shown at its natural speed.
        flickers: pictures show many objects in every other frame only (consoles).
    """

    seed_matters: bool = True
    report_cap: int | None = None
    is_own: bool = True
    decisions_per_second: float = 30.0
    flickers: bool = False


class EnvironmentFamily(Interface):
    """Environments that are found, opened and scored alike.

    Attributes:
        name: for messages.
        protocols: how episodes can be run, the default first.
        default_steps: environment steps of a learning run where the user names none.
    """

    name: str
    protocols: tuple[Protocol, ...]
    default_steps: int

    def claims(self, env_id: str) -> bool:
        """Whether this family has the say over an id; the first family that claims it is asked."""

    def accesses(self, env_id: str, kwargs: Mapping[str, Scalar]) -> tuple[Access, ...]:
        """What programs may observe in this family; nothing is opened to find out.

        Returns:
            In the order in which they are tried where the user names none: the first that :meth:`open` takes.

        Raises:
            UnknownTask: there is no such environment; names near ones.
        """

    def open(self, task: Task, *, render: bool) -> Environment:
        """Opens the environment of a task whose access and protocol are among those named.

        Args:
            task: the task.
            render: also make :meth:`Environment.render` work.

        Raises:
            UnknownTask: there is no such environment.
            UnsupportedAccess: it shows something else.
            MissingExtra: it needs a package that is not installed.
            EnvironmentFault: its own code raises.
            UsageError: it does not take the task's arguments, or its spaces have no translation.
        """

    def traits(self, task: Task) -> Traits:
        """What is known of the task's episodes."""

    def score_scale(self, env_id: str) -> ScoreScale | None:
        """What normalises scores; None where nobody published it."""
