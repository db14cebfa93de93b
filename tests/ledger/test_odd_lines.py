"""Lines that no hlearn wrote, and files that cannot be locked: named, with the line, and never a traceback."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hlearn.errors import HlearnError, LedgerCorrupt, UsageError
from hlearn.ledger import Ledger, Note
from hlearn.ledger.locking import file_system_of, lock
from hlearn.system.config import read_config

DEEP = "[" * 100_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Ledger(tmp_path / "ledger.jsonl").append(Note(text="first"))
    return tmp_path / "ledger.jsonl"


def chained(path: Path, **fields: object) -> bytes:
    """A second line whose hash is right, whatever it says."""
    first = json.loads(path.read_bytes())
    body = {"n": 2, "schema": 2, "time": 1.0, "event": "note", "data": {"text": "x"}} | fields
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return json.dumps(body | {"hash": hashlib.sha256((first["hash"] + text).encode()).hexdigest()}).encode()


@pytest.mark.parametrize(
    "line",
    [
        DEEP.encode(),
        b'{"n":2,"data":' + DEEP.encode() + b"]" * 100_000 + b"}",
        b'{"a":' * 50_000,
        b"\xff\xfe\x00",
        b"9" * 100_000,
        b"NaN",
        b'"\\ud800"',
        b"{}",
        b'{"schema": 1e999}',
    ],
)
def test_a_line_that_is_none_is_named(path: Path, line: bytes) -> None:
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(LedgerCorrupt, match="line 2"):
        Ledger(path)


@pytest.mark.parametrize(
    "fields",
    [
        {"time": float("nan")},
        {"time": float("inf")},
        {"time": "now"},
        {"time": 10**400},
        {"n": True},
        {"n": "2"},
        {"event": ["note"]},
        {"event": None},
        {"data": []},
        {"data": {"text": float("nan")}},
        {"data": {"text": 7}},
        {"data": {"text": "x", "more": 10**5000 if not hasattr(sys, "set_int_max_str_digits") else 1}},
        {"event": "spent", "data": {"what": "x", "env_steps": 1.5}},
        {"event": "run_ended", "data": {"run": 1, "why": "x", "seconds": 10**400}},
        {"schema": 10**30},
        {"event": "key_adopted", "data": {"key": 5}},
        {"event": "seeds_opened", "data": {"key": "ab" * 16, "secret": "cd" * 32}},
        {"event": "seeds_opened", "data": {"key": "ab" * 16, "secret": "no hex"}},
    ],
)
def test_a_line_with_a_right_hash_and_odd_values_is_named(path: Path, fields: dict[str, object]) -> None:
    path.write_bytes(path.read_bytes() + chained(path, **fields) + b"\n")
    with pytest.raises(HlearnError, match="line 2") as caught:
        Ledger(path)
    assert len(str(caught.value)) < 1000


def test_an_unknown_event_is_a_newer_hlearn_s(path: Path) -> None:
    path.write_bytes(path.read_bytes() + chained(path, event="dreamt\x1b[2J", data={}) + b"\n")
    with pytest.raises(HlearnError, match="upgrade") as caught:
        Ledger(path)
    assert "\x1b" not in str(caught.value)


def test_lone_surrogates_of_an_older_hlearn_are_read_as_text_that_can_be_written(path: Path) -> None:
    path.write_bytes(path.read_bytes() + chained(path, data={"text": "lone \ud800"}) + b"\n")
    note = Ledger(path).rows[-1].event
    assert isinstance(note, Note)
    note.text.encode()


def toml(**values: str) -> str:
    """A right hl.toml, but for these values."""
    good = {"hlearn": '"1"', "env_id": '"a"', "access": '"ram"', "protocol": '"v5"', "seed": "1"} | values
    head, tail = ("hlearn",), ("seed",)
    lines = {key: f"{key} = {value}" for key, value in good.items()}
    task = [lines[key] for key in good if key not in head + tail]
    return "\n".join(["schema = 2", lines["hlearn"], "[task]", *task, "[run]", lines["seed"]])


def test_the_other_values_are_right(tmp_path: Path) -> None:
    (tmp_path / "hl.toml").write_text(toml())
    assert read_config(tmp_path / "hl.toml").seed == 1


@pytest.mark.parametrize(
    "text",
    [
        f"schema = {DEEP}",
        f"schema = {'9' * 5000}",
        "schema = nan",
        "schema = true",
        'schema = 2\ntask = "x"\nrun = 1',
        toml(hlearn="3"),
        toml(env_id="5"),
        toml(seed="-1"),
        toml(seed="1.5"),
        toml(seed="1\nspeed = 2"),
        toml(access='["ram"]'),
        toml(protocol='"v5"\ntarget = inf'),
        toml(protocol='"v5"\n[task.kwargs]\na = [1]'),
        toml(protocol='"v5"\ncolour = 1'),
        "\0",
    ],
)
def test_an_odd_hl_toml_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "hl.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"hl\.toml") as caught:
        read_config(path)
    assert len(str(caught.value)) < 900


def test_an_hl_toml_of_other_bytes_is_named(tmp_path: Path) -> None:
    (tmp_path / "hl.toml").write_bytes(b"schema = 2 # \xff")
    with pytest.raises(UsageError, match="not TOML"):
        read_config(tmp_path / "hl.toml")


_NO_LOCKS = """
import ctypes, sys
from hlearn.cli.main import app
from tests.ledger.no_flock import refuse_flock
refuse_flock(int(sys.argv.pop(1)))
app()
"""


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_named(number: int, tmp_path: Path) -> None:
    """The kernel refuses flock in a child process, as Lustre and NFS without a lock daemon do."""
    root = Path(__file__).parents[2]
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([str(root), *sys.path]))
    line = [sys.executable, "-c", _NO_LOCKS, str(number), "init", "CartPole-v1", str(tmp_path / "s")]
    done = subprocess.run(line, capture_output=True, text=True, env=env, timeout=120, check=False)
    assert done.returncode == 2, done.stderr
    assert "locks no files" in done.stderr and (file_system_of(tmp_path) or "unknown") in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_lock_is_waited_for_as_long_as_was_said(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    one, two = (os.open(path, os.O_RDWR | os.O_CREAT) for _ in range(2))
    assert lock(one, path, wait_s=0) and not lock(two, path, wait_s=0.2)
    fcntl.flock(one, fcntl.LOCK_UN)
    assert lock(two, path, wait_s=0)
    os.close(one)
    os.close(two)
