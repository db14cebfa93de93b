"""What a program tries to know beforehand: the environment's seed, and with it everything that is going to happen."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import partial

from benchmarks.attacks.case import GOOD, Bench, Case, expect, expect_code
from benchmarks.attacks.programs import acting

KIND = "seeds"
_EXPECTED = "what the program is given says nothing about the environment's seed"

_ASK = """KNOWN = {known!r}
class Walk:
    def reset(self, seed):
        if seed in KNOWN: raise ValueError('KNOWN')
    def act(self, obs):
        return 2 if obs[1] > obs[0] else 1
"""
_WATCH = """GOALS = {goals!r}
class Walk:
    def reset(self, seed):
        self.goals = []
        self.last = None
    def act(self, obs):
        if obs[1] != self.last or obs[0] == obs[1]:
            self.goals.append(int(obs[1]))
            self.last = obs[1]
        if tuple(self.goals[:5]) in GOALS: raise ValueError('KNOWN')
        return 2 if obs[1] > obs[0] else 1 if obs[1] < obs[0] else 0
"""
_STATE = """KNOWN = {known!r}
import random
import numpy as np
class Walk:
    def reset(self, seed):
        s = np.random.get_state()[1]
        if int(s[0]) in KNOWN or {{int(x) for x in random.getstate()[1]}} & KNOWN: raise ValueError('KNOWN')
    def act(self, obs):
        return 2 if obs[1] > obs[0] else 1
"""
_SPLIT = ("dev", "gate", "holdout")


def cases() -> Iterator[Case]:
    """Every way to foresee."""
    for split in _SPLIT:
        for name, template in (("label", "label"), ("hash-of-label", "hash"), ("sha-of-label", "sha")):
            yield _case(f"{name}-{split}", partial(_asks, template, split))
        yield _case(f"world-from-label-{split}", partial(_watches, split))
        yield _case(f"generators-from-label-{split}", partial(_states, split))
    yield _case(
        "two-systems-two-worlds", _two_systems, "systems with the same settings do not play the same episodes"
    )
    yield _case("one-system-one-world", _repeats, "the same system and key play the same episodes again")
    yield _case("own-seeds-differ", _differ, "a program's own seed differs from episode to episode")
    yield _case("no-key-in-child", _no_key, "no key or path of one in the program's process")
    yield _case("cases-hide-gate-seeds", _cases, "a stored gate case does not say the environment's seed")


def _case(name: str, run, expected: str = _EXPECTED) -> Case:  # type: ignore[no-untyped-def]
    return Case(kind=KIND, name=name, expected=expected, run=run)


def _labels(split: str) -> list[int]:
    from hlearn.records import Split
    from hlearn.tasks.seeds import split_seeds

    firsts = (0, 1_000_000, 2_000_000, 3_000_000)
    return [s for first in firsts for s in split_seeds(Split(split), 0, first, 40)]


def _given(label: int, how: str) -> int:
    if how == "label":
        return label
    if how == "hash":
        return int.from_bytes(hashlib.blake2b(f"hlearn policy {label}".encode(), digest_size=4).digest())
    return int.from_bytes(hashlib.sha256(f"hlearn policy {label}".encode()).digest()[:4])


def _play(bench: Bench, source: str, split: str) -> None:
    system = bench.system()
    program = bench.write("p.py", source)
    if split == "gate":
        done = bench.hl("gate", system, "--program", program, "--workers", 1, "--json", env=bench.env)
    else:
        done = bench.hl(
            "eval", system, "--program", program, "--split", split, "--episodes", 4, "--workers", 1
        )
    expect("KNOWN" not in done.said, "the program knew: " + done.said[-300:])
    expect_code(done, 0, 1)


def _asks(how: str, split: str, bench: Bench) -> None:
    known = {_given(label, how) for label in _labels(split)}
    _play(bench, _ASK.format(known=known), split)


def _states(split: str, bench: Bench) -> None:
    known = {_given(label, how) for label in _labels(split) for how in ("label", "hash", "sha")} - {
        0,
        1,
        2,
        624,
    }
    _play(bench, _STATE.format(known=known), split)


def _watches(split: str, bench: Bench) -> None:
    import gymnasium
    import numpy as np

    import hlearn.testing.toys  # noqa: F401 - registers it

    env = gymnasium.make("Corridor-v0")
    sequences = set()
    for label in _labels(split):
        obs, _ = env.reset(seed=label)
        goals: list[int] = []
        last, done = None, False
        while len(goals) < 5 and not done:
            if obs[1] != last or obs[0] == obs[1]:
                goals.append(int(obs[1]))
                last = obs[1]
            if len(goals) < 5:
                obs, _, done, _, _ = env.step(np.int64(2 if obs[1] > obs[0] else 1 if obs[1] < obs[0] else 0))
        sequences.add(tuple(goals))
    _play(bench, _WATCH.format(goals=sequences), split)


def _two_systems(bench: Bench) -> None:
    from benchmarks.attacks.case import TASK

    lengths = []
    for name in ("a", "b"):
        expect_code(bench.hl("init", TASK, bench.folder / name), 0)
        expect_code(
            bench.hl("gate", bench.folder / name, "--program", bench.write("g.py", GOOD), "--workers", 1), 0
        )
        lengths.append(_episode_lengths(bench.folder / name))
    expect(lengths[0] != lengths[1], f"both played episodes of lengths {lengths[0]}")


def _episode_lengths(system) -> list[int]:  # type: ignore[no-untyped-def]
    from hlearn.ledger import Ledger, Measured

    rows = Ledger(system / "ledger.jsonl").rows
    return [o.length for r in rows if isinstance(r.event, Measured) for o in r.event.outcomes]


def _repeats(bench: Bench) -> None:
    lengths = []
    for name in ("a", "b"):
        system, program = bench.system(name), bench.write("good.py", GOOD)
        asked = ("eval", system, "--program", program, "--split", "holdout", "--episodes", 6, "--workers", 1)
        expect_code(bench.hl(*asked), 0)
        lengths.append(_episode_lengths(system))
    expect(len(lengths[0]) > 6 and lengths[0] == lengths[1], f"lengths {lengths[0]} and {lengths[1]}")


def _differ(bench: Bench) -> None:
    source = "class W:\n    def reset(self, seed): raise ValueError('seed=%d' % seed)\n    def act(self, o): return 0\n"
    done = bench.hl(
        *("eval", bench.system(), "--program", bench.write("p.py", source), "--episodes", 4, "--json")
    )
    expect(done.code == 1, done.said[-300:])
    from hlearn.ledger import Ledger, Measured

    rows = Ledger(bench.folder / "s" / "ledger.jsonl").rows
    said = [
        getattr(o, "message", "") for r in rows if isinstance(r.event, Measured) for o in r.event.outcomes
    ]
    seeds = {
        found for text in said for found in re.findall(r"seed=(\d+)", text.splitlines()[-1] if text else "")
    }
    expect(len(seeds) >= 4, f"the seeds were {sorted(seeds)}")


def _no_key(bench: Bench) -> None:
    body = """for o in sys.modules['gc'].get_objects():
    if isinstance(o, dict):
        for k, v in list(o.items()):
            if isinstance(v, (str, bytes)) and ('.key' in str(v) or 'HLEARN_STATE' in str(k)):
                if 'hl' in str(v): raise ValueError('KNOWN', k, v)
if 'HLEARN_STATE' in os.environ: raise ValueError('KNOWN')"""
    _play(bench, acting(body, "import random\nos = random._os\nsys = os.sys\n"), "gate")


def _cases(bench: Bench) -> None:
    system = bench.system()
    texts = [p.read_text() for p in (system / "cases").glob("*.json")]
    expect(texts, "no case was stored")
    expect(all('"seed"' not in t for t in texts), "a seed stands in it: " + "".join(texts)[:200])
