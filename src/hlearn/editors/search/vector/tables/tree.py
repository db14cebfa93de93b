"""Decision trees over factors: few questions that choose almost as well as the whole plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

DECISIVE = 0.3  # share of what is lost that one question must save, or pairs of questions are looked at
MOST_PAIRS = 60
WIDE = 32  # numbers of a state, from which on questions are weighed one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorTest:
    """Whether a factor is at least a value, or equal to it."""

    factor: int
    value: int
    equal: bool

    def ask(self, table: np.ndarray) -> np.ndarray:
        """The answers, int[n, factors] -> bool[n]."""
        column = table[:, self.factor]
        return column == self.value if self.equal else column >= self.value


@dataclass(slots=True)
class TreeNode:
    """A leaf that chooses an action, or a question with what follows yes and no."""

    action: int
    question: FactorTest | None = None
    yes: TreeNode | None = None
    no: TreeNode | None = None

    def choose(self, table: np.ndarray) -> np.ndarray:
        """The action for each row, int[n, factors] -> int[n]."""
        chosen = np.full(len(table), self.action)
        if self.question is not None and self.yes is not None and self.no is not None:
            answer = self.question.ask(table)
            chosen[answer] = self.yes.choose(table[answer])
            chosen[~answer] = self.no.choose(table[~answer])
        return chosen

    @property
    def leaves(self) -> int:
        """How many leaves there are."""
        return 1 if self.yes is None or self.no is None else self.yes.leaves + self.no.leaves


def grow_trees(table: np.ndarray, cost: np.ndarray, most: int) -> Iterator[TreeNode]:
    """Trees with one leaf more each time, each split where it saves most.

    Args:
        table: factors, int[n, factors].
        cost: what each action loses in each state, weighted by how often the state is visited, float[n, actions].
        most: leaves at most.
    """
    root = TreeNode(action=int(cost.sum(axis=0).argmin()))
    open_ = [(root, np.arange(len(table)))]
    found = [_split(table, cost, rows) for _, rows in open_]
    yield root
    for _ in range(most - 1):
        place = max(range(len(open_)), key=lambda i: found[i][0])
        saved, question = found[place]
        if question is None or saved <= 1e-12:
            return
        node, rows = open_.pop(place)
        found.pop(place)
        answer = question.ask(table[rows])
        node.question = question
        for part, side in ((rows[answer], "yes"), (rows[~answer], "no")):
            leaf = TreeNode(action=int(cost[part].sum(axis=0).argmin()))
            setattr(node, side, leaf)
            open_.append((leaf, part))
            found.append(_split(table, cost, part))
        yield root


def _split(table: np.ndarray, cost: np.ndarray, rows: np.ndarray) -> tuple[float, FactorTest | None]:
    """The question that saves most, and what it saves.

    Where no question saves much by itself, the one that saves most together with a second question on either side: a
    high hand is held only against a weak dealer.
    """
    ranked = _questions(table[rows], cost[rows])
    if not ranked:
        return 0.0, None
    saved, best = ranked[0]
    if table.shape[1] > WIDE or saved > DECISIVE * cost[rows].sum(axis=0).min():
        return saved, best
    together: list[tuple[float, FactorTest]] = []
    for alone, question in ranked[:MOST_PAIRS]:
        answer = question.ask(table[rows])
        later = [_questions(table[part], cost[part])[:1] for part in (rows[answer], rows[~answer])]
        together.append((alone + sum(s for found in later for s, _ in found), question))
    return max(together, key=lambda t: t[0])


def _questions(table: np.ndarray, costs: np.ndarray) -> list[tuple[float, FactorTest]]:
    """All questions about some states and what each saves, the best first."""
    total = costs.sum(axis=0)
    found: list[tuple[float, FactorTest]] = []
    low, high = table.min(axis=0), table.max(axis=0)
    two = ((table == low) | (table == high)).all(axis=0)  # of boards, that is most of them
    sides = np.flatnonzero(two & (low < high))
    above = (table[:, sides] == high[sides]).T.astype(float) @ costs
    saved = total.min() - above.min(axis=1) - (total - above).min(axis=1)
    for factor, worth in zip(sides.tolist(), saved.tolist(), strict=True):
        found.append((worth, FactorTest(factor=factor, value=high[factor].item(), equal=False)))
    for factor in np.flatnonzero(~two).tolist():
        values, place = np.unique(table[:, factor], return_inverse=True)
        sums = np.zeros((len(values), costs.shape[1]))
        np.add.at(sums, place, costs)
        above = np.cumsum(sums[::-1], axis=0)[::-1][1:]
        for equal, part in ((False, above), (True, sums)):
            saved = total.min() - part.min(axis=1) - (total - part).min(axis=1)
            for value, worth in zip((values if equal else values[1:]).tolist(), saved.tolist(), strict=False):
                found.append((worth, FactorTest(factor=factor, value=value, equal=equal)))
    return sorted(found, key=lambda f: (-f[0], f[1].factor))
