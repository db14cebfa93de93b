"""What every verb shares: where text goes, the JSON object at the end, and how errors become exit codes."""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import json
import math
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, ParamSpec, cast

import typer

from hlearn.errors import BudgetExhausted, HarnessError, HlearnError, LedgerCorrupt, UsageError, is_full
from hlearn.foreign_text import encoded, safe, shown

if TYPE_CHECKING:
    from rich.console import Console

P = ParamSpec("P")
_SAID = 16_000  # characters of an error's text
DONE, NO, USAGE, FAULT, STOPPED = 0, 1, 2, 3, 130
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_MISPLACED = (errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO)

AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object on the last line of stdout; text goes to stderr."),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.", hidden=True)]


class Stop(KeyboardInterrupt):
    """A request to end by a signal; ``code`` is the exit code as shells count signals: 130, 143, 129."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a verb comes to.

    Attributes:
        data: the JSON object's fields.
        code: exit code: 0 done, 1 the answer is no, 130 stopped by the user.
    """

    data: Mapping[str, object] = field(default_factory=dict)
    code: int = DONE


def verb(function: Callable[P, Answer]) -> Callable[P, None]:
    """Makes a command of a function: prints its answer as JSON where asked to, and exits with the right code.

    The function must take ``as_json`` and ``debug``; what it takes as ``env_timeout`` holds for the environments
    that it opens.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        as_json, debug = bool(kwargs.get("as_json")), bool(kwargs.get("debug"))
        _take_any_letter()
        try:
            with _patience(kwargs.get("env_timeout")):
                answer = function(*args, **kwargs)
        except typer.Exit:
            raise
        except KeyboardInterrupt as stop:
            code = stop.code if isinstance(stop, Stop) else STOPPED
            _tell("stopped")
            answer = Answer(data=_error("Interrupted", "stopped by the user", code), code=code)
        except BrokenPipeError:  # the reader of our output left, as head does
            _silence()
            raise typer.Exit(DONE) from None
        except Exception as error:  # noqa: BLE001 - the border of the program: every error becomes an exit code
            answer = _failed(error, debug=debug)
        delivered = _deliver(json_line(answer.data) if as_json else None)
        _let_go_of_stderr()
        raise typer.Exit(answer.code if delivered else FAULT)

    return run


def _deliver(line: str | None) -> bool:
    """Writes what is still to be written; False where it cannot be (a full disk), which is told on stderr."""
    try:
        sys.stdout.flush()
        if line is not None:
            print(line, flush=True)
    except BrokenPipeError:  # nobody listens; the exit code still says it
        _silence()
    except OSError as error:
        _silence()
        _tell(f"hl: the output cannot be written: {error.strerror}")
        return False
    return True


def _silence() -> None:
    """What stdout still holds goes nowhere, so that its last flush does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _let_go_of_stderr() -> None:
    """What stderr still holds and cannot write goes nowhere: its last flush would make another exit code of ours."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _patience(seconds: object) -> AbstractContextManager[None]:
    if not isinstance(seconds, float):
        return nullcontext()
    from hlearn.tasks.apart import limited_calls

    return limited_calls(seconds)


def console(as_json: bool) -> Console:
    """Where text for people goes: stdout, or stderr where stdout is for JSON.

    Whether it *is* a terminal decides what moves and what is cut; what the environment says of colours decides colours
    alone, so a log that was asked for colours has them and holds no moving panel.
    """
    from hlearn.cli.screen import SideText, screen_for

    if not as_json:
        return screen_for(sys.stdout, os.environ)
    return screen_for(cast("IO[str]", SideText(sys.stderr)), os.environ)


def json_line(data: Mapping[str, object]) -> str:
    """One line of JSON; a number that JSON cannot hold becomes its name ("nan", "inf", "-inf")."""
    return json.dumps(_plain(data), allow_nan=False)


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, Path):
        return str(value)
    return value


def _failed(error: Exception, *, debug: bool) -> Answer:
    if debug:
        _tell(traceback.format_exc().rstrip())
    kind = type(error).__name__
    text = safe("\n".join([str(error), *getattr(error, "__notes__", ())]), _SAID)
    if isinstance(error, UsageError):
        _tell(f"hl: {text}")
        return Answer(data=_error(kind, text, USAGE), code=USAGE)
    if isinstance(error, BudgetExhausted):
        _tell(f"hl: {text}; give more with --steps")
        return Answer(data=_error(kind, text, NO), code=NO)
    if isinstance(error, LedgerCorrupt):
        _tell(f"hl: {text}\nWhat else holds, and what does not, is told by: hl verify DIR")
        return Answer(data=_error(kind, text, FAULT), code=FAULT)
    if isinstance(error, HarnessError):
        _tell(f"hl: {text}\nThe machinery failed, not a program; check this machine with: hl doctor")
        return Answer(data=_error(kind, text, FAULT), code=FAULT)
    if isinstance(error, HlearnError):
        _tell(f"hl: {text}")
        return Answer(data=_error(kind, text, FAULT), code=FAULT)
    if isinstance(error, OSError) and error.errno in _REFUSED + _MISPLACED and error.filename is not None:
        how = "no right to use" if error.errno in _REFUSED else "cannot use"
        text = safe(
            f"{how} {error.filename}: {error.strerror}; check its kind, its owner and its rights (ls -l)"
        )
        _tell(f"hl: {text}\nWhat was recorded before is kept.")
        return Answer(data=_error(kind, text, USAGE), code=USAGE)
    if is_full(error):
        _tell(
            f"hl: {text}: the output or a file cannot be written; make room. What was recorded before is kept."
        )
        return Answer(data=_error(kind, text, FAULT), code=FAULT)
    where = "" if debug else f"\nThe traceback is in {_keep_traceback()}"
    _tell(
        f"hl: unexpected {kind}: {text}{where}\n"
        "What was measured is kept. Check this machine with: hl doctor; please report the traceback."
    )
    return Answer(data=_error(kind, text, FAULT), code=FAULT)


def _error(kind: str, message: str, code: int) -> dict[str, object]:
    return {"error": kind, "message": message, "exit_code": code}


def _keep_traceback() -> str:
    try:
        with tempfile.NamedTemporaryFile(prefix="hl-error-", suffix=".txt", delete=False) as file:
            file.write(encoded(traceback.format_exc()))
        return file.name
    except OSError:
        _tell(traceback.format_exc())
        return "the text above (no file could be written)"


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):  # nobody listens, or a log is full; the exit code still says it
        print(shown(text), file=sys.stderr, flush=True)


def _take_any_letter() -> None:
    """A stream whose encoding lacks a letter shows its escape instead of ending the run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
