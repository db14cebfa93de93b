"""Where text for people is printed: what a terminal may move, what a pipe must hold, and what neither may get raw."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Mapping
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from hlearn.foreign_text import shown

_PIPE_WIDTH = 120  # columns where no terminal has any
_NARROW, _WIDE = 40, 2_000  # of COLUMNS, what is believed
_OFF = ("", "0", "false", "no", "off")
_SYSTEMS = {"1": "standard", "2": "256", "3": "truecolor"}


class Screen(Console):
    """A console that prints no control character which did not come from its own markup."""

    def on_broken_pipe(self) -> None:
        """Leaves it to the verb, which ends well: rich itself would end with 1, without a word."""
        raise BrokenPipeError

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Renders into segments whose text is :func:`hlearn.foreign_text.shown`."""
        for segment in super().render(renderable, options):
            if segment.control is None and (text := shown(segment.text)) != segment.text:
                yield Segment(text, segment.style)
            else:
                yield segment


class SideText(io.TextIOBase):
    """Text beside an answer, such as a log: where it cannot be written (a full disk), it ends nothing.

    What the stream still holds then is tried again with the next text.
    """

    def __init__(self, stream: IO[str]) -> None:
        super().__init__()
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the stream."""
        return str(getattr(self._stream, "encoding", "utf-8"))

    def write(self, text: str) -> int:
        """Writes it if it can be."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Writes what is held if it can be."""
        with contextlib.suppress(OSError):
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Of the stream."""
        return self._stream.fileno()


def screen_for(file: IO[str], environ: Mapping[str, str]) -> Screen:
    """Returns the console on a stream.

    ``NO_COLOR`` takes the colours, ``FORCE_COLOR`` gives them (1 to 3: how many) to what is no terminal as well;
    neither makes a terminal of a pipe. In a pipe lines are as long as they need, or 120 columns where they are to be
    filled; ``COLUMNS`` counts where it is a sensible number.
    """
    terminal = _is_terminal(file)
    colours = _colours(environ, terminal=terminal)
    known = {k: v for k, v in environ.items() if k not in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR")}
    columns = environ.get("COLUMNS", "")
    width = int(columns) if columns.isascii() and columns.isdigit() and len(columns) < 6 else 0
    return Screen(
        file=file,
        highlight=False,
        force_terminal=terminal,
        force_interactive=None if terminal else False,
        color_system=colours,  # type: ignore[arg-type]
        width=min(max(width, _NARROW), _WIDE) if width else None if terminal else _PIPE_WIDTH,
        _environ=known,
    )


def _is_terminal(file: IO[str]) -> bool:
    try:
        return file.isatty()
    except (ValueError, OSError):  # closed
        return False


def _colours(environ: Mapping[str, str], *, terminal: bool) -> str | None:
    forced = environ.get("FORCE_COLOR")
    if environ.get("NO_COLOR"):
        return None
    if forced is not None and forced.strip().lower() in _OFF[1:]:
        return None
    if terminal:
        return "auto"
    return _SYSTEMS.get(forced.strip(), "standard") if forced else None
