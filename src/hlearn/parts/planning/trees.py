"""Planners for discrete actions on clones that can be gone on from: rollout iterated width, and UCT.

Both hold an action for several decisions (``hold``), simulate in batches, and give back the first action of the best
path. The tree is made anew for each plan: what chance did in a clone is not what it will do.

Literature: Bandres, Bonet, Geffner, "Planning with pixels in (almost) real time" (2018), for rollout IW; Kocsis,
Szepesvari, "Bandit based Monte-Carlo planning" (2006), for UCT.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from hlearn.parts.planning.nominal import Simulating

PRESENT = 0


@dataclass(slots=True)
class SearchNode:
    """A state in the tree.

    Attributes:
        state: its number in the model.
        reward: discounted reward of the step that led here.
        depth: steps from the root.
        over: whether the episode ended here.
        children: by action.
        done: whether nothing new can be found below.
        visits: how often UCT came by.
        total: sum of the returns that it saw from here on.
    """

    state: int
    reward: float = 0.0
    depth: int = 0
    over: bool = False
    children: dict[int, SearchNode] = field(default_factory=dict)
    done: bool = False
    visits: int = 0
    total: float = 0.0


class _Tree:
    """What both planners share: simulating a batch of children, and what the root's branches are worth."""

    def __init__(
        self, actions: int, *, steps: int, hold: int, discount: float, ending: float, seed: int
    ) -> None:
        self.actions, self.steps, self.hold = actions, max(1, int(steps)), max(1, int(hold))
        self.discount, self.ending = discount, ending
        self.rng = np.random.default_rng(seed)
        self.used = 0
        self.worth = 0.0

    def decide(self, model: Simulating) -> int | None:
        """Returns the action to begin now, None where the model is not alive or nothing tells actions apart."""
        if not model.alive:
            return None
        self.used = 0
        root = SearchNode(PRESENT)
        self._grow(model, root)
        model.release()
        return self._best(root)

    def _grow(self, model: Simulating, root: SearchNode) -> None:
        raise NotImplementedError

    def _expand(self, model: Simulating, wanted: list[tuple[SearchNode, int]]) -> np.ndarray:
        """Simulates one step for each (node, action) and hangs the children in; returns what is seen there."""
        actions = np.array([[a] * self.hold for _, a in wanted])
        out = model.rollout(actions, start=np.array([n.state for n, _ in wanted]), keep=True)
        self.used += int(out.lengths.sum())
        for i, (node, action) in enumerate(wanted):
            reward = float(out.rewards[i].sum())
            reward = reward if math.isfinite(reward) else -1e9
            if out.ended[i]:
                reward += self.ending
            node.children[action] = SearchNode(
                int(out.states[i]),
                reward * self.discount**node.depth,
                node.depth + 1,
                over=bool(out.lengths[i] < self.hold or out.ended[i]),
            )
        seen: np.ndarray = out.observations
        return seen

    def _best(self, root: SearchNode) -> int | None:
        worth = {action: _along(child) for action, child in root.children.items()}
        if not worth:
            return None
        top = max(worth.values())
        self.worth = top
        tied = [action for action, w in worth.items() if w >= top - 1e-12]
        if len(tied) == len(worth) == self.actions:
            return None
        return int(tied[int(self.rng.integers(len(tied)))])


def _along(node: SearchNode) -> float:
    """The best sum of rewards on a path through a node."""
    return node.reward + max((_along(child) for child in node.children.values()), default=0.0)


class RolloutIW(_Tree):
    """Rollout IW(1): random walks from the root that go on only as long as they show something for the first time.

    A feature is a pair (place in the observation, value); it is new if no shallower state of this plan had it.

    Args:
        actions: how many there are.
        steps: simulated decisions per plan.
        hold: decisions that an action is held.
        discount: of a reward per step of the tree.
        ending: added where the episode ends.
        walkers: walks that go on side by side, so that they are simulated in one batch.
        seed: of its draws.
    """

    def __init__(
        self,
        actions: int,
        *,
        steps: int = 1500,
        hold: int = 5,
        discount: float = 0.99,
        ending: float = 0.0,
        walkers: int = 8,
        seed: int = 0,
    ) -> None:
        super().__init__(actions, steps=steps, hold=hold, discount=discount, ending=ending, seed=seed)
        self.walkers = walkers
        self._depths: np.ndarray = np.empty(0)

    def _grow(self, model: Simulating, root: SearchNode) -> None:
        self._depths = np.empty(0)
        paths: list[list[SearchNode]] = [[root] for _ in range(self.walkers)]
        while self.used < self.steps and not root.done:
            wanted: list[tuple[SearchNode, int]] = []
            walking: list[int] = []
            for number, path in enumerate(paths):
                if path[-1].done or path[-1].over:
                    path[:] = [root]
                found = self._walk(path, wanted)
                if found is not None:
                    wanted.append(found)
                    walking.append(number)
            if not wanted:
                break
            seen = self._expand(model, wanted)
            for number, (node, action), what in zip(walking, wanted, seen, strict=True):
                child = node.children[action]
                child.done = child.over or not self._is_new(what, child.depth)
                paths[number].append(child)
                if child.done:
                    self._close(paths[number])

    def _walk(
        self, path: list[SearchNode], wanted: list[tuple[SearchNode, int]]
    ) -> tuple[SearchNode, int] | None:
        """Goes down at random along what is known, until a step that has to be simulated."""
        while True:
            node = path[-1]
            taken = {action for other, action in wanted if other is node}
            open_ = [
                a
                for a in range(self.actions)
                if a not in taken and not (a in node.children and node.children[a].done)
            ]
            if not open_:
                return None
            action = open_[int(self.rng.integers(len(open_)))]
            if action not in node.children:
                return node, action
            path.append(node.children[action])

    def _close(self, path: list[SearchNode]) -> None:
        """Marks states below which all is known."""
        for node in reversed(path[:-1]):
            if len(node.children) < self.actions or not all(c.done for c in node.children.values()):
                break
            node.done = True

    def _is_new(self, seen: np.ndarray, depth: int) -> bool:
        flat = seen.reshape(-1)
        values = (
            flat.astype(np.int64) if flat.dtype == np.uint8 else np.round(flat * 8.0).astype(np.int64) & 255
        )
        if not len(self._depths):
            self._depths = np.full((len(flat), 256), np.iinfo(np.int32).max, np.int32)
        known = self._depths[np.arange(len(flat)), values]
        new = known > depth
        if not new.any():
            return False
        self._depths[np.flatnonzero(new), values[new]] = depth
        return True


class UCT(_Tree):
    """Upper confidence trees: goes where returns were good or little is known, and rolls out at random from there.

    Args:
        actions: how many there are.
        steps: simulated decisions per plan.
        hold: decisions that an action is held.
        depth: steps of a random rollout.
        explore: weight of the confidence bound, in parts of the largest return seen.
        discount: of a reward per step of the tree.
        ending: added where the episode ends.
        batch: leaves that are simulated together.
        seed: of its draws.
    """

    def __init__(
        self,
        actions: int,
        *,
        steps: int = 1500,
        hold: int = 5,
        depth: int = 20,
        explore: float = 1.0,
        discount: float = 0.99,
        ending: float = 0.0,
        batch: int = 8,
        seed: int = 0,
    ) -> None:
        super().__init__(actions, steps=steps, hold=hold, discount=discount, ending=ending, seed=seed)
        self.depth, self.explore, self.batch = max(1, int(depth)), explore, batch
        self._scale = 1e-9

    def _grow(self, model: Simulating, root: SearchNode) -> None:
        while self.used < self.steps:
            paths: list[list[SearchNode]] = []
            wanted: list[tuple[SearchNode, int]] = []
            for _ in range(self.batch):
                path = self._select(root)
                if path is None:
                    break
                node = path[-1]
                untried = [
                    a
                    for a in range(self.actions)
                    if a not in node.children and all(n is not node or a != b for n, b in wanted)
                ]
                if node.over or not untried:
                    break
                wanted.append((node, untried[int(self.rng.integers(len(untried)))]))
                paths.append(path)
            if not wanted:
                break
            self._expand(model, wanted)
            leaves = [node.children[action] for node, action in wanted]
            tails = self._tails(model, leaves)
            for path, leaf, tail in zip(paths, leaves, tails, strict=True):
                self._note([*path, leaf], tail)

    def _select(self, root: SearchNode) -> list[SearchNode] | None:
        path = [root]
        while len(path[-1].children) == self.actions:
            node = path[-1]
            going = [c for c in node.children.values() if not c.over]
            if not going:
                return None
            path.append(max(going, key=lambda c: self._bound(node, c)))
        return path

    def _bound(self, node: SearchNode, child: SearchNode) -> float:
        mean = child.total / max(1, child.visits)
        return mean + self.explore * self._scale * math.sqrt(math.log(1 + node.visits) / max(1, child.visits))

    def _tails(self, model: Simulating, leaves: list[SearchNode]) -> np.ndarray:
        going = [leaf for leaf in leaves if not leaf.over]
        tails = np.zeros(len(leaves))
        if going:
            drawn = self.rng.integers(self.actions, size=(len(going), self.depth))
            out = model.rollout(
                np.repeat(drawn, self.hold, axis=1),
                start=np.array([leaf.state for leaf in going]),
                observe="none",
            )
            self.used += int(out.lengths.sum())
            weights = self.discount ** (np.arange(self.depth * self.hold) // self.hold)
            worth = np.nan_to_num(out.rewards, neginf=-1e9) @ weights + self.ending * out.ended
            places = [i for i, leaf in enumerate(leaves) if not leaf.over]
            tails[places] = worth * np.array([self.discount**leaf.depth for leaf in going])
        return tails

    def _note(self, path: list[SearchNode], tail: float) -> None:
        total = tail
        for node in reversed(path):
            total += node.reward
            node.visits += 1
            node.total += total
            self._scale = max(self._scale, abs(total))

    def _best(self, root: SearchNode) -> int | None:
        if not root.children:
            return None
        means = {a: c.total / max(1, c.visits) for a, c in root.children.items()}
        top = max(means.values())
        self.worth = top
        tied = [a for a, m in means.items() if m >= top - 1e-12]
        if len(tied) == len(means) == self.actions:
            return None
        return int(tied[int(self.rng.integers(len(tied)))])
