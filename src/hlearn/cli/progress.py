"""Live progress of learning: a panel on a terminal, timestamped lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hlearn.cli.terminal import keys_unseen
from hlearn.cli.words import count, duration, number, several, sparkline
from hlearn.foreign_text import safe_line
from hlearn.lab import Progress, RunStatus
from hlearn.ledger import Decision, Purpose, Trial
from hlearn.records import Outcome
from hlearn.tasks.scores import human_normalized_score

_REFRESH_HZ = 3.0
_LINE_EVERY_S = 5.0
_QUIET_S = 5.0  # after so long without news the panel says how long
_QUIET_LINE_S = 30.0  # and lines say that it goes on
_RATE_WINDOW_S = 60.0
_CURVE_POINTS = 2048
_CURVE_WIDTH = 48
_LINE = 2_000  # characters of a line at most


class Pace:
    """How fast steps are spent lately, and when they will be spent.

    Args:
        monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, steps: int, *, reporting: bool = False) -> None:
        """Notes how many steps have been spent by now; reports at the end spend none."""
        now = self._monotonic()
        if reporting:
            self._seen.clear()
        if self._seen and now - self._seen[-1][0] < 0.5:
            return
        self._seen.append((now, steps))
        while now - self._seen[0][0] > _RATE_WINDOW_S and len(self._seen) > 2:
            self._seen.popleft()

    @property
    def steps_per_s(self) -> float:
        """Steps per second over the last minute, 0 while unknown."""
        if len(self._seen) < 2:
            return 0.0
        (t0, s0), (t1, s1) = self._seen[0], self._seen[-1]
        return max(0.0, (s1 - s0) / max(t1 - t0, 1e-9))

    def left_s(self, standing: RunStatus) -> float | None:
        """Seconds until the budget is spent, None while unknown."""
        rate = self.steps_per_s
        return standing.budget.left / rate if rate > 0 else None


class LivePanel:
    """Shows a panel that is redrawn a few times per second by a thread of its own.

    A call only keeps a reference, so that showing costs the loop next to nothing.

    Args:
        title: the task and how it is learnt.
        env_id: for the human-normalised score.
        console: a terminal.
    """

    def __init__(self, title: str, env_id: str, console: Console) -> None:
        self._title, self._env_id, self._console = title, env_id, console
        self._standing: RunStatus | None = None
        self._pace = Pace()
        self._began = self._heard = time.monotonic()
        self._curve: list[float] = []
        self._live = Live(
            get_renderable=self._draw,
            console=console,
            refresh_per_second=_REFRESH_HZ,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def said(self, text: str, standing: RunStatus) -> None:
        """Something else is being tried now."""
        self._hear(standing)

    def playing(self, purpose: Purpose, done: int, jobs: int, standing: RunStatus) -> None:
        """A batch goes on."""
        self._hear(standing)
        self._pace.note(standing.budget.spent, reporting=purpose is Purpose.REPORT)

    def measured(self, purpose: Purpose, outcomes: Sequence[Outcome], standing: RunStatus) -> None:
        """Episodes were played and recorded."""
        self._hear(standing)
        self._pace.note(standing.budget.spent, reporting=purpose is Purpose.REPORT)
        if standing.best_dev is not None:
            self._curve.append(standing.best_dev)
            if len(self._curve) > _CURVE_POINTS:
                del self._curve[::2]

    def judged(self, trial: Trial, standing: RunStatus) -> None:
        """The gate decided."""
        self._hear(standing)
        style = "green" if trial.decision is Decision.ACCEPTED else "dim"
        self._console.print(Text(verdict_line(trial), style=style, overflow="ellipsis", no_wrap=True))

    def noted(self, text: str) -> None:
        """Something to know about the task."""
        self._console.print(Text(f"note: {text}", style="yellow"), soft_wrap=True)

    def _hear(self, standing: RunStatus) -> None:
        self._standing, self._heard = standing, time.monotonic()

    def _draw(self) -> RenderableType:
        standing = self._standing
        elapsed = duration(time.monotonic() - self._began)
        if standing is None:
            return Panel(
                Text(f"opening and trying the environment  {elapsed}"), title=self._title, title_align="left"
            )
        left = self._pace.left_s(standing)
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        table.add_row("trying", Text(doing(standing) or "…"))
        table.add_row("champion", Text(champion_words(standing, self._env_id)))
        table.add_row("best", Text(sparkline(self._curve, _CURVE_WIDTH) + _best(standing)))
        table.add_row(
            "trials",
            Text(
                f"{standing.trials} judged, {standing.accepted} accepted   {several(standing.episodes, 'episode')}"
            ),
        )
        spent = min(standing.budget.spent, standing.budget.total)
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=standing.budget.total, completed=spent, width=32),
            Text(f"{count(standing.budget.spent)} / {count(standing.budget.total)}"),
            Text(f"{count(round(self._pace.steps_per_s))}/s", style="dim"),
        )
        table.add_row("steps", bar)
        ahead = "" if left is None else f"   at most {duration(left)} left"
        quiet = time.monotonic() - self._heard
        since = f"   {duration(quiet)} since the last result" if quiet > _QUIET_S else ""
        table.add_row("time", Text(elapsed + ahead + since))
        hint = Text("Ctrl-C stops and keeps everything", style="dim")
        return Panel(Group(table, hint), title=self._title, title_align="left")


class Lines:
    """Prints plain lines, at most one in five seconds beside the gate's verdicts.

    Where nothing new is heard, as within a long episode, a thread of its own says every thirty seconds that it goes on.

    Args:
        env_id: for the human-normalised score.
        console: where to.
        monotonic: seconds.
    """

    def __init__(
        self, env_id: str, console: Console, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._env_id, self._console, self._monotonic = env_id, console, monotonic
        self._next = monotonic()
        self._pace = Pace(monotonic)
        self._standing: RunStatus | None = None
        self._heard = self._printed = monotonic()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._ticker.join()

    def said(self, text: str, standing: RunStatus) -> None:
        """Something else is being tried now."""
        self._maybe(standing)

    def playing(self, purpose: Purpose, done: int, jobs: int, standing: RunStatus) -> None:
        """A batch goes on."""
        self._pace.note(standing.budget.spent, reporting=purpose is Purpose.REPORT)
        self._maybe(standing)

    def measured(self, purpose: Purpose, outcomes: Sequence[Outcome], standing: RunStatus) -> None:
        """Episodes were played and recorded."""
        self._pace.note(standing.budget.spent, reporting=purpose is Purpose.REPORT)
        self._maybe(standing)

    def judged(self, trial: Trial, standing: RunStatus) -> None:
        """The gate decided."""
        self._print(verdict_line(trial))

    def noted(self, text: str) -> None:
        """Something to know about the task."""
        self._print(f"note: {text}")

    def still(self) -> None:
        """Says that it goes on, if nothing was printed for long."""
        now = self._monotonic()
        if now - self._printed < _QUIET_LINE_S:
            return
        what = doing(self._standing) if self._standing else "opening and trying the environment"
        self._print(f"{duration(now - self._heard)} since the last result | {what or 'playing'}")

    def _tick(self) -> None:
        while not self._over.wait(1.0):
            self.still()

    def _maybe(self, standing: RunStatus) -> None:
        self._standing, self._heard = standing, self._monotonic()
        if self._heard < self._next:
            return
        self._next = self._heard + _LINE_EVERY_S
        left = self._pace.left_s(standing)
        parts = [
            f"{count(standing.budget.spent)}/{count(standing.budget.total)} steps",
            f"champion {champion_words(standing, self._env_id)}",
            f"best {number(standing.best_dev)}",
            f"{several(standing.trials, 'trial')}, {standing.accepted} accepted",
        ]
        if left is not None:
            parts.append(f"at most {duration(left)} left")
        if standing.saying:
            parts.append(doing(standing))
        self._print(" | ".join(parts))

    def _print(self, text: str) -> None:
        self._printed = self._monotonic()
        stamp = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
        print(f"{stamp} {safe_line(text, _LINE)}", file=self._console.file, flush=True)


@contextmanager
def showing(title: str, env_id: str, console: Console) -> Iterator[Progress]:
    """Shows progress while the block runs: a panel on a terminal, else lines."""
    display: LivePanel | Lines = (
        LivePanel(title, env_id, console) if _moves(console) else Lines(env_id, console)
    )
    with keys_unseen(console.file), display as progress:
        yield progress


def _moves(console: Console) -> bool:
    """Whether what was printed can be printed over: not in a pipe, not on a terminal that knows no codes."""
    return console.is_terminal and not console.is_dumb_terminal


def verdict_line(trial: Trial) -> str:
    """One line about a trial: what the gate decided, on what scores, and why."""
    scores = number(trial.challenger_mean) if trial.challenger_mean is not None else ""
    if scores and trial.champion_mean is not None:
        scores += f" against {number(trial.champion_mean)}"
    reason = trial.reasons[0].splitlines()[0] if trial.reasons else ""
    said = f"trial {trial.trial} {trial.decision.value}"
    return f"{said}{f' ({scores})' if scores else ''}: {trial.note}" + (
        "" if trial.decision is Decision.ACCEPTED or not reason else f" [{reason}]"
    )


def doing(standing: RunStatus) -> str:
    """What plays now; in the report, how many episodes it has left, its later parts included."""
    if standing.episodes_left is None:
        return standing.saying
    return f"report: {standing.saying}, at most {several(standing.episodes_left, 'episode')} left"


def champion_words(standing: RunStatus, env_id: str) -> str:
    """The champion's gate score, with its human-normalised score where there is one."""
    if standing.champion_score is None:
        return "none yet" if standing.champion is None else "not scored yet"
    hns = human_normalized_score(env_id, standing.champion_score)
    return number(standing.champion_score) + ("" if hns is None else f" (HNS {hns:.2f})")


def _best(standing: RunStatus) -> str:
    return "" if standing.best_dev is None else f" {number(standing.best_dev)}"
