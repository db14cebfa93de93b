"""What somebody changes in a system's files behind hlearn's back: it is noticed, named, and nothing false is believed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.attacks.case import GOOD, Bench, Case, expect

KIND = "tampering"
IDLE = "class I:\n    def reset(self, seed): pass\n    def act(self, obs): return 0\n"
Change = Callable[[Path], object]


def cases() -> Iterator[Case]:
    """Every change."""
    for name, change in _same().items():
        expected = "the same content in other bytes: named, or read as what it is"
        yield Case(
            kind=KIND,
            name=f"ledger-{name}",
            expected=expected,
            run=partial(_same_content, change),
            limit_s=180,
        )
    for name, change in _ledgers().items():
        expected = "every verb that reads it ends with exit code 3 or 2 and names the line"
        yield Case(
            kind=KIND, name=f"ledger-{name}", expected=expected, run=partial(_named, change), limit_s=180
        )
    for name, change in _forged().items():
        expected = "what was appended outside is noticed, or at least never believed"
        yield Case(
            kind=KIND,
            name=f"forged-{name}",
            expected=expected,
            run=partial(_disbelieved, change),
            limit_s=180,
        )
    for name, (change, words) in _files().items():
        expected = (
            f"wrong usage or a fault that names it ({' or '.join(words)}), or it is put right; no traceback"
        )
        yield Case(kind=KIND, name=name, expected=expected, run=partial(_told, change, words), limit_s=180)


def _ledgers() -> dict[str, Change]:
    def lines(change: Callable[[list[str]], list[str]]) -> Change:
        def apply(system: Path) -> None:
            path = system / "ledger.jsonl"
            path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")

        return apply

    def edit(n: int, old: str, new: str) -> Change:
        return lines(lambda ls: [*ls[:n], re.sub(old, new, ls[n], count=1), *ls[n + 1 :]])

    def put(n: int, text: str) -> Change:
        return lines(lambda ls: [*ls[:n], text, *ls[n:]])

    def rechained(change: Callable[[list[dict[str, Any]]], None]) -> Change:
        def apply(ls: list[str]) -> list[str]:
            rows = [json.loads(x) for x in ls]
            change(rows)
            return chain(rows)

        return lines(apply)

    def better(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            for outcome in row["data"].get("outcomes", []):
                outcome["score"] = 9.0

    def no_hash(rows: list[dict[str, Any]]) -> None:
        del rows[2]
        for n, row in enumerate(rows):
            row["n"] = n + 1

    return {
        "score-edited": edit(3, r'"(score|env_steps)":', r'"\1": 1'), "first-line-edited": edit(0, r'"time":', '"time": 1'),
        "line-removed": lines(lambda ls: ls[:2] + ls[3:]), "first-line-removed": lines(lambda ls: ls[1:]),
        "lines-swapped": lines(lambda ls: [ls[1], ls[0], *ls[2:]]), "line-doubled": lines(lambda ls: [*ls[:3], *ls[2:]]),
        "last-line-doubled": lines(lambda ls: [*ls, ls[-1]]), "cut-by-a-line": lines(lambda ls: ls[:-1]), "cut-by-half": lines(lambda ls: ls[: len(ls) // 2]),
        "emptied": lambda s: (s / "ledger.jsonl").write_text(""), "removed": lambda s: (s / "ledger.jsonl").unlink(),
        "deep-nesting": put(2, '{"a":' * 50_000 + "1" + "}" * 50_000), "deep-brackets": put(2, "[" * 100_000), "deep-in-data": edit(2, '"data":', '"data":' + "[" * 3000 + "]" * 3000 + ',"data":'),
        "nan": edit(2, r'"time":[0-9.]+', '"time":NaN'), "infinity": edit(2, r'"time":[0-9.]+', '"time":Infinity'), "huge-number": edit(2, r'"n":\d+', '"n":' + "9" * 5000),
        "n-is-text": edit(2, r'"n":\d+', '"n":"3"'), "n-negative": edit(2, r'"n":\d+', '"n":-1'), "schema-future": edit(2, r'"schema":\d+', '"schema":999'),
        "schema-text": edit(2, r'"schema":\d+', '"schema":"1"'), "schema-true": edit(2, r'"schema":\d+', '"schema":true'), "schema-negative": edit(2, r'"schema":\d+', '"schema":-1'),
        "event-unknown": edit(2, r'"event":"\w+"', '"event":"hacked"'), "event-number": edit(2, r'"event":"\w+"', '"event":7'), "data-null": edit(2, '"data":{', '"data":null,"x":{'),
        "field-added": edit(2, '"n":', '"more":1,"n":'), "hash-null": edit(2, r'"hash":"\w+"', '"hash":null'), "hash-empty": edit(2, r'"hash":"\w+"', '"hash":""'),
        "empty-line": put(2, ""), "blank-line": put(2, "   "), "null-line": put(2, "null"), "number-line": put(2, "7"), "text-line": put(2, '"x"'), "list-line": put(2, "[]"), "nul-bytes": put(2, "\0\0\0"),
        "not-utf8": lambda s: _bytes(s, lambda d: d[:100] + b"\xff\xfe" + d[100:]), "mark": lambda s: _bytes(s, lambda d: b"\xef\xbb\xbf" + d),
        "is-a-folder": lambda s: ((s / "ledger.jsonl").unlink(), (s / "ledger.jsonl").mkdir()),
        "rewritten-better": rechained(better), "rewritten-shorter": rechained(no_hash),
    }  # fmt: skip


def chain(rows: list[dict[str, Any]]) -> list[str]:
    """Rows with numbers and hashes that fit, as anybody can compute them."""
    out, last = [], "0" * 64
    for n, row in enumerate(rows):
        body = {k: v for k, v in row.items() if k not in ("hash", "seal")} | {"n": n + 1}
        last = hashlib.sha256(
            (last + json.dumps(body, sort_keys=True, separators=(",", ":"))).encode()
        ).hexdigest()
        kept = {k: row[k] for k in ("seal",) if k in row}
        out.append(json.dumps({**body, "hash": last, **kept}, sort_keys=True, separators=(",", ":")))
    return out


def _same() -> dict[str, Change]:
    def twice(data: bytes) -> bytes:
        lines = data.split(b"\n")
        return b"\n".join([*lines[:2], lines[2].replace(b'"n":', b'"n":1,"n":', 1), *lines[3:]])

    return {
        "field-twice": lambda s: _bytes(s, twice),
        "crlf": lambda s: _bytes(s, lambda d: d.replace(b"\n", b"\r\n")),
        "spaces-at-line-ends": lambda s: _bytes(s, lambda d: d.replace(b"\n", b"  \n")),
    }


def _forged() -> dict[str, Change]:
    def append(make: Callable[[dict[str, Any], str], dict[str, Any]], *, event: str = "measured") -> Change:
        def apply(system: Path) -> None:
            path = system / "ledger.jsonl"
            rows = [json.loads(x) for x in path.read_text().splitlines()]
            like = next(r for r in reversed(rows) if r["event"] == event)
            sha = hashlib.sha256(IDLE.encode()).hexdigest()
            rows += [{**like, "data": make(json.loads(json.dumps(like["data"])), sha)}]
            path.write_text("\n".join(chain(rows)) + "\n")
            _store(system)

        return apply

    def measured(split: str, purpose: str, seal: bool) -> Callable[[dict[str, Any], str], dict[str, Any]]:
        def make(data: dict[str, Any], sha: str) -> dict[str, Any]:
            from hlearn.records import Split
            from hlearn.tasks.seeds import split_seeds

            seeds = [
                s for first in (0, 1_000_000, 2_000_000) for s in split_seeds(Split(split), 0, first, 64)
            ]
            outcome = {"score": 9.5, "length": 5, "env_steps": 5, "terminated": True, "truncated": False}
            return {
                **data,
                "program": sha,
                "split": split,
                "purpose": purpose,
                "outcomes": [{**outcome, "seed": s} for s in seeds],
            }

        return make

    def trial(data: dict[str, Any], sha: str) -> dict[str, Any]:
        return {
            **data,
            "trial": 2,
            "program": sha,
            "decision": "accepted",
            "note": "mine",
            "challenger_mean": 99.0,
        }

    def ended(data: dict[str, Any], sha: str) -> dict[str, Any]:
        return {**data, "champion": sha, "why": "target reached"}

    return {
        "gate-results": append(measured("gate", "gate", False)), "dev-results": append(measured("dev", "edit", False)),
        "holdout-results": append(measured("holdout", "report", False)), "accepted-trial": append(trial, event="trial"),
        "run-ended": append(ended, event="run_ended"),
    }  # fmt: skip


def _link_instead(system: Path) -> None:
    (system / "policy.py").unlink()
    (system / "policy.py").symlink_to("/etc/passwd")


def _files() -> dict[str, tuple[Change, tuple[str, ...]]]:
    def text(path: str, content: str | bytes) -> Change:
        data = content if isinstance(content, bytes) else content.encode()
        return lambda s: (s / path).write_bytes(data)

    toml, case = ("hl.toml",), ("cases", "case", "extra")
    contents: dict[str, str | bytes] = {
        "empty": "", "not-toml": "[[[", "not-utf8": b"\xff\xfe", "other-types": "schema = 'x'\n[task]\nenv_id = 3\n", "mark": b"\xef\xbb\xbfschema = 1\n",
        "future-schema": "schema = 99\n", "deep": "a = " + "[" * 3000 + "]" * 3000,
    }  # fmt: skip
    made: dict[str, tuple[Change, tuple[str, ...]]]
    made = {f"toml-{name}": (text("hl.toml", content), toml) for name, content in contents.items()}
    made |= {
        "toml-removed": (lambda s: (s / "hl.toml").unlink(), toml),
        "toml-other-arguments": (lambda s: _swap(s / "hl.toml", "[run]", '[task.kwargs]\n"goals" = 100\n\n[run]'), toml),
        "toml-other-seed": (lambda s: _swap(s / "hl.toml", "seed = 0", "seed = 5"), toml),
        "pack-emptied": (text("programs/pack", ""), ("program", "pack")),
        "pack-garbage": (text("programs/pack", "x y z\nnot a line\n"), ("pack",)),
        "pack-not-ascii": (text("programs/pack", b"\xff\xff\n"), ("pack",)),
        "pack-other-source": (_other_source, ("pack", "program")),
        "pack-circular": (lambda s: (s / "programs/pack").write_text(f"{'a' * 64} {'a' * 64} eJwDAAAAAAE=\n"), ("pack", "program")),
        "policy-not-utf8": (text("policy.py", b"\xff\xfe"), ("UTF-8", "policy.py")),
        "policy-is-a-link": (_link_instead, ("policy.py", "link")),
        "head-missing": (lambda s: (s / ".git/HEAD").unlink(), ("git",)),
        "head-garbage": (text(".git/HEAD", "garbage\n"), ("git",)),
        "git-removed": (lambda s: __import__("shutil").rmtree(s / ".git"), ("git",)),
        "git-index-garbage": (text(".git/index", b"garbage"), ("git", "index")),
        "git-config-garbage": (text(".git/config", "[[["), ("git",)),
        "git-objects-removed": (lambda s: __import__("shutil").rmtree(s / ".git/objects"), ("git",)),
        "tests-removed": (lambda s: __import__("shutil").rmtree(s / "tests"), ("tests",)),
        "tests-weakened": (text("tests/test_policy.py", "def test_ok(): pass\n"), ("tests",)),
        "tests-conftest": (text("tests/conftest.py", "collect_ignore_glob = ['*']\n"), ("tests", "conftest")),
        "cases-removed": (lambda s: list(map(Path.unlink, (s / "cases").glob("*.json"))), case),
    }  # fmt: skip
    for name, content in {
        "seed-text": '{"why": "x", "seed": "abc"}', "not-json": "{", "deep": "[" * 5000, "nan": '{"why": "x", "seed": 7, "min_score": NaN}',
        "gate-seed-as-dev": '{"why": "x", "seed": 536870999}', "binary": "\x00\x01", "steps-text": '{"why": "x", "seed": 7, "max_steps": "m"}',
    }.items():  # fmt: skip
        made[f"case-{name}"] = (text("cases/extra.json", content), case)
    return made


def _named(change: Change, bench: Bench) -> None:
    system = bench.system()
    change(system)
    good = bench.write("good.py", GOOD)
    judged = bench.hl("gate", system, "--program", good, "--workers", 1)
    read = bench.hl("history", system)
    verified = bench.hl("verify", system)
    for done in (judged, read, verified):
        expect("unexpected " not in done.err and "Traceback (most" not in done.err, done.err[-400:])
    told = [d for d in (judged, verified) if d.code in (1, 2, 3) and ("line" in d.said or "ledger" in d.said)]
    expect(
        len(told) == 2,
        f"gate {judged.code}: {judged.said[-160:]}; verify {verified.code}: {verified.said[-160:]}",
    )


def _same_content(change: Change, bench: Bench) -> None:
    system = bench.system()
    change(system)
    done = bench.hl("gate", system, "--program", bench.write("good.py", GOOD), "--workers", 1)
    expect("unexpected " not in done.err and "Traceback (most" not in done.err, done.err[-400:])
    if done.code == 0:
        expect(bench.git(system, "show", "HEAD:policy.py") == GOOD, "another program is the champion")
    else:
        expect(done.code in (2, 3) and "line" in done.said, done.said[-300:])


def _disbelieved(change: Change, bench: Bench) -> None:
    system = bench.system()
    change(system)
    idle = bench.write("idle.py", IDLE)
    judged = bench.hl("gate", system, "--program", idle, "--workers", 1)
    shown = bench.hl("eval", system, "--program", idle, "--split", "holdout", "--episodes", 4, "--workers", 1)
    verified = bench.hl("verify", system)
    expect(judged.code != 0, "the forged rows made it the champion: " + judged.said[-200:])
    expect("9.5" not in shown.out, "the forged scores are shown: " + shown.out[-200:])
    expect(verified.code in (1, 2, 3), f"verify ended with {verified.code}: {verified.said[-200:]}")
    expect(
        "hash" in bench.git(system, "show", "HEAD:policy.py")
        or bench.git(system, "show", "HEAD:policy.py") != IDLE,
        "it is the champion",
    )


def _told(change: Change, words: tuple[str, ...], bench: Bench) -> None:
    system = bench.system()
    change(system)
    good = bench.write("good.py", GOOD)
    done = bench.hl("gate", system, "--program", good, "--workers", 1)
    more = (bench.hl("history", system), bench.hl("verify", system), bench.hl("rollback", system, 1))
    for each in (done, *more):
        expect("unexpected " not in each.err and "Traceback (most" not in each.err, each.err[-400:])
    if (
        done.code == 0
    ):  # put right, or not in the way: then it is the champion, and judged by what was committed
        expect(
            bench.git(system, "show", "HEAD~0:tests/test_policy.py", check=False).count("def test") > 1,
            "weak tests were committed",
        )
        return
    expect(done.code in (1, 2, 3), f"ended with {done.code}: {done.said[-200:]}")
    expect(any(w in done.said for w in words), f"it names none of {words}: {done.said[-300:]}")


def _swap(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    path.write_text(text.replace(old, new, 1) if old in text else text + "\n" + new + "\n")


def _bytes(system: Path, change: Callable[[bytes], bytes]) -> None:
    path = system / "ledger.jsonl"
    path.write_bytes(change(path.read_bytes()))


def _store(system: Path) -> None:
    from hlearn.ledger import ProgramStore
    from hlearn.records import Program

    ProgramStore(system / "programs" / "pack").add(Program(source=IDLE))


def _other_source(system: Path) -> None:
    path = system / "programs" / "pack"
    lines = path.read_text().splitlines()
    sha = lines[0].split()[0]
    path.write_text(
        "\n".join(" ".join([x.split()[0], *lines[-1].split()[1:]]) for x in lines) + "\n"
        if len(lines) > 1
        else f"{sha} - eJxLVMhNLcrVBQAJZgLA\n"
    )
