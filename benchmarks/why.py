"""How well what goes wrong is seen: replays, decisions, counterfactuals, planted faults, and what films and pages cost.

    nice python benchmarks/why.py DIR [DIR ...] --out benchmarks/results/why.json

DIR are systems, or names of the zoo's; the program of each as it stands is looked at. Faults are planted at random
(kind, part, seed) into these programs. One counts as found where one of the first three failures is about the part
that it was planted in: a detector must be its subject, a rule must be its subject or have acted in its window; a
program made to crash must be listed as failing. Episodes are cut at ``--steps`` environment steps. Every figure is a
count of cases that were really played; nothing is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from hlearn.cli.opening import standing_program
from hlearn.errors import HlearnError
from hlearn.evaluate.api import Job, Record
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.keyed import with_seeds
from hlearn.evidence.film import write_film
from hlearn.evidence.renderers import ready_to_draw
from hlearn.evidence.replay import replay, shots
from hlearn.explain.decisions import explain_with, play_change
from hlearn.explain.words import nearest
from hlearn.failures import FailureGroup, MinedEpisode, mine, play_mined
from hlearn.policy.modules import parts_of
from hlearn.records import Program, Split
from hlearn.replays import StoredReplay, read_replay, reproduce, write_replay
from hlearn.system import System
from hlearn.system.program_files import write_program
from hlearn.tasks.seeds import split_seeds
from hlearn.zoo import find_entry

_FIRST = 5_000  # of the development seeds that are used here, far from those of learning
DETECTOR_FAULTS = {
    "shifted": "value = shift(value, 8.0 if abs(number(value)) > 3 else 0.8)",
    "late": "self._kept.append(value); value = self._kept[max(0, len(self._kept) - 4)]",
    "dead": "self._kept[:] = self._kept[:1] or [value]; value = self._kept[0]",
    "turned": "value = scale(value, -1.0)",
    "halved": "value = scale(value, 0.5)",
    "blind now and then": "self._kept.append(0); value = value if len(self._kept) % 400 < 200 else self._first",
    "jumps": "self._kept.append(0); value = shift(value, 40.0) if len(self._kept) % 9 == 0 else value",
    "noisy": "value = shift(value, self.rng.uniform(-1, 1) * (30.0 if abs(number(value)) > 3 else 1.0))",
    "dies": "self._kept.append(value); value = self._kept[min(len(self._kept) - 1, 200)]",
    "held": "self._kept.append(value); value = self._kept[(len(self._kept) - 1) // 8 * 8]",
    "drifts": "self._kept.append(0); value = shift(value, len(self._kept) * (0.05 if abs(number(value)) > 3 else 0.005))",  # noqa: E501
    "clipped": "value = shift(value, min(0.0, number(self._first) - number(value)))",
    "sign lost": "value = shift(value, abs(number(value)) - number(value))",
}
RULE_FAULTS = {
    "switched off": "return None",
    "turned": "return turned(said)",
    "stuck": "self._kept[:] = self._kept[:1] or [said]; return self._kept[0]",
    "late": "self._kept.append(said); return self._kept[max(0, len(self._kept) - 13)]",
    "to and fro": "self._kept.append(said); return said if len(self._kept) % 2 else turned(said)",
    "now and then": "self._kept.append(0); return said if len(self._kept) % 3 else None",
    "weak": "return weak(said)",
    "crashes": "self._kept.append(0)\n        if len(self._kept) > 300: raise ValueError\n        return said",
}
HELD_OUT = ("dies", "held", "drifts", "clipped", "sign lost", "now and then", "weak")
"""Kinds that came after the mining was written, and that it is not to be tuned to."""
HELP = """

def number(value):
    return float(value[0] if isinstance(value, tuple) else value)


def shift(value, by):
    return value._replace(x=value.x + by) if hasattr(value, "_replace") else type(value)(value + by)


def scale(value, by):
    return value._replace(x=value.x * by) if hasattr(value, "_replace") else type(value)(value * by)


def turned(said):
    if isinstance(said, bool) or said is None:
        return not said
    if isinstance(said, int):
        return int(not said)
    return [-v for v in said] if isinstance(said, (list, tuple)) else -said


def weak(said):
    return [0.3 * v for v in said] if isinstance(said, (list, tuple)) else said * 0.3


"""


def planted(program: Program, name: str, role: str, kind: str) -> Program:
    """The program with a fault in one of its parts: a class below its own overrides it."""
    owner = re.findall(r"^class (\w+)\(", program.source, re.MULTILINE)[-1]
    rest = "obs" if role == "detect" else "s"
    if role == "detect":
        body = f"value = super().{name}(obs)\n        if value is None:\n            return None\n"
        body += "        self._first = getattr(self, '_first', value)\n"
        body += f"        {DETECTOR_FAULTS[kind]}\n        return value"
    else:
        body = f"said = super().{name}(s)\n        {RULE_FAULTS[kind]}"
    source = (
        program.source
        + HELP
        + (
            f"class Planted({owner}):\n    def setup(self):\n        super().setup()\n        self._kept = []\n\n"
            f"    @{role}\n    def {name}(self, {rest}):\n        {body}\n"
        )
    )
    return Program(source=source)


def plant_faults(
    system: System, faults: int, steps: int, rng: random.Random, first: int, only: Sequence[str]
) -> dict[str, object]:
    """Plants faults one by one, and looks whether the first three failures name the part.

    A fault that changes nothing that is done in these episodes cannot be seen in them, and is told apart. What is named
    without the fault as well says nothing of it, and is told apart too.
    """
    champion = standing_program(system, system.path, None)
    parts = {n: s.role for n, s in parts_of(champion).items()}
    seeds = _seeds(system, 10 + 100 * first, 3)
    usual = play_mined(system.task, champion, seeds, system.worlds, max_steps=steps)
    score = sum(e.outcome.score for e in usual) / len(usual)
    before = mine(usual, champion)[:3]
    print(f"  without a fault: {score:.4g} {[g.title for g in before]}", flush=True)
    rows = []
    choices = [
        (n, r, k) for n, r in parts.items() for k in (DETECTOR_FAULTS if r == "detect" else RULE_FAULTS)
    ]
    choices = [c for c in choices if not (c[1] == "controller" and c[2] in ("switched off", "now and then"))]
    choices = [c for c in choices if c[1] in ("controller", "reflex") or c[2] != "weak"]
    choices = [c for c in choices if not only or c[2] in only]
    for _ in range(faults if choices else 0):
        # First a kind, then a part: kinds that few parts can have are not drowned.
        role, kind = rng.choice(sorted({(c[1] == "detect", c[2]) for c in choices}))
        name, own, kind = rng.choice([c for c in choices if (c[1] == "detect", c[2]) == (role, kind)])
        program = planted(champion, name, own, kind)
        episodes = play_mined(system.task, program, seeds, system.worlds, max_steps=steps)
        groups = mine(episodes, program)[:3]
        mean = sum(e.outcome.score for e in episodes) / len(episodes)
        rows.append({
            "part": name, "role": own, "kind": kind, "found": names(groups, name, own, kind),
            "subject": any(g.subject == name for g in groups), "also without": names(before, name, own, ""),
            "same play": all(_same(a, b) for a, b in zip(usual, episodes, strict=True)),
            "score": mean, "usual": score, "first three": [f"{g.title}: {g.worst.said}" for g in groups],
        })  # fmt: skip
        print(f"  {kind} {name}: {rows[-1]['found']}{' same play' if rows[-1]['same play'] else ''} "
              f"({mean:.4g}) {rows[-1]['first three']}", flush=True)  # fmt: skip
    return {"without": [f"{g.title}: {g.worst.said}" for g in before], "rows": rows, **counted(rows)}


def names(groups: Sequence[FailureGroup], part: str, role: str, kind: str) -> bool:
    """Whether failures are about a part: a detector is their subject, a rule their subject or acted in their window."""
    if kind and any(g.kind == "program failed" for g in groups):
        return True
    if role == "detect":
        return any(g.subject == part for g in groups)
    return any(
        part in re.split(r"[+/]", g.subject) or any(part in r.split("+") for r, _ in g.rules) for g in groups
    )


def counted(rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Found of planted, of all, of those that change what is done, and of the kinds held out and not."""
    acting = [r for r in rows if not r["same play"]]

    def share(some: Sequence[Mapping[str, object]]) -> str:
        return f"{sum(bool(r['found']) for r in some)} of {len(some)}"

    return {
        "all": share(rows),
        "of those that change the play": share(acting),
        "of these, not named without the fault as well": share([r for r in acting if not r["also without"]]),
        "of these, detectors": share([r for r in acting if r["role"] == "detect"]),
        "of these, kinds held out": share([r for r in acting if r["kind"] in HELD_OUT]),
    }


def _same(one: MinedEpisode, two: MinedEpisode) -> bool:
    return np.array_equal(one.recording.actions, two.recording.actions)


def _seeds(system: System, start: int, count: int) -> list[int]:
    return split_seeds(Split.DEV, system.config.seed, _FIRST + start, count)


def replays(system: System, count: int, steps: int) -> dict[str, object]:
    """Stores episodes, reads them and plays them again."""
    champion = standing_program(system, system.path, None)
    jobs = [
        with_seeds(
            Job(program=champion, seed=s, max_steps=steps, record=Record.ACTIONS, checks=True), system.worlds
        )
        for s in _seeds(system, 0, count)
    ]
    exact = size = decisions = 0
    with IsolatedEvaluator(system.task) as evaluator, tempfile.TemporaryDirectory() as folder:
        for number, result in enumerate(evaluator.run(jobs)):
            assert result.recording is not None
            stored = StoredReplay.of(
                system.task, champion, system.worlds.current, result.outcome, result.recording
            )
            size += write_replay(path := Path(folder) / f"{number}.replay", stored)
            decisions += len(stored.actions)
            exact += reproduce(read_replay(path), system.worlds).exact
    return {"episodes": count, "exact": exact, "decisions": decisions, "bytes": size}


def decisions(system: System, count: int, played: int, steps: int, rng: random.Random) -> dict[str, object]:
    """Asks about random decisions, and plays some of the changes that are said to turn them."""
    champion = standing_program(system, system.path, None)
    asked = agree = tried = turned = 0
    per = 25
    with IsolatedEvaluator(system.task) as evaluator:
        for seed in _seeds(system, 0, -(-count // per)):
            job = Job(program=champion, seed=seed, max_steps=steps, record=Record.ACTIONS)
            first = evaluator.run([with_seeds(job, system.worlds)])[0].recording
            assert first is not None
            wanted = rng.sample(range(len(first.actions)), min(per, count - asked, len(first.actions)))
            explained = explain_with(
                evaluator, system.task, champion, seed, wanted, system.worlds, limit_s=2.0
            )
            asked += len(wanted)
            agree += sum(d.agrees for d in explained.decisions)
            for decision in explained.decisions:
                for one in nearest(decision.counterfactuals, 3):
                    if tried >= played:
                        break
                    taken = play_change(evaluator, system.task, champion, decision, one.change, system.worlds)
                    tried += 1
                    turned += taken == one.action and taken != decision.taken
    return {"asked": asked, "agree": agree, "played": tried, "turned": turned}


def film(system: System, pictures: int) -> dict[str, object]:
    """Seconds for an MP4 with overlay."""
    champion = standing_program(system, system.path, None)
    ready_to_draw()
    episode = replay(system.task, champion, _seeds(system, 0, 1)[0], system.worlds)
    count = len(episode.recording.actions)
    every = min(1.0, count / pictures)
    with tempfile.TemporaryDirectory() as folder:
        began, cpu = time.perf_counter(), time.process_time()
        seen = shots(episode, every=every, stop=int(pictures * every), overlay=True)
        number = write_film(Path(folder) / "a.mp4", (s.picture for s in seen), per_second=30)
        return {
            "pictures": number,
            "seconds": time.perf_counter() - began,
            "cpu_s": time.process_time() - cpu,
        }


def zoo_system(name: str, folder: Path) -> System:
    """A system with the program of an entry of the zoo, and always the same episodes."""
    (folder / "zoo.key").write_text("5a" * 32)
    os.environ |= {"HLEARN_STATE": str(folder / "state"), "HLEARN_KEY": str(folder / "zoo.key")}
    entry = find_entry(name)
    system = System.create(folder / name, entry.task)
    write_program(system.path, entry.program.as_files())
    return system


def main() -> None:
    """Measures every system that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("systems", nargs="+", type=Path)
    parser.add_argument("--replays", type=int, default=100)
    parser.add_argument("--decisions", type=int, default=100)
    parser.add_argument("--changes", type=int, default=20)
    parser.add_argument("--faults", type=int, default=28)
    parser.add_argument("--steps", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--kinds", default="", help="of faults, with commas between them; default: all of them"
    )
    parser.add_argument("--only", help="replays, decisions, film or faults; default: all of them")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="hl-why-")
    found: dict[str, object] = json.loads(given.out.read_text()) if given.out.exists() else {}
    for path in given.systems:
        system = zoo_system(str(path), Path(scratch)) if not path.exists() else System.open(path)
        rows = found.setdefault(system.task.env_id + " " + system.task.access.value, {})
        assert isinstance(rows, dict)
        rng = random.Random(given.seed)
        parts: tuple[tuple[str, Callable[[], object]], ...] = (
            ("replays", lambda s=system: replays(s, given.replays, given.steps)),
            (
                "decisions",
                lambda s=system, r=rng: decisions(s, given.decisions, given.changes, given.steps, r),
            ),
            ("film", lambda s=system: film(s, 1_000)),
            (
                "faults",
                lambda s=system, r=rng: plant_faults(
                    s, given.faults, given.steps, r, given.seed, [k for k in given.kinds.split(",") if k]
                ),
            ),
        )
        for name, measure in parts:
            if name in rows or given.only not in (None, name):
                continue
            began = time.perf_counter()
            try:
                rows[name] = measure()
            except HlearnError as error:
                rows[name] = {"error": str(error)[:400]}
            with suppress(OSError):
                rows[f"{name}_load"] = round(os.getloadavg()[0], 1)
            rows[f"{name}_s"] = round(time.perf_counter() - began, 1)
            print(
                system.task.env_id,
                name,
                rows[name] if name != "faults" else "",
                rows[f"{name}_s"],
                flush=True,
            )
            given.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
