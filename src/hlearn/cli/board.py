"""Live progress of a suite: a board on a terminal, timestamped lines elsewhere, JSON lines where asked for."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import median

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hlearn.cli.output import json_line
from hlearn.cli.words import count, duration, number
from hlearn.foreign_text import safe_line
from hlearn.suites.driver import SuiteListener, seconds_left
from hlearn.suites.folder import TrackState, TrackStatus
from hlearn.suites.report import as_row, normalized
from hlearn.suites.suite import Track

_LINE_EVERY_S = 30.0
_LINE = 1_000


class Board:
    """Shows where a suite stands.

    Args:
        name: of the suite.
        console: where to.
        events: also print a JSON line on stdout for every track that starts or ends.
    """

    def __init__(self, name: str, console: Console, *, events: bool) -> None:
        self._name, self._console, self._events = name, console, events
        self._began = time.monotonic()
        self._first_steps: int | None = None
        self._printed = 0.0
        self.states: Sequence[TrackState] = ()
        self.moves = console.is_terminal and not console.is_dumb_terminal

    def started(self, track: Track) -> None:
        """A track started, or goes on."""
        self._event({"event": "started", "track": track.name})
        if not self.moves:
            self._line(f"{track.name} started")

    def ended(self, state: TrackState) -> None:
        """A track is done, has failed or was stopped."""
        self._event({"event": state.status.value, **as_row(state)})
        score = "" if state.result is None else f", score {number(state.result.get('score'))}"
        value = normalized(state)
        scale = "" if value is None else f" (normalised {value:.2f})"
        text = f"{state.track.name} {state.status.value}{score}{scale}{': ' + state.reason if state.reason else ''}"
        if self.moves:
            style = "red" if state.status is TrackStatus.FAILED else "green"
            self._console.print(Text(safe_line(text, _LINE), style=style, overflow="ellipsis", no_wrap=True))
        else:
            self._line(text)

    def waiting(self, states: Sequence[TrackState]) -> None:
        """Some time passed."""
        self.states = states
        if self._first_steps is None:
            self._first_steps = sum(s.steps for s in states)
        now = time.monotonic()
        if not self.moves and now - self._printed >= _LINE_EVERY_S:
            self._printed = now
            self._line(self.summary())

    def summary(self) -> str:
        """Counts, pace, time left and the median so far, on one line."""
        states = self.states
        by = {s: sum(t.status is s for t in states) for s in TrackStatus}
        passed = max(time.monotonic() - self._began, 1e-9)
        spent = sum(s.steps for s in states) - (self._first_steps or 0)
        left = seconds_left(states, self._first_steps or 0, self._began)
        values = [v for s in states if (v := normalized(s)) is not None]
        parts = [f"{by[TrackStatus.DONE]} of {len(states)} done", f"{by[TrackStatus.RUNNING]} running"]
        if by[TrackStatus.FAILED]:
            parts.append(f"{by[TrackStatus.FAILED]} failed")
        parts.append(f"{count(round(spent / passed))} steps/s")
        if left is not None:
            parts.append(f"at most {duration(left)} left")
        if values:
            parts.append(f"median so far {median(values):.3f}")
        return " | ".join(parts)

    def __rich__(self) -> RenderableType:
        done = sum(s.status is TrackStatus.DONE for s in self.states)
        table = Table.grid(padding=(0, 2))
        for state in self.states:
            if state.status is not TrackStatus.RUNNING:
                continue
            bar = ProgressBar(total=max(state.track.steps, 1), completed=state.steps, width=20)
            level = number(state.champion_score)
            table.add_row(
                Text(state.track.name, overflow="ellipsis", no_wrap=True),
                bar,
                count(state.steps),
                f"champion {level}",
            )
        whole = ProgressBar(total=max(len(self.states), 1), completed=done, width=60)
        hint = Text("Ctrl-C stops and keeps everything; the same command goes on", style="dim")
        return Panel(
            Group(Text(self.summary()), whole, table, hint), title=f"suite {self._name}", title_align="left"
        )

    def _line(self, text: str) -> None:
        stamp = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
        print(f"{stamp} {safe_line(text, _LINE)}", file=self._console.file, flush=True)

    def _event(self, data: dict[str, object]) -> None:
        if self._events:
            print(json_line(data), file=sys.stdout, flush=True)


@contextmanager
def showing_suite(name: str, console: Console, *, as_json: bool) -> Iterator[SuiteListener]:
    """Shows progress while the block runs."""
    board = Board(name, console, events=as_json)
    if not board.moves:
        yield board
        return
    with Live(board, console=console, refresh_per_second=2.0, transient=True):
        yield board
