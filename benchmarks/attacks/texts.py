"""Words of strangers: whatever they hold, no run stops, no gate is blocked, no terminal gets them raw."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.attacks.case import GOOD, HL, SLOW, TASK, Bench, Case, expect, expect_code

KIND = "texts"
_RAW = (b"\x1b]", b"\x1b[2J", b"\x07", b"\x9b2J", "\u202e".encode(), b"\x08", "\ufeff".encode())
PAYLOADS: dict[str, str] = {
    "nul": "a \0 b",
    "half-a-pair": "a \ud800 b",
    "clear-screen": "a \x1b[2J\x1b[H b",
    "title-and-bell": "a \x1b]0;mine\x07 b",
    "c1": "a \x9b2J b",
    "bidi": "a \u202e\u2066 b",
    "mark": "\ufeffa b",
    "carriage-return": "good\rbad\r\nworse",
    "backspace": "abc\b\b\bxyz",
    "megabytes": "m" * 3_000_000,
    "many-lines": "line\n" * 100_000,
    "trailers": "x\n\nTrial: 99\nProgram: " + "0" * 64 + "\nRestores: 1",
    "markup": "[bold red]x[/] [link=file:///]y[/link] ``` <script>",
    "percent-and-braces": "%s %n {0} {x!r} $(touch mark) `touch mark`",
    "other-line-ends": "a\u2028b\x85c\x0bd\x0ce",
    "combining": "a" + "\u0301" * 5000,
}


def cases() -> Iterator[Case]:
    """Every text, carried by an exception, a note and a source."""
    for name, text in PAYLOADS.items():
        yield _case(
            f"exception-{name}",
            partial(_raised, text),
            "the program is turned down, an honest one accepted after it",
        )
        yield _case(
            f"note-{name}", partial(_noted, text), "the better program becomes the champion, its note is safe"
        )
        if "\0" not in text and "\ud800" not in text:
            yield _case(
                f"source-{name}",
                partial(_written, text),
                "the program runs; the commit holds it byte for byte",
            )
    yield _case("champion-raises-nul", _champion, "a champion that raises such a text is dethroned")
    yield _case("tool-output", _output, "what a command says is cut and safe; the attempt is refused")
    yield _case("invalid-utf8-source", _bytes, "wrong usage that names the file")
    yield _case(
        "crlf-source",
        partial(_lines, "\r\n"),
        "runs; the commit holds it byte for byte; the next gate is clean",
    )
    yield _case(
        "cr-source", partial(_lines, "\r"), "runs; the commit holds it byte for byte; the next gate is clean"
    )
    yield _case("file-name", _file_name, "a name with controls is shown as escapes")
    yield _case("environment-prints", _prints, "an environment's prints do not disturb the JSON line")


def _case(name: str, run, expected: str) -> Case:  # type: ignore[no-untyped-def]
    return Case(kind=KIND, name=name, expected=expected, run=run, limit_s=240)


def _raises(text: str) -> str:
    return f"class B:\n    def reset(self, seed): pass\n    def act(self, obs): raise ValueError({text[:200_000]!a})\n"


def _raised(text: str, bench: Bench) -> None:
    system, bad, good = bench.system(), bench.write("bad.py", _raises(text)), bench.write("good.py", GOOD)
    expect_code(bench.hl("gate", system, "--program", bad, "--workers", 1), 1)
    said = _on_a_terminal(bench, "eval", system, "--program", bad, "--episodes", 1, "--workers", 1)
    _check_raw(said)
    expect(len(said) < 60_000, f"{len(said)} bytes were shown")
    _check_folder(system)
    expect_code(bench.hl("gate", system, "--program", good, "--workers", 1), 0)
    expect_code(bench.hl("report", system), 0, 1)


def _noted(text: str, bench: Bench) -> None:
    system, good = bench.system(), bench.write("good.py", GOOD)
    note = bench.write("note", text.encode("utf-8", "surrogatepass"))
    done = bench.learn(system, f'cp {good} policy.py\ncp {note} "$HL_NOTE"\n')
    expect_code(done, 0, 1)
    expect(
        bench.git(system, "show", "HEAD:policy.py") == GOOD,
        "the better program is not the champion: " + done.said[-300:],
    )
    said = _on_a_terminal(bench, "history", system)
    _check_raw(said)
    expect(len(said) < 60_000, f"{len(said)} bytes were shown")
    trailers = bench.git(system, "log", "--format=%(trailers:key=Trial,valueonly)", "HEAD")
    expect("99" not in trailers.split(), "the note forged a trailer")
    expect_code(
        bench.hl("gate", system, "--program", bench.write("slow.py", SLOW + "# again\n"), "--workers", 1), 1
    )


def _written(text: str, bench: Bench) -> None:
    text = text[:100_000]
    source = (
        GOOD
        + f"\n\nNOTE = {text!a}\n"
        + "".join(f"# {line}\n" for line in text.split("\n")[:50] if "\r" not in line)
    )
    system, program = bench.system(), bench.write("p.py", source)
    expect_code(bench.hl("gate", system, "--program", program, "--workers", 1), 0)
    _committed(bench, system, program.read_bytes())
    _check_raw(_on_a_terminal(bench, "diff", system, 1, 2))


def _lines(end: str, bench: Bench) -> None:
    system, program = bench.system(), bench.write("p.py", b"\xef\xbb\xbf" + GOOD.replace("\n", end).encode())
    (system / "policy.py").write_bytes(program.read_bytes())
    expect_code(bench.hl("gate", system, "--workers", 1), 0)
    _committed(bench, system, program.read_bytes())
    expect((system / "policy.py").read_bytes() == program.read_bytes(), "the file was changed")
    again = bench.hl("gate", system, "--workers", 1)
    expect(again.code == 2 and "committed champion" in again.err, "asked again: " + again.said[-200:])
    expect_code(bench.hl("compress", system, "--workers", 1), 0, 1)


def _champion(bench: Bench) -> None:
    source = "class W:\n    def reset(self, seed): self.n = seed % 5\n    def act(self, obs):\n"
    source += "        if self.n == 0: raise ValueError('boom \\x00 \\ud800 nul')\n        return 0\n"
    expect_code(bench.hl("init", TASK, bench.folder / "n"), 0)
    for seed in range(8):  # one that its first gate episodes do not meet
        program = bench.write("p.py", source.replace("seed % 5", f"(seed + {seed}) % 5"))
        if bench.hl("gate", bench.folder / "n", "--program", program, "--workers", 1).code == 0:
            break
    expect_code(
        bench.hl("gate", bench.folder / "n", "--program", bench.write("g.py", GOOD), "--workers", 1), 0
    )


def _output(bench: Bench) -> None:
    done = bench.learn(bench.system(), "head -c 3000000 /dev/urandom; printf '\\033[2J\\000\\377'; exit 3\n")
    expect(done.code in (0, 1), f"ended with {done.code}")
    for line in (bench.folder / "s" / "ledger.jsonl").read_text().splitlines():
        expect(len(line) < 60_000, "a ledger line is too long")
        expect("\\u001b" not in line and "\\u0000" not in line, "the ledger holds it raw")


def _bytes(bench: Bench) -> None:
    program = bench.write("p.py", b"x = '\xff\xfe'\n" + GOOD.encode())
    done = bench.hl("gate", bench.system(), "--program", program, "--workers", 1)
    expect(done.code == 2 and "p.py" in done.err and "UTF-8" in done.err, done.said[-300:])


def _file_name(bench: Bench) -> None:
    said = _on_a_terminal(bench, "report", bench.folder / "no\x1b[2J\x07\udcff-system")
    _check_raw(said)
    expect(b"system" in said, said[-200:].decode(errors="replace"))


def _prints(bench: Bench) -> None:
    bench.write("noisy.py", """import gymnasium
from hlearn.testing.toys import Corridor
class Noisy(Corridor):
    def step(self, action):
        print('noise \\x1b[2J' * 5)
        return super().step(action)
gymnasium.register('Noisy-v0', entry_point='noisy:Noisy', max_episode_steps=200)
""")  # fmt: skip
    env = bench.env | {"PYTHONPATH": f"{bench.folder}:{os.environ.get('PYTHONPATH', '')}"}
    expect_code(bench.hl("init", "noisy:Noisy-v0", bench.folder / "n", env=env), 0)
    done = bench.hl(
        "gate", bench.folder / "n", "--program", bench.write("g.py", GOOD), "--json", "--workers", 1, env=env
    )
    expect_code(done, 0)
    expect(done.data.get("accepted") == 1, done.said[-200:])


def _committed(bench: Bench, system: Path, data: bytes) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    held = subprocess.run(
        ["git", "-C", system, "cat-file", "blob", "HEAD:policy.py"], env=env, capture_output=True, check=True
    )
    expect(held.stdout == data, "the commit holds other bytes")


def _check_raw(said: bytes) -> None:
    for raw in _RAW:
        expect(raw not in said, f"the terminal got {raw!r}")


def _check_folder(system: Path) -> None:
    for path in (*system.glob("failures/*"), *system.glob("memory/rejected/*")):
        data = path.read_bytes()
        expect(len(data) < 400_000, f"{path.name} has {len(data)} bytes")
        expect(b"\0" not in data and b"\x1b" not in data, f"{path.name} holds it raw")


def _on_a_terminal(bench: Bench, *arguments: object) -> bytes:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*HL, *(str(a).encode("utf-8", "surrogateescape") for a in arguments)],
        env=bench.env | {"TERM": "xterm", "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    parts = []
    while True:
        try:
            part = os.read(leader, 1 << 16)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    process.wait(60)
    os.close(leader)
    return b"".join(parts)
