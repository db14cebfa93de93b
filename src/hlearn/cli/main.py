"""The ``hl`` command: one verb per function, put together here."""

from __future__ import annotations

from typing import Annotated

import typer

from hlearn import __version__
from hlearn.cli.learn import learn

app = typer.Typer(
    name="hl",
    help="Heuristic learning: what is learnt is a readable program.",
    no_args_is_help=True,
    add_completion=False,
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
    """Heuristic learning: what is learnt is a readable program."""


for _verb in (learn,):
    app.command()(_verb)


if __name__ == "__main__":
    app()
