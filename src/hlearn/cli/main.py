"""The ``hl`` command: one verb per function, put together here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from hlearn import __version__
from hlearn.cli.asking_why import why
from hlearn.cli.cases import app as cases
from hlearn.cli.datasets import dataset
from hlearn.cli.evaluating import evaluate
from hlearn.cli.explaining import explain
from hlearn.cli.failing import failures
from hlearn.cli.judging import compress, gate
from hlearn.cli.kept_tools import app as kept_tools
from hlearn.cli.learn import learn
from hlearn.cli.machine import doctor
from hlearn.cli.probing import probe
from hlearn.cli.replaying import replay
from hlearn.cli.reporting import report
from hlearn.cli.sequences import continual
from hlearn.cli.skills import app as skills
from hlearn.cli.students import distill, teach
from hlearn.cli.suites import app as suites
from hlearn.cli.systems import diff, history, init, rollback
from hlearn.cli.tools import mcp
from hlearn.cli.trusting import open_, verify
from hlearn.cli.zoo import app as zoo
from hlearn.inherited import put_right


class _Command(typer.Typer):
    """The command as a process of its own: what it inherits is put right before anything is read or printed."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        put_right(alone=False)
        try:
            return super().__call__(*args, **kwargs)
        except SystemExit as end:
            if sys.flags.inspect:  # PYTHONINSPECT: Python would ask for input and forget the exit code
                sys.stdout.flush()
                os._exit(end.code if isinstance(end.code, int) else 1)
            raise


app = _Command(
    name="hl",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"hlearn {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Heuristic learning: what is learnt is a readable program.

    The main job: hl learn ALE/Breakout-v5

    Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 harness fault, 130 stopped by Ctrl-C.
    """


_VERBS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("learn", learn),
    ("init", init),
    ("probe", probe),
    ("eval", evaluate),
    ("gate", gate),
    ("compress", compress),
    ("history", history),
    ("diff", diff),
    ("rollback", rollback),
    ("report", report),
    ("replay", replay),
    ("failures", failures),
    ("why", why),
    ("dataset", dataset),
    ("distill", distill),
    ("teach", teach),
    ("continual", continual),
    ("explain", explain),
    ("verify", verify),
    ("open", open_),
    ("mcp", mcp),
    ("doctor", doctor),
)
for _name, _function in _VERBS:
    app.command(_name)(_function)
app.add_typer(cases, name="case")
app.add_typer(suites, name="suite")
app.add_typer(skills, name="skill")
app.add_typer(kept_tools, name="tool")
app.add_typer(zoo, name="zoo")


if __name__ == "__main__":
    app()
