"""The plain search that the embedded one has to beat: evolution of random programs over bytes, nothing else.

A program steers each axis by one of: nothing, a constant push, an own byte towards another byte, an own byte
towards a value, a rhythm; presses always, never, in a rhythm or when level; and may have one threshold on one
byte beyond which other ways steer. An own byte is one that a steering direction moves, as 20,000 random frames
show. The best eight have children; who equals the fifth best in one episode plays three more; the best four play
three whole episodes in the end. The idea is that of a prototype of 130 lines; the evaluator and protocol are
hlearn's, the frames are counted alike.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hlearn.evaluate.api import Job, Record, Result
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.policy.joystick import action_meaning
from hlearn.records import Program, Split
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task

CAP = 9_000  # environment steps of an episode during the search
PROBE = 20_000
Genome = dict[str, Any]

PLAYER = '''"""Found by plain evolution over bytes."""

import numpy as np

GENOME = {genome!r}
TABLE = {table!r}


class Player:
    def reset(self, seed):
        self.t = 0
        self.previous = None

    def act(self, obs):
        g, t, level = GENOME, self.t, [False]

        def way(a):
            kind = a["kind"]
            if kind == "none":
                return 0
            if kind == "push":
                return a["sign"]
            if kind == "rhythm":
                return a["sign"] if (t // a["period"]) % 2 == 0 else -a["sign"]
            here = int(obs[a["own"]])
            if kind == "value":
                error = a["value"] - here
            else:
                there = int(obs[a["byte"]])
                speed = 0 if self.previous is None else there - int(self.previous[a["byte"]])
                error = there + a["offset"] + a["lead"] * (speed if abs(speed) <= 20 else 0) - here
            if abs(error) <= a["dead"]:
                level[0] = True
                return 0
            return (1 if error > 0 else -1) * a["turn"] * a["sign"]

        guard = g["guard"]
        ways = guard if guard is not None and obs[guard["byte"]] > guard["level"] else g
        dx, dy = way(ways["x"]), way(ways["y"])
        press = g["press"]
        rhythm = int(t % press["period"] < 2)
        fire = {{"always": 1, "never": 0, "rhythm": rhythm, "level": int(level[0])}}[press["kind"]]
        if t % 200 == 199:
            fire = 1
        self.previous = obs.copy()
        self.t += 1
        return TABLE[dx, dy, fire]
'''


@dataclass(slots=True)
class Found:
    """What the probe found: bytes that commands move, with the sign, per axis; bytes that move; their ranges."""

    own: tuple[list[tuple[int, int]], list[tuple[int, int]]]
    moving: list[int]
    low: np.ndarray
    high: np.ndarray


@dataclass(slots=True)
class Search:
    """One run of the plain search."""

    task: Task
    buttons: tuple[str, ...]
    evaluator: IsolatedEvaluator
    seed: int
    budget: int
    used: int = 0
    played: int = 0
    rng: np.random.Generator = field(init=False)
    table: dict[tuple[int, int, int], int] = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        meaning = [action_meaning(b) for b in self.buttons]

        def nearest(wanted: tuple[int, int, int]) -> int:
            def far(i: int) -> tuple[float, int]:
                x, y, f = meaning[i]
                gap = 2 * abs(x - wanted[0]) + 2 * abs(y - wanted[1]) + abs(f - wanted[2])
                return gap, abs(x) + abs(y)

            return min(range(len(meaning)), key=far)

        self.table = {(x, y, f): nearest((x, y, f)) for x in (-1, 0, 1) for y in (-1, 0, 1) for f in (0, 1)}

    def run(self) -> Program:
        """Searches until the budget is spent and returns the best program."""
        found = self.probe()
        population: list[tuple[Genome, float]] = []
        while self.used < self.budget:
            if len(population) < 20 or self.rng.random() < 0.15:
                genome = self.fresh(found)
            else:
                genome = self.child(population[int(self.rng.integers(min(8, len(population))))][0], found)
            scores = self.play(genome, 1, CAP)
            if len(population) < 5 or scores[0] >= population[4][1]:
                scores += self.play(genome, 3, CAP)
            population.append((genome, float(np.mean(scores))))
            population = sorted(population, key=lambda e: -e[1])[:40]
        final = [(float(np.mean(self.play(g, 3, 27_000))), -i, g) for i, (g, _) in enumerate(population[:4])]
        return self.program(max(final, key=lambda e: e[:2])[2])

    def play(self, genome: Genome, count: int, cap: int) -> list[float]:
        """Scores of so many episodes."""
        results = self.measure([self.program(genome)] * count, cap)
        return [r.outcome.score for r in results]

    def measure(self, programs: Sequence[Program], cap: int, record: Record = Record.NOTHING) -> list[Result]:
        """Plays each program once on a development seed of its own."""
        seeds = split_seeds(Split.DEV, self.seed, self.played, len(programs))
        self.played += len(programs)
        jobs = [
            Job(program=p, seed=s, max_steps=cap, record=record) for p, s in zip(programs, seeds, strict=True)
        ]
        results = self.evaluator.run(jobs)
        self.used += sum(r.outcome.env_steps for r in results)
        return results

    def program(self, genome: Genome) -> Program:
        """The genome as a program."""
        return Program(source=PLAYER.format(genome=genome, table=self.table))

    def probe(self) -> Found:
        """Plays at random and looks which bytes directions move."""
        wander = Program(
            source="import random\n\n\nclass Wanderer:\n    def reset(self, seed):\n"
            "        self.rng, self.left = random.Random(seed), 0\n\n    def act(self, obs):\n"
            "        if self.left == 0:\n"
            f"            self.action, self.left = self.rng.randrange({len(self.buttons)}), self.rng.randrange(3, 20)\n"
            "        self.left -= 1\n        return self.action\n"
        )
        rams, actions = [], []
        while self.used < PROBE:
            for r in self.measure([wander] * 2, 4_000, Record.STEPS):
                assert r.recording is not None
                rams.append(r.recording.observations.astype(np.int16))
                actions.append(r.recording.actions)
        changes = np.concatenate([np.diff(r, axis=0) for r in rams])
        changes = np.where(np.abs(changes) > 60, 0, changes)
        commands = np.array([action_meaning(b)[:2] for b in self.buttons])[
            np.concatenate([a[:-1] for a in actions])
        ]
        often = (changes != 0).mean(axis=0)
        own = tuple(self.driven(changes, commands[:, axis], often) for axis in (0, 1))
        taken = {b for bytes_ in own for b, _ in bytes_[:1]}
        every = np.concatenate(rams)
        moving = [
            b for b in range(128) if 0.01 < often[b] < 0.98 and b not in taken and every[:, b].std() > 4
        ]
        return Found((own[0], own[1]), moving, every.min(axis=0), every.max(axis=0))

    def driven(self, changes: np.ndarray, command: np.ndarray, often: np.ndarray) -> list[tuple[int, int]]:
        """The three bytes that a direction moves most clearly, with the sign."""
        up, down = changes[command == 1], changes[command == -1]
        if min(len(up), len(down)) < 50:
            return []
        error = np.sqrt(up.var(axis=0) / len(up) + down.var(axis=0) / len(down)) + 1e-3
        clear = np.where(often > 0.01, (up.mean(axis=0) - down.mean(axis=0)) / error, 0.0)
        return [(int(b), int(np.sign(clear[b]))) for b in np.argsort(-np.abs(clear))[:3] if abs(clear[b]) > 5]

    def way(self, own: list[tuple[int, int]], found: Found) -> Genome:
        """A random way to steer an axis."""
        r = self.rng
        kinds = ["none", "push", "track", "track", "track", "rhythm", "value"]
        kind = str(r.choice(kinds if own and found.moving else ["none", "push", "rhythm"]))
        way: Genome = {"kind": kind, "sign": int(r.choice([-1, 1])), "period": int(r.integers(4, 120))}
        if kind in ("track", "value"):
            byte, turn = own[int(r.integers(len(own)))] if r.random() < 0.3 else own[0]
            target = int(r.choice(found.moving))
            way |= {"own": byte, "turn": turn, "byte": target, "offset": float(r.normal(0, 10))}
            way |= {"dead": float(r.uniform(0, 6)), "lead": float(r.choice([0, 0, r.uniform(-4, 12)]))}
            way |= {
                "sign": int(r.choice([1, 1, 1, -1])),
                "value": float(r.uniform(found.low[byte], found.high[byte])),
            }
        return way

    def press(self) -> Genome:
        """A random way to press."""
        r = self.rng
        return {
            "kind": str(r.choice(["always", "never", "rhythm", "level"])),
            "period": int(r.integers(2, 30)),
        }

    def guard(self, found: Found) -> Genome:
        """A threshold on a byte, and ways to steer beyond it."""
        byte = int(self.rng.choice(found.moving))
        level = float(self.rng.uniform(found.low[byte], found.high[byte]))
        return {
            "byte": byte,
            "level": level,
            "x": self.way(found.own[0], found),
            "y": self.way(found.own[1], found),
        }

    def fresh(self, found: Found) -> Genome:
        """A random genome."""
        genome: Genome = {"x": self.way(found.own[0], found), "y": self.way(found.own[1], found)}
        genome |= {"press": self.press(), "guard": None}
        if self.rng.random() < 0.35 and found.moving:
            genome["guard"] = self.guard(found)
        return genome

    def child(self, parent: Genome, found: Found) -> Genome:
        """One to three changes, half of them of numbers."""
        r, genome = self.rng, copy.deepcopy(parent)
        for _ in range(int(r.integers(1, 4))):
            what = str(r.choice(["x", "y", "press", "guard", "number", "number", "number"]))
            if what in "xy":
                genome[what] = self.way(found.own["xy".index(what)], found)
            elif what == "press":
                genome["press"] = self.press()
            elif what == "guard":
                if genome["guard"] and r.random() < 0.5:
                    genome["guard"] = None
                elif found.moving:
                    genome["guard"] = self.guard(found)
            else:
                self.turn(genome, found)
        return genome

    def turn(self, genome: Genome, found: Found) -> None:
        """Changes the numbers of one way to steer."""
        r, guard = self.rng, genome["guard"]
        ways = [genome["x"], genome["y"], *((guard["x"], guard["y"]) if guard else ())]
        way = ways[int(r.integers(len(ways)))]
        for name, spread in (("offset", 5.0), ("dead", 1.5), ("lead", 3.0), ("value", 10.0)):
            if name in way and r.random() < 0.6:
                way[name] += float(r.normal(0, spread))
        if "byte" in way and r.random() < 0.2:
            way["byte"] = int(r.choice(found.moving))
        way["period"] = max(2, int(way["period"] * np.exp(r.normal(0, 0.3))))


def learn_naively(
    task: Task, buttons: tuple[str, ...], evaluator: IsolatedEvaluator, *, seed: int, steps: int
) -> tuple[Program, int]:
    """Returns the program that the plain search finds, and the environment steps that it took."""
    search = Search(task, buttons, evaluator, seed, steps)
    return search.run(), search.used
