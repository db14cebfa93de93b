"""SIGKILL at random moments, over the verbs and kinds of editors: what comes out is what an undisturbed run gives."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.attacks.case import GOOD, HL, TASK, Broken, expect

_LIMIT_S = 240.0
_NOT_COMPARED = (
    "time",
    "seconds",
    "overhead_s",
    "wall_s",
    "commit",
    "versions",
    "hash",
    "seal",
    "n",
    "schema",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One command that is killed.

    Attributes:
        first: its arguments; {s} the system, {d} a folder with programs.
        again: how it is asked again after a kill.
        exact: whether the ledger must come out row by row the same; else champion, trials and results of programs.
        codes: exit codes of a run that is done.
    """

    name: str
    first: tuple[str, ...]
    again: tuple[str, ...]
    exact: bool
    codes: tuple[int, ...] = (0, 1)


_COMMAND = "command:cp {d}/good.py policy.py; echo 'a better walker' > $HL_NOTE"
_LEARN = ("learn", TASK, "--out", "{s}", "--resume", "--holdout-episodes", "3", "--workers", "1", "--json")
VERBS = (
    Verb(name="learn-search", first=("learn", TASK, "--out", "{n}", "--steps", "4000", "--holdout-episodes", "3", "--workers", "1", "--key",
            "{k}",
            "--json"),
         again=("learn", TASK, "--out", "{n}", "--resume", "--steps", "4000", "--holdout-episodes", "3", "--workers", "1", "--key",
            "{k}",
            "--json"), exact=True),
    Verb(name="learn-search-on", first=(*_LEARN, "--steps", "6000"), again=(*_LEARN, "--steps", "6000"), exact=True),
    Verb(name="learn-command", first=(*_LEARN, "--steps", "3000", "--editor", _COMMAND), again=(*_LEARN, "--steps", "3000", "--editor", _COMMAND), exact=False),
    Verb(name="learn-scripted", first=("{python}", "{d}/scripted.py", "{s}"), again=("{python}", "{d}/scripted.py", "{s}"), exact=True),
    Verb(name="gate", first=("gate", "{s}", "--program", "{d}/good.py", "--workers", "1", "--json"), again=("gate", "{s}", "--program", "{d}/good.py", "--workers", "1", "--json"), exact=False, codes=(0, 1, 2)),
    Verb(name="eval", first=("eval", "{s}", "--episodes", "30", "--workers", "1", "--json"), again=("eval", "{s}", "--episodes", "30", "--workers", "1", "--json"), exact=False),
    Verb(name="compress", first=("compress", "{r}", "--steps", "4000", "--workers", "1", "--json"), again=("compress", "{r}", "--steps", "4000", "--workers", "1", "--json"), exact=False, codes=(0, 1)),
    Verb(name="rollback", first=("rollback", "{r}", "1", "--json"), again=("rollback", "{r}", "1", "--json"), exact=False, codes=(0, 2)),
    Verb(name="verify", first=("verify", "{r}", "--json"), again=("verify", "{r}", "--json"), exact=False),
)  # fmt: skip

_SCRIPTED = """import sys
from hlearn.editors.scripted import ScriptedEditor
from hlearn import learn
good = open({good!r}).read()
sources = [good.replace("return 2 if", f"return 0 if self.t % {{7 - i}} == 0 else 2 if") for i in range(4)]
learn({task!r}, out=sys.argv[1], editor=ScriptedEditor(sources), steps=6000, holdout=3, workers=1, resume=True)
"""


Runs = dict[str, dict[str, Any]]


def run(count: int, seed: int, stand: Path, workers: int, done: Runs, note: Callable[[Runs], None]) -> None:
    """Kills over all verbs, ``count`` runs in all; those that are done are not run again.

    Args:
        count: runs, each with one kill or two.
        seed: of the moments.
        stand: what all start from.
        workers: runs side by side.
        done: results by number and seed, added to.
        note: told the results after each run.
    """
    rng = random.Random(seed)
    plan = [(f"{seed}-{i}", VERBS[i % len(VERBS)], rng.random(), rng.random() < 0.3) for i in range(count)]
    todo = [p for p in plan if p[0] not in done or done[p[0]]["why"]]
    with tempfile.TemporaryDirectory(prefix="kills-", ignore_cleanup_errors=True) as folder:
        base = Path(folder)
        _programs(base, stand)
        whole = {verb.name: _undisturbed(verb, base) for verb in dict.fromkeys(p[1] for p in todo)}

        def one(planned: tuple[str, Verb, float, bool]) -> None:
            done[planned[0]] = _one(*planned, base, whole)
            note(done)
            print(planned[0], json.dumps(done[planned[0]])[:300], flush=True)

        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            list(pool.map(one, todo))


def summary(runs: Runs) -> dict[str, Any]:
    """Held and broken by verb."""
    results = list(runs.values())
    broken = [r for r in results if r["why"]]
    return {
        "kills": sum(r["kills"] for r in results),
        "runs": len(results),
        "held": len(results) - len(broken),
        "broken": len(broken),
        "by_verb": {
            verb.name: {
                "runs": sum(r["verb"] == verb.name for r in results),
                "broken": sum(r["verb"] == verb.name for r in broken),
            }
            for verb in VERBS
        },
    }


def _programs(base: Path, stand: Path) -> None:
    (base / "good.py").write_text(GOOD)
    (base / "scripted.py").write_text(_SCRIPTED.format(good=str(base / "good.py"), task=TASK))
    shutil.copytree(stand, base / "stand", symlinks=True)
    _call(base / "stand", ("gate", "{s}", "--program", "{d}/rich.py", "--workers", "1"), base, rich=True)


_RICH = """from hlearn.policy import RulePolicy, detect, rule


class Walk(RulePolicy):
    @detect
    def away(self, obs):
        return float(obs[1] - obs[0])

    @rule
    def never(self, s):
        return 1 if s.away > 99 else None

    @rule
    def right(self, s):
        return 2 if s.away > 0 else None

    @rule
    def left(self, s):
        return 1 if s.away < 0 else None

    @rule
    def stay(self, s):
        return 0
"""


def _call(
    place: Path, arguments: tuple[str, ...], base: Path, *, rich: bool = False
) -> subprocess.Popen[bytes]:
    if rich:
        (base / "rich.py").write_text(_RICH)
        shutil.copytree(place / "system", place / "rich", symlinks=True)
    names = {
        "s": place / "system",
        "r": place / "rich",
        "n": place / "new",
        "k": next((place / "state" / "keys").glob("*.key"), ""),
        "d": base,
        "python": HL[0],
    }
    if rich:
        names["s"] = place / "rich"
    filled = [a.format(**names) if "{" in a else a for a in arguments]
    command = filled if arguments[0] == "{python}" else [*HL, *filled]
    process = subprocess.Popen(
        command,
        env=os.environ | {"HLEARN_STATE": str(place / "state")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    if rich:
        out, _ = process.communicate(timeout=_LIMIT_S)
        if process.returncode:
            raise SystemExit(f"the stand of the kills cannot be built: {out.decode()[-500:]}")
    return process


def _place(base: Path, name: str) -> Path:
    place = base / name
    shutil.copytree(base / "stand", place, symlinks=True)
    return place


def _system(verb: Verb, place: Path) -> Path:
    joined = " ".join(verb.first)
    return place / ("rich" if "{r}" in joined else "new" if "{n}" in joined else "system")


def _undisturbed(verb: Verb, base: Path) -> dict[str, Any]:
    place = _place(base, f"whole-{verb.name}")
    began = time.monotonic()
    process = _call(place, verb.first, base)
    out, _ = process.communicate(timeout=_LIMIT_S)
    if process.returncode not in verb.codes:
        return {
            "seconds": 1.0,
            "failed": f"undisturbed, it ended with {process.returncode}: {out.decode()[-300:]}",
        }
    seconds = time.monotonic() - began
    return {"seconds": seconds, **_came_out(_system(verb, place))}


def _one(i: str, verb: Verb, share: float, twice: bool, base: Path, whole: dict[str, Any]) -> dict[str, Any]:
    reference = whole[verb.name]
    kills = 0
    place = _place(base, f"run-{i}")
    why = reference.get("failed", "")
    try:
        if not why:
            for again in range(2 if twice else 1):
                kills += _kill(
                    verb,
                    place,
                    base,
                    share * reference["seconds"] * (1 + again) / 2 if twice else share * reference["seconds"],
                    again > 0,
                )
                _nothing_runs(place)
            _finish(verb, place, base)
            _compare(verb, reference, _came_out(_system(verb, place)))
    except Broken as broken:
        why = str(broken)
    except subprocess.TimeoutExpired:
        why = "stuck"
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return {"verb": verb.name, "share": round(share, 4), "twice": twice, "kills": kills, "why": why}


def _kill(verb: Verb, place: Path, base: Path, after_s: float, again: bool) -> int:
    known = _system(verb, place).exists()
    process = _call(place, verb.again if again and known else verb.first, base)
    try:
        process.communicate(timeout=max(after_s, 0.01))
        return 0  # it was done before
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        return 1


def _finish(verb: Verb, place: Path, base: Path) -> None:
    known = (_system(verb, place) / "hl.toml").exists()
    process = _call(place, verb.again if known else verb.first, base)
    out, _ = process.communicate(timeout=_LIMIT_S)
    said = out.decode(errors="replace")
    expect(
        process.returncode in verb.codes, f"asked again, it ended with {process.returncode}: {said[-300:]}"
    )
    expect("unexpected " not in said and "Traceback (most" not in said, said[-300:])


def _nothing_runs(place: Path) -> None:
    mark = f"HLEARN_STATE={place / 'state'}".encode()
    deadline = time.monotonic() + 8
    left: list[str] = []
    while time.monotonic() < deadline:
        left = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError):
                    if mark in Path(f"/proc/{name}/environ").read_bytes():
                        left.append(
                            Path(f"/proc/{name}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:80]
                        )
        if not left:
            return
        time.sleep(0.1)
    raise Broken(f"left running: {left}")


def _came_out(system: Path) -> dict[str, Any]:
    rows = [json.loads(line) for line in (system / "ledger.jsonl").read_text().splitlines()]
    plain = [_plain(r) for r in rows if r["event"] not in ("run_resumed", "key_adopted")]
    git = ["git", "-C", str(system)]
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    champion = subprocess.run(
        [*git, "show", "HEAD:policy.py"], env=env, capture_output=True, check=False
    ).stdout.decode()
    status = subprocess.run(
        [*git, "status", "--porcelain", "--", "policy.py", "tests", "cases"],
        env=env,
        capture_output=True,
        check=False,
    )
    trials = [(r["data"]["program"], r["data"]["decision"]) for r in rows if r["event"] == "trial"]
    episodes = Counter(
        (d["program"], d["split"], json.dumps(d.get("caps", {}), sort_keys=True), o["seed"])
        for r in rows if r["event"] == "measured" for d in (r["data"],) for o in d["outcomes"]
    )  # fmt: skip
    commits = subprocess.run(
        [*git, "log", "--format=%(trailers:key=Trial,valueonly)"], env=env, capture_output=True, check=False
    )
    return {
        "rows": plain, "champion": champion, "trials": trials, "doubled": [k for k, n in episodes.items() if n > 1],
        "unclean": status.stdout.decode().strip(), "commits": Counter(commits.stdout.decode().split()),
        "accepted": [r["data"]["trial"] for r in rows if r["event"] == "trial" and r["data"]["decision"] == "accepted"],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in _NOT_COMPARED}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _compare(verb: Verb, whole: dict[str, Any], got: dict[str, Any]) -> None:
    expect(got["champion"] == whole["champion"], f"another champion: {got['champion'][:200]!r}")
    expect(
        dict(got["trials"]) == dict(whole["trials"]),
        f"other trials: {got['trials']} instead of {whole['trials']}",
    )
    expect(
        got["doubled"] == whole["doubled"] or not set(got["doubled"]) - set(whole["doubled"]),
        f"recorded twice: {got['doubled'][:2]}",
    )
    expect(
        all(got["commits"][str(n)] == 1 for n in got["accepted"]),
        f"accepted {got['accepted']}, committed {dict(got['commits'])}",
    )
    expect(got["unclean"] == whole["unclean"], f"git status says {got['unclean']!r}")
    if verb.exact:
        expect(got["rows"] == whole["rows"], _difference(whole["rows"], got["rows"]))


def _difference(whole: list[Any], got: list[Any]) -> str:
    for n, (a, b) in enumerate(zip(whole, got, strict=False)):
        if a != b:
            return f"row {n + 1} is {json.dumps(b)[:250]}, undisturbed {json.dumps(a)[:250]}"
    return f"{len(got)} rows instead of {len(whole)}"
