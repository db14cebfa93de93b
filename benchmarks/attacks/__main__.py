"""Runs the cases: each in a process of its own, with a time limit."""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.attacks import edits, honest, kills, programs, seeds, states, tampering, texts
from benchmarks.attacks.case import HL, PYTHON, SLOW, STAND, TASK, Bench, Broken, Case, no_orphans

RESULTS = Path(__file__).parents[1] / "results" / "attacks.json"
MODULES = (programs, seeds, texts, edits, tampering, states, honest)
CASES: dict[str, Case] = {case.key: case for module in MODULES for case in module.cases()}


def main() -> int:
    """Entry point; exit code 1 where something is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attacks")
    parser.add_argument("--kind", action="append", default=[], help="only this kind (may be repeated)")
    parser.add_argument("--only", default="", help="only cases with this in their name")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--anew", action="store_true", help="forget earlier results of the chosen cases")
    parser.add_argument("--broken", action="store_true", help="run the broken ones again")
    parser.add_argument("--kills", type=int, default=0, metavar="N", help="this many random kills")
    parser.add_argument("--seed", type=int, default=0, help="of the random kills")
    parser.add_argument("--list", action="store_true", help="print the cases and what is expected of them")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        return run_one(asked.run)
    chosen = [c for c in CASES.values() if (not asked.kind or c.kind in asked.kind) and asked.only in c.key]
    if asked.list:
        for case in chosen:
            print(f"{case.key:60} {case.expected}")
        print(f"{len(chosen)} cases")
        return 0
    book = Book(asked.out)
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        stand = prepare(Path(folder))
        if asked.kills:
            kills.run(asked.kills, asked.seed, stand, asked.workers, book.runs, book.note_kills)
        else:
            todo = [c for c in chosen if asked.anew or book.wants(c, broken=asked.broken)]
            run_all(todo, stand, asked.workers, book)
    return print_table(book)


class Book:
    """The results so far, on disk after every case.

    Args:
        path: a JSON file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        held = json.loads(path.read_text()) if path.exists() else {}
        self.cases: dict[str, dict[str, Any]] = {k: v for k, v in held.get("cases", {}).items() if k in CASES}
        self.runs: dict[str, dict[str, Any]] = held.get("kill_runs", {})
        self._lock = threading.Lock()
        git = ["git", "-C", str(RESULTS.parent), "rev-parse", "--short", "HEAD"]
        self._revision = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()

    def wants(self, case: Case, *, broken: bool) -> bool:
        """Whether a case is to be run."""
        known = self.cases.get(case.key)
        return known is None or (broken and not known["held"])

    def note(self, case: Case, result: dict[str, Any]) -> None:
        """Writes down what came of a case."""
        with self._lock:
            self.cases[case.key] = {"expected": case.expected, "revision": self._revision, **result}
            self._write()

    @property
    def kills(self) -> dict[str, Any]:
        """What came of the kills so far."""
        return kills.summary(self.runs) if self.runs else {}

    def note_kills(self, runs: dict[str, dict[str, Any]]) -> None:
        """Writes down what came of the kills until now."""
        with self._lock:
            self.runs = {key: {"revision": self._revision, **run} for key, run in runs.items()}
            self._write()

    def _write(self) -> None:
        rows = {key: self.cases[key] for key in CASES if key in self.cases}
        text = json.dumps(
            {"by_kind": by_kind(rows), "kills": self.kills, "kill_runs": self.runs, "cases": rows}, indent=1
        )
        part = self.path.with_suffix(".part")
        part.write_text(text + "\n")
        os.replace(part, self.path)


def by_kind(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Held and broken by kind."""
    counts: dict[str, dict[str, int]] = {}
    for key, row in rows.items():
        kind = counts.setdefault(key.partition("/")[0], {"held": 0, "broken": 0})
        kind["held" if row["held"] else "broken"] += 1
    return counts


def prepare(folder: Path) -> Path:
    """Makes what all cases start from: a system with a slow champion, and its key."""
    stand = folder / "stand"
    (stand / "state").mkdir(parents=True)
    (stand / "slow.py").write_text(SLOW)
    env = os.environ | {"HLEARN_STATE": str(stand / "state")}
    for arguments in (
        ("init", TASK, stand / "system"),
        ("gate", stand / "system", "--program", stand / "slow.py"),
    ):
        done = subprocess.run(
            [*HL, *map(str, arguments)], env=env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(
                f"the stand cannot be built: hl {arguments[0]} ended with {done.returncode}\n{done.stderr}"
            )
    return stand


def run_all(todo: Sequence[Case], stand: Path, workers: int, book: Book) -> None:
    """Runs cases side by side and writes down each as it ends."""
    began = time.monotonic()

    def one(case: Case) -> None:
        result = supervised(case, stand)
        book.note(case, result)
        mark = "held  " if result["held"] else "BROKEN"
        said = "" if result["held"] else f": {result['why']}"
        print(f"{mark} {case.key} ({result['seconds']} s){said}"[:240], flush=True)

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, todo))
    print(f"{len(todo)} cases in {time.monotonic() - began:.0f} s")


def supervised(case: Case, stand: Path) -> dict[str, Any]:
    """Runs a case in a process of its own and returns whether it held."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="attack-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [PYTHON, "-m", "benchmarks.attacks", "--run", case.key],
            env=os.environ | {STAND: str(stand), "TMPDIR": folder, "HLEARN_ATTACK": case.key},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            out, _ = process.communicate(timeout=case.limit_s)
            why = _verdict(out.decode(errors="replace"), process.returncode)
        except subprocess.TimeoutExpired:
            why = f"stuck: it took longer than {case.limit_s:g} s"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(exist_ok=True)
    seconds = round(time.monotonic() - began, 1)
    return {"held": not why, "seconds": seconds, **({"why": why} if why else {})}


def _verdict(said: str, code: int) -> str:
    for line in reversed(said.splitlines()):
        if line.startswith("VERDICT "):
            return str(json.loads(line.removeprefix("VERDICT ")))
    return f"the case's own process ended with {code}: {said.strip()[-400:]}"


def run_one(key: str) -> int:
    """Tries one case here and prints what came of it."""
    case = CASES[key]
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        try:
            with no_orphans():
                case.run(Bench(Path(folder)))
            why = ""
        except Broken as broken:
            why = str(broken) or "broken"
    print("VERDICT " + json.dumps(why), flush=True)
    return 0


def print_table(book: Book) -> int:
    """Prints held and broken by kind, and every broken case."""
    counts = by_kind(book.cases)
    print(f"\n{'kind':12} {'held':>5} {'broken':>7}")
    for kind, n in counts.items():
        print(f"{kind:12} {n['held']:5} {n['broken']:7}")
    print(
        f"{'all':12} {sum(n['held'] for n in counts.values()):5} {sum(n['broken'] for n in counts.values()):7}"
    )
    for key, row in book.cases.items():
        if not row["held"]:
            print(f"BROKEN {key}: expected {row['expected']}; {row['why']}"[:400])
    if book.kills:
        print("kills:", json.dumps(book.kills))
    broken = any(not row["held"] for row in book.cases.values()) or bool(book.kills.get("broken"))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
