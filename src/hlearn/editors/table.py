"""From the word on the command line to an editor: a table, entry points of installed packages, or a dotted path."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hlearn.editors.agents import CLIENTS, AgentEditor, Client, Endpoint
from hlearn.editors.agents.prices import read_prices
from hlearn.editors.api import Editor
from hlearn.editors.command import CommandEditor
from hlearn.errors import MissingExtra, UsageError
from hlearn.tasks.own_modules import import_own

_LIMIT_S = 1800.0
ENTRY_POINTS = "hlearn.editors"  # group under which an installed package offers editors by name


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOptions:
    """What the user says of a coding agent and its model.

    Attributes:
        base_url: where the model answers; None: where the client asks by itself.
        key_variable: environment variable with the key; None: the client's usual ones.
        limit_s: wall seconds of one run of the client; None: half an hour.
        prices: a table of prices (:func:`hlearn.editors.agents.prices.read_prices`).
        at_once: proposals from one brief, of which the gate chooses.
        feedback: whether briefs tell what became of earlier proposals.
        tune: share of the steps left that a tuner may spend after each accepted edit; None: none.
    """

    base_url: str | None = None
    key_variable: str | None = None
    limit_s: float | None = None
    prices: Path | None = None
    at_once: int = 1
    feedback: bool = True
    tune: float | None = None

    def endpoint(self, client: Client, model: str) -> Endpoint:
        """Where the client's model answers.

        Raises:
            UsageError: the variable that is to hold the key is not set.
        """
        if self.key_variable is not None and not os.environ.get(self.key_variable):
            raise UsageError(f"{self.key_variable} is to hold the key of the model, and is not set")
        names = (self.key_variable,) if self.key_variable else client.keys
        key = next((value for name in names if (value := os.environ.get(name))), None)
        return Endpoint(base_url=self.base_url, key=key, model=model or None)


def make_editor(spec: str, options: AgentOptions | None = None) -> Editor:
    """Returns the editor that a word stands for.

    Args:
        spec: "search"; "command:COMMAND LINE"; a client of a coding agent, such as "codex" or "codex:MODEL"; the
            name of an entry point in the group ``hlearn.editors``; or where it lies, "package.module:Class", installed
            or in the current folder (anything that returns an editor when it is called without arguments).
        options: of a coding agent.

    Raises:
        UsageError: no such editor, or it lacks what an editor has; lists the choices.
        MissingExtra: its module needs a package that is not installed.
    """
    options = options or AgentOptions()
    editor = _editor(spec, options)
    if options.tune is None:
        return editor
    from hlearn.editors.tuned import TunedEditor  # heavy: CMA-ES

    return TunedEditor(editor, share=options.tune)


def _editor(spec: str, options: AgentOptions) -> Editor:
    kind, _, rest = spec.partition(":")
    if kind == "command":
        return CommandEditor(
            _unquoted(rest.strip()),
            limit_s=options.limit_s or _LIMIT_S,
            at_once=options.at_once,
            feedback=options.feedback,
        )
    if kind in _EDITORS and (kind in _WITH_ARGUMENT or not rest):
        return _EDITORS[kind](_unquoted(rest.strip()))
    if kind in CLIENTS:
        return _agent(CLIENTS[kind], rest.strip(), options)
    entry = _entry_points().get(spec)
    if entry is not None:
        return checked_editor(_made(spec, entry.load))
    if (
        rest
        and kind not in _EDITORS
        and all(part.isidentifier() for part in (*kind.split("."), *rest.split(".")))
    ):
        return checked_editor(_made(spec, lambda: _found(kind, rest)))
    raise UsageError(f"no editor {spec}; choose {' or '.join(choices())}")


def choices() -> tuple[str, ...]:
    """What may be asked for: the table, what installed packages offer, and the form of a path."""
    return ("search", "command:'COMMAND LINE'", *CLIENTS, *sorted(_entry_points()), "package.module:Class")


def _agent(client: Client, model: str, options: AgentOptions) -> Editor:
    if client.name == "model" and not model:
        raise UsageError("editor model needs a name: model:NAME, and --base-url for a server of your own")
    return AgentEditor(
        client,
        options.endpoint(client, model),
        limit_s=options.limit_s or _LIMIT_S,
        prices=read_prices(options.prices) if options.prices else None,
        at_once=options.at_once,
        feedback=options.feedback,
    )


def checked_editor(editor: object) -> Editor:
    """Returns an editor after a look at whether it has all that the loop asks of one.

    Raises:
        UsageError: something is missing; names it.
    """
    if isinstance(editor, Editor):
        return editor
    lacking = [name for name in ("name", "deterministic", "propose") if not hasattr(editor, name)]
    raise UsageError(
        f"{type(editor).__name__} is no editor: it lacks {', '.join(lacking)}; an editor has a name, says whether "
        "it is deterministic (True: it proposes the same again when it is shown the same), and propose(brief, lab)"
    )


def _entry_points() -> dict[str, importlib.metadata.EntryPoint]:
    return {entry.name: entry for entry in importlib.metadata.entry_points(group=ENTRY_POINTS)}


def _found(module: str, path: str) -> object:
    value: object = import_own(module)
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _made(spec: str, load: Callable[[], object]) -> object:
    """Loads and calls what makes the editor; an editor's own fault is told as such."""
    try:
        maker = load()
        return maker() if callable(maker) else maker
    except ModuleNotFoundError as error:
        if error.name and spec.partition(":")[0].startswith(error.name):
            raise UsageError(
                f"no editor {spec}: there is no module {error.name}, neither installed nor in this folder"
            ) from error
        raise MissingExtra(f"editor {spec} needs {error.name}; pip install {error.name}") from error
    except (AttributeError, TypeError, ImportError) as error:
        raise UsageError(f"editor {spec} cannot be made: {type(error).__name__}: {error}") from error


def _search(_: str) -> Editor:
    from hlearn.editors.search import SearchEditor  # heavy: the probe, the parts, CMA-ES

    return SearchEditor()


def _unquoted(text: str) -> str:
    """Drops one pair of quotes around the whole, which the shell leaves where they stand inside a word."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" and text[0] not in text[1:-1]:
        return text[1:-1]
    return text


_EDITORS: dict[str, Callable[[str], Editor]] = {"search": _search, "command": CommandEditor}
_WITH_ARGUMENT = ("command",)
