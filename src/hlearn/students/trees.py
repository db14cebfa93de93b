"""From a network back to a program: a decision tree that does what a policy did, written as plain rules (after VIPER).

The policy may be any program, a network that was taught or brought along as an ``.onnx`` asset among them. The tree
asks components of the observation only, so what it says can be read, and edited by the loop that takes it as its start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.errors import UsageError
from hlearn.program import Program
from hlearn.students.samples import LabelledEpisode
from hlearn.tasks.environment import ObservationSpec

_CUTS = 32  # thresholds that are tried per component
_LEAST = 5  # samples of a leaf

_TREE = '''"""A decision tree that does what {teacher} did, in {right:.1%} of its decisions.

Written by hlearn.
"""


class Tree:
    """Asks one component of the observation after the other."""

    def reset(self, seed):
        pass

    def act(self, obs):
{body}
'''


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is done. Args: action; share: of the samples there that did so; count: of them."""

    action: int
    share: float
    count: int


@dataclass(frozen=True, slots=True)
class TreeSplit:
    """A question. Args: component; threshold; below: where it is at most that; above: else."""

    component: int
    threshold: float
    below: Leaf | TreeSplit
    above: Leaf | TreeSplit


Tree = Leaf | TreeSplit


def fit_tree(seen: np.ndarray, done: np.ndarray, *, depth: int) -> Tree:
    """Fits a tree by Gini's impurity (Breiman et al., 1984).

    Args:
        seen: float[T, n].
        done: int64[T].
        depth: questions on the way to a leaf at most.
    """
    counts = np.bincount(done)
    best = int(counts.argmax())
    leaf = Leaf(best, float(counts[best] / len(done)), len(done))
    if depth == 0 or counts[best] == len(done) or len(done) < 2 * _LEAST:
        return leaf
    found = _best_cut(seen, done, len(counts))
    if found is None:
        return leaf
    component, threshold = found
    low = seen[:, component] <= threshold
    below = fit_tree(seen[low], done[low], depth=depth - 1)
    above = fit_tree(seen[~low], done[~low], depth=depth - 1)
    if isinstance(below, Leaf) and isinstance(above, Leaf) and below.action == above.action:
        return leaf
    return TreeSplit(component, threshold, below, above)


def tree_program(
    episodes: Sequence[LabelledEpisode], spec: ObservationSpec, teacher: Program, *, depth: int
) -> Program:
    """The program of the tree that fits what a policy did.

    Args:
        episodes: what it saw and did.
        spec: names components.
        teacher: named in the docstring, and the program's parent.
        depth: of the tree.

    Raises:
        UsageError: actions are vectors, or observations are screens.
    """
    if not episodes:
        raise UsageError("there is nothing to learn from: no episode came to a first step")
    seen = np.concatenate([e.seen for e in episodes])
    done = np.concatenate([e.wanted for e in episodes])
    if seen.ndim != 2 or done.ndim != 1:
        raise UsageError(
            "a tree asks components of a vector and gives one of several actions; this task has other ones"
        )
    tree = fit_tree(seen.astype(np.float64), done, depth=depth)
    return written(tree, spec, f"the program {teacher.sha256[:12]}", parent=teacher.sha256)


def written(tree: Tree, spec: ObservationSpec, teacher: str, *, parent: str | None = None) -> Program:
    """The program of a tree.

    Args:
        tree: what it asks and does.
        spec: names components.
        teacher: whom it imitates, for the docstring.
        parent: SHA-256 of the program that it comes from.
    """
    names = {
        p.start + k: p.name if p.size == 1 else f"{p.name}[{k}]" for p in spec.parts for k in range(p.size)
    }
    body = "\n".join(_lines(tree, names, 2))
    return Program(source=_TREE.format(teacher=teacher, right=_right(tree), body=body), parent=parent)


def decide(tree: Tree, seen: np.ndarray) -> int:
    """What a tree does where it sees float[n]."""
    while isinstance(tree, TreeSplit):
        tree = tree.below if seen[tree.component] <= tree.threshold else tree.above
    return tree.action


def _best_cut(seen: np.ndarray, done: np.ndarray, kinds: int) -> tuple[int, float] | None:
    total = np.bincount(done, minlength=kinds)
    best, found = _impurity(total[None])[0] - 1e-9, None
    for component in range(seen.shape[1]):
        column = seen[:, component]
        order = np.argsort(column, kind="stable")
        ordered = column[order]
        edges = np.flatnonzero(ordered[1:] > ordered[:-1])
        edges = edges[(edges >= _LEAST - 1) & (edges < len(done) - _LEAST)]
        if not len(edges):
            continue
        edges = edges[np.unique(np.linspace(0, len(edges) - 1, _CUTS).astype(int))]
        marks = np.zeros((len(done), kinds))
        marks[np.arange(len(done)), done[order]] = 1
        low = marks.cumsum(axis=0)[edges]
        cost = _impurity(low) + _impurity(total - low)
        place = int(cost.argmin())
        if cost[place] < best:
            edge = edges[place]
            best, found = cost[place], (component, float((ordered[edge] + ordered[edge + 1]) / 2))
    return found


def _impurity(counts: np.ndarray) -> np.ndarray:
    """Gini's impurity times the number of samples, per row of counts."""
    size = counts.sum(axis=1)
    return np.asarray(size - (counts**2).sum(axis=1) / np.maximum(size, 1))


def _lines(tree: Tree, names: dict[int, str], indent: int) -> list[str]:
    room = "    " * indent
    if isinstance(tree, Leaf):
        return [f"{room}return {tree.action}  # {tree.share:.0%} of {tree.count}"]
    named = f"  # {names[tree.component]}" if tree.component in names else ""
    lines = [f"{room}if obs[{tree.component}] <= {tree.threshold:.6g}:{named}"]
    return [*lines, *_lines(tree.below, names, indent + 1), *_lines(tree.above, names, indent)]


def _right(tree: Tree) -> float:
    def of(node: Tree) -> tuple[float, int]:
        if isinstance(node, Leaf):
            return node.share * node.count, node.count
        (a, b), (c, d) = of(node.below), of(node.above)
        return a + c, b + d

    right, count = of(tree)
    return right / count
