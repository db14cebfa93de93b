"""From the word on the command line to an editor: the one table."""

from __future__ import annotations

from collections.abc import Callable

from hlearn.editors.api import Editor
from hlearn.editors.command import CommandEditor
from hlearn.errors import UsageError


def make_editor(spec: str) -> Editor:
    """Returns the editor that a word stands for.

    Args:
        spec: "search", or "command:COMMAND LINE".

    Raises:
        UsageError: no such editor; lists the choices.
    """
    kind, _, rest = spec.partition(":")
    if kind not in _EDITORS or (rest and kind not in _WITH_ARGUMENT):
        raise UsageError(f"no editor {spec}; choose {' or '.join(CHOICES)}")
    return _EDITORS[kind](_unquoted(rest.strip()))


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
CHOICES = ("search", "command:'COMMAND LINE'")
