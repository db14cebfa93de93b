"""What reaches terminals and pipes, whatever the environment asks for and whatever strangers wrote."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from hlearn.cli.progress import Lines, LivePanel, showing
from hlearn.cli.screen import screen_for
from tests.cli.conftest import CORRIDOR, command, process

EVIL = "a\x1b]0;mine\x07\x1b[2J\x9b\u202eb"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", ["", "0", "-3", "abc", "²", "99999999999", "1"])
def test_odd_columns_are_not_believed(columns: str) -> None:
    for file in (io.StringIO(), Terminal()):
        screen = screen_for(file, {"COLUMNS": columns, "LINES": columns, "TERM": "xterm"})
        screen.print("word " * 60)
        assert max(map(len, file.getvalue().splitlines())) >= 39


@pytest.mark.parametrize("file", [io.StringIO(), Terminal()])
def test_no_control_of_a_stranger_is_printed(file: io.StringIO) -> None:
    screen = screen_for(file, {"TERM": "xterm-256color"})
    table = Table("name")
    table.add_row(Text(EVIL, style="red"))
    screen.print(table)
    screen.print(Text(EVIL), soft_wrap=True)
    screen.print(EVIL, markup=False)
    said = file.getvalue()
    assert "\x1b]" not in said and "\x1b[2J" not in said and "\x9b" not in said and "\u202e" not in said
    assert "\\x1b]0;mine" in said.replace("\n", "")


@pytest.mark.parametrize(
    ("environ", "terminal", "coloured"),
    [
        ({}, False, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "3"}, False, True),
        ({"FORCE_COLOR": ""}, False, False),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ({"TTY_COMPATIBLE": "1"}, False, False),
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
    ],
)
def test_colours_are_where_they_are_asked_for(
    environ: dict[str, str], terminal: bool, coloured: bool
) -> None:
    file = Terminal() if terminal else io.StringIO()
    screen = screen_for(file, {"TERM": "xterm-256color", **environ})
    screen.print("green", style="green")
    assert ("\x1b[" in file.getvalue()) is coloured
    assert screen.is_terminal is terminal


@pytest.mark.parametrize(
    ("environ", "file", "kind"),
    [
        ({"TERM": "xterm"}, Terminal(), LivePanel),
        ({"TERM": "dumb"}, Terminal(), Lines),
        ({"TERM": "xterm", "FORCE_COLOR": "1"}, io.StringIO(), Lines),
    ],
)
def test_only_a_terminal_gets_a_moving_panel(environ: dict[str, str], file: io.StringIO, kind: type) -> None:
    with showing("t", "CartPole-v1", screen_for(file, environ)) as progress:
        assert isinstance(progress, kind)


def test_forced_colours_bring_no_moving_panel_into_a_log(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("class W:\n    def reset(self, s): pass\n    def act(self, o): return 2\n")
    note = "a long note " * 12
    editor = f"command:cp {tmp_path}/p.py policy.py; printf '{note}' > $HL_NOTE"
    env = os.environ | {"FORCE_COLOR": "1"}
    done = process(
        ["learn", CORRIDOR, "--out", tmp_path / "s", "--editor", editor, "--steps", 3000, "--workers", 1],
        env=env,
    )
    assert "\x1b[1A" not in done.stdout and "\x1b[?25l" not in done.stdout
    assert "\x1b[" in done.stdout, "colours were asked for"
    table = process(["history", tmp_path / "s"], env=env).stdout
    assert " ".join(note.split()) in table and "…" not in table


def test_a_stream_that_lacks_a_letter_gets_its_escape(system: Path) -> None:
    env = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = process(["gate", system, "--program", system / "none-ü.py"], env=env)
    assert done.returncode == 2 and "none-" in done.stderr and "UnicodeEncodeError" not in done.stderr


def test_names_with_controls_reach_a_terminal_as_escapes(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    done = subprocess.run(
        command("report", tmp_path / "no\x1b[2Jsystem"), stdout=follower, stderr=follower, check=False
    )
    os.close(follower)
    said = os.read(leader, 1 << 16)
    os.close(leader)
    assert done.returncode == 2
    assert b"\x1b[2J" not in said and b"\\x1b[2J" in said


def test_an_unexpected_error_that_says_anything_is_told(tmp_path: Path) -> None:
    script = (
        "from hlearn.cli.output import verb\n"
        "@verb\ndef fail(as_json=False, debug=False):\n    raise ValueError('half \\ud800 \\x1b[2J' + 'x' * 10**6)\n"
        "fail(as_json=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert "unexpected ValueError: half \\ud800 \\x1b[2J" in done.stderr and len(done.stderr) < 20_000
    assert '"exit_code": 3' in done.stdout


def test_a_reader_that_left_is_no_failure(system: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command("history", system), stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert done.returncode == 0 and not done.stderr


def test_a_folder_in_place_of_a_file_is_wrong_usage(system: Path) -> None:
    (system / "ledger.jsonl").unlink()
    (system / "ledger.jsonl").mkdir()
    done = process(["history", system])
    assert done.returncode in (2, 3) and "ledger.jsonl" in done.stderr and "unexpected" not in done.stderr
