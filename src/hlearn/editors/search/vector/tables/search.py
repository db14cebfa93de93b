"""The search where states can be counted: explore, plan on what was seen, write the plan shortly, try it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from hlearn.editors.api import Lab, Proposal
from hlearn.editors.search.trials import PairedComparison, compare
from hlearn.editors.search.vector.shares import COUNTING
from hlearn.editors.search.vector.standing import DECIDE, Incumbent
from hlearn.editors.search.vector.tables.factors import FactorLayout, find_layout
from hlearn.editors.search.vector.tables.model import Key, Plan, TabularModel
from hlearn.editors.search.vector.tables.tree import TreeNode, grow_trees
from hlearn.editors.search.vector.tables.writing import explorer, map_program, tree_program
from hlearn.evaluate.api import Job, Record, Result
from hlearn.records import Program
from hlearn.tasks.environment import Discrete

MOST_STATES = 5_000  # met so far; more: no table
CROWD = 0.5  # of the budget: with more states than that few are met twice
ENOUGH = 50  # steps, from which on it is reckoned how many there are
NEW = (500, 0.2)  # steps on a board, from which on no larger share may lead to states never seen before
MOST_NUMBERS = 400  # components of an observation
FEW_NUMBERS = 8  # up to so many a state is named by them, beyond by a hash of them
AGAIN = 0.5  # share of the steps that must see a state again which was seen before
ROUNDS = 50  # of exploring, by that share
MOST_ROUNDS = 500
LEAST_ROUND = 100  # environment steps of a round
MOST_EPISODES = 1000  # of a round
DISCOUNTS = (0.95, 0.98, 0.99, 0.995, 0.999)
TRIES = (1, 4, 12)  # of each action wherever it can be reached, one after the other
SOON = 0.02  # worth of the way to an untried action below which it cannot be reached soon
HOPE = 0.3  # bonus of what was tried once, in spreads of worth
FADING = 0.93  # how that falls from round to round
ASTRAY = 0.1  # chance that an explorer does not follow its plan
LEAVES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24)  # of the trees that are tried
LOSS = 0.002  # of the spread of worth, which a shorter program may lose
AS_GOOD = 0.002  # of the spread of worth, by which actions count as equally good
SEEDS = 100_000  # index of the first development seed that explorers play


def countable(played: Sequence[Result], lab: Lab) -> bool:
    """Whether the states of a task are so few that a table of them can be learnt: whole numbers that come again."""
    if not isinstance(lab.actions, Discrete) or lab.actions.n < 2 or lab.observation.shape[0] > MOST_NUMBERS:
        return False
    seen: set[Key] = set()
    steps = again = 0
    for _, recording in played:
        if recording is None or not len(recording.observations):
            continue
        flat = np.asarray(recording.observations, dtype=np.float64).reshape(len(recording.observations), -1)
        if (flat != np.rint(flat)).any():
            return False
        for row in flat.astype(int).tolist():
            again += (key := tuple(row)) in seen
            seen.add(key)
            steps += 1
    bounds = np.array([lab.observation.low, lab.observation.high])
    most = min(MOST_STATES, 0.02 * lab.remaining)
    few = bool(np.isfinite(bounds).all()) and math.prod((bounds[1] - bounds[0] + 1).tolist()) < most
    return 1 < len(seen) <= MOST_STATES and (few or again > AGAIN * steps)


class TableSearch:
    """Learns a model of the task by playing, plans on it, and tries the shortest program that says the plan.

    Args:
        lab: where it plays.
        trials: where candidates are compared.
        standing: what is kept, and what is proposed.
        title: name of the class that is written.
        names: of the observation's components.
        seen: recorded episodes that were played before.

    Attributes:
        whole: whether everything that can be reached was tried: then no other program can know more.
    """

    def __init__(
        self,
        lab: Lab,
        trials: PairedComparison,
        standing: Incumbent,
        *,
        title: str,
        names: Sequence[str],
        seen: Sequence[Result],
    ) -> None:
        assert isinstance(lab.actions, Discrete)
        self.lab = lab
        self.trials = trials
        self.standing = standing
        self.title = title
        self.names = names
        self.model = TabularModel(lab.actions.n)
        self.played = 0
        self.budget = lab.remaining
        self.whole = False
        self.longest = max(200, min(lab.longest or 10_000, lab.remaining // 100))
        self._best: tuple[str, dict[Key, int]] = (
            "",
            {},
        )  # SHA-256 of the best program, and what it does where
        for result in seen:
            self.model.learn(result)

    def run(self) -> Iterator[Proposal]:
        """Explores until all is known well enough or its share is spent; offers the plan once it is worth something."""
        start = self.lab.remaining
        share = COUNTING * start
        steps = int(max(LEAST_ROUND, share / ROUNDS))
        trust, next_try = 1.0, 0.1 * share
        for _ in range(MOST_ROUNDS):
            spent = start - self.lab.remaining
            if self._too_many():
                return
            if spent >= share:
                break
            known = len(self.model.keys)
            need = self._need()
            self.whole = need is None
            if need is not None:
                plan = self.model.plan_visits(need)
                self._play(need, plan.choice, plan.best > SOON, ASTRAY, steps)
            elif self.model.stochastic():
                self._play(*self._hope(trust), 0.0, steps)
                trust *= FADING
            else:
                yield from self._try(last=True)
                if len(self.model.keys) == known:
                    break  # all is known
            if spent > next_try:
                next_try = 1.6 * spent
                yield from self._try(last=False)
        yield from self._try(last=True)
        yield from self.standing.offer()

    def _too_many(self) -> bool:
        """Whether there are more states, after all, than can be met again within the budget."""
        met = len(self.model.keys)
        if self.lab.observation.grids and self.model.steps >= NEW[0] and met > NEW[1] * self.model.steps:
            return True
        expected = met + self.model.unseen() if self.model.steps >= ENOUGH else met
        return expected > min(MOST_STATES, max(CROWD * self.budget, LEAST_ROUND))

    def _need(self) -> np.ndarray | None:
        """How often each action is still to be tried; None where nothing is left to try that can be reached."""
        counts = self.model.tried()
        for wanted in TRIES if self.model.stochastic() else TRIES[:1]:
            need: np.ndarray = np.maximum(wanted - counts, 0.0)
            best = self.model.plan_visits(need).best
            if max((best[s] for s in self.model.starts), default=1.0) > SOON:
                return need
        return None

    def _hope(self, trust: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The plan of one who hopes for the best from what was tried seldom."""
        plan = self._plan()
        span = float(plan.best.max() - plan.best.min()) or 1.0
        hopeful = self.model.plan(
            discount=DISCOUNTS[-2], bonus=HOPE * trust * span, unknown=float(plan.best.max()) + span
        )
        return np.zeros(plan.values.shape), hopeful.choice, np.ones(len(plan.best), dtype=bool)

    def _play(
        self, need: np.ndarray, choice: np.ndarray, leads: np.ndarray, chance: float, steps: int
    ) -> None:
        """Plays about so many steps by an explorer and learns from them."""
        keys = self.model.keys
        name = (lambda key: key) if len(keys[0]) <= FEW_NUMBERS else hash
        wanted = {name(keys[s]): need[s].tolist() for s in np.flatnonzero(need.max(axis=1) > 0)}
        go = {name(keys[s]): int(choice[s]) for s in np.flatnonzero(leads & (need.max(axis=1) <= 0))}
        program = explorer(wanted, go, self.model.actions, chance, hashed=len(keys[0]) > FEW_NUMBERS)
        usual = self.model.steps / max(1, sum(self.model.starts.values()))
        count = int(np.clip(steps / max(usual, 1.0), 1, MOST_EPISODES))
        seeds = self.lab.seeds(SEEDS + self.played, count)
        self.played += count
        self.lab.say(f"exploring: {len(keys)} states, {self.model.steps} steps counted")
        jobs = [
            Job(program=program, seed=s, record=Record.STEPS, max_steps=self.longest, together=True)
            for s in seeds
        ]
        for result in self.lab.measure(jobs):
            self.model.learn(result)

    def _plan(self, half: int | None = None) -> Plan:
        """The best plan: of several that look more or less far ahead, the one that is worth most in an episode."""
        plans = [self.model.plan(discount=d, half=half) for d in DISCOUNTS]
        return max(plans, key=lambda plan: self.model.worth(plan.choice, half=half))

    def _try(self, *, last: bool) -> Iterator[Proposal]:
        """Puts the shortest program that says the plan on trial, if it is worth more than the best by the model.

        Where chance plays a part, a few dozen episodes say less than the model, which rests on all of them: the trial
        only keeps out what is clearly worse than the best so far.
        """
        note, program, choice = self._write()
        if program.sha256 == self._best[0]:
            return
        before = self.model.worth(np.array([self._best[1].get(k, 0) for k in self.model.keys], dtype=int))
        if self._best[0] and self.model.worth(choice) <= before:
            return
        does = dict(zip(self.model.keys, choice.tolist(), strict=True))
        candidate = self.trials.written(program, note)
        self.lab.say(f"{note}: on trial")
        best, chance = self.standing.best, self.model.stochastic()
        if not self.trials.challenge(candidate, best, 2 * DECIDE):
            gap, error = compare(candidate, best) if best is not None else (-math.inf, 0.0)
            if not chance or not gap >= -2.0 * error:
                return
        self.standing.crown(candidate)
        self._best = (program.sha256, does)
        if last or not chance:
            yield from self.standing.offer()

    def _write(self) -> tuple[str, Program, np.ndarray]:
        """The shortest program that loses little of the plan's worth, by the model.

        Where chance plays a part, a shape of program is judged by what is planned on one half of the episodes and
        scores by the other: a few questions then often do better than a map of every accident.
        """
        plan, layout = self._plan(), find_layout(self.model, self.names, self.lab.observation)
        table = layout.table(self.model.keys)
        halves = (
            [(self._plan(0), 0, 1), (self._plan(1), 1, 0)]
            if self.model.stochastic()
            else [(plan, None, None)]
        )
        scores = {}
        for most in (*LEAVES, 0):
            worths = [
                self.model.worth(
                    self._tree(table, p, most, mine).choose(table) if most else p.choice, half=other
                )
                for p, mine, other in halves
            ]
            scores[most] = sum(worths) / len(worths)
        enough = max(scores.values()) - LOSS * np.ptp(plan.best) - 1e-9
        drawn = self._draw(layout, plan) if scores[0] >= enough else None
        for most in LEAVES:
            if scores[most] >= enough:
                tree = self._tree(table, plan, most)
                short = tree_program(self.title, layout, tree)
                if drawn is None or len(short.source) < len(drawn[0].source):
                    return f"{tree.leaves} choices", short, tree.choose(table)
                break
        if drawn is not None:
            return "a map", *drawn
        tree = self._tree(table, plan, LEAVES[-1])
        return f"{tree.leaves} choices", tree_program(self.title, layout, tree), tree.choose(table)

    def _tree(self, table: np.ndarray, plan: Plan, most: int, half: int | None = None) -> TreeNode:
        """A tree that loses little of a plan; grown twice more where its own choices lead."""
        regret = plan.best[:, None] - plan.values
        regret = np.where(np.isfinite(regret), regret, np.ptp(plan.best) + 1.0)
        visits = weights = self.model.occupancy(plan.choice, half=half) + 1e-6
        trees = []
        for _ in range(3):
            *_, tree = grow_trees(table, regret * weights[:, None], most)
            chosen = tree.choose(table)
            trees.append((self.model.worth(chosen, half=half), tree))
            weights = 0.5 * (visits + self.model.occupancy(chosen, half=half))
        return max(trees, key=lambda t: t[0])[1]

    def _draw(self, layout: FactorLayout, plan: Plan) -> tuple[Program, np.ndarray] | None:
        """The plan as maps; first with actions that are nearly as good taken for equal, which makes for fewer maps."""
        regret = plan.best[:, None] - plan.values
        enough = self.model.worth(plan.choice) - LOSS * np.ptp(plan.best) - 1e-9
        for share in (AS_GOOD, 1e-9):
            good = regret <= share * np.ptp(plan.best) + 1e-9
            drawn = map_program(self.title, layout, self.model.keys, good, plan.values)
            if drawn is None or self.model.worth(drawn[1]) >= enough:
                break
        return drawn
