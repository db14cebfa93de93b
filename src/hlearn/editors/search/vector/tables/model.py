"""What play has shown of a task with few states: how often each action led where, and what it brought."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from hlearn.evaluate.api import Result
from hlearn.records import Episode

Key = tuple[int, ...]
ENDED = -1  # the successor of a step that ended the episode
SWEEPS = 1500  # of value iteration at most
HASTE = 0.999  # weight of the next step's worth in a score: of two ways to the same reward the shorter one is better
ELSE = 0.02  # weight of the other half of the episodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is best by the model.

    Attributes:
        values: worth of each action in each state, float[states, actions]; -inf where it was never tried.
        best: worth of each state, float[states].
    """

    values: np.ndarray
    best: np.ndarray

    @property
    def choice(self) -> np.ndarray:
        """The best action of each state, int[states]."""
        return np.asarray(self.values.argmax(axis=1))


class TabularModel:
    """Counts of transitions and rewards.

    Args:
        actions: how many there are.

    Attributes:
        keys: the states in the order in which they were met.
        starts: how often episodes began in each state.
        steps: transitions counted.
    """

    def __init__(self, actions: int) -> None:
        self.actions = actions
        self.keys: list[Key] = []
        self.starts: Counter[int] = Counter()
        self.steps = 0
        self._numbers: dict[Key, int] = {}
        self._seen: dict[tuple[int, int, int], list[float]] = {}  # count and sum of rewards, of each half
        self._arrays: dict[int | None, tuple[np.ndarray, ...]] = {}
        self.longest = 0  # steps of an episode that ran into its time limit

    def number(self, key: Key) -> int:
        """The number of a state, a new one for a new state."""
        found = self._numbers.setdefault(key, len(self.keys))
        if found == len(self.keys):
            self.keys.append(key)
        return found

    def find(self, key: Key) -> int | None:
        """The number of a state that was met."""
        return self._numbers.get(key)

    def learn(self, result: Result) -> None:
        """Counts the steps of a recorded episode; where it was cut, the last step's end is not known."""
        outcome, recording = result
        if recording is None or not isinstance(outcome, Episode) or not len(recording.actions):
            return
        states = [self.number(key) for key in map(tuple, recording.observations.astype(int).tolist())]
        place = 2 * (sum(self.starts.values()) % 2)
        self.starts[states[0]] += 1
        if outcome.truncated:
            self.longest = max(self.longest, len(states))
        after = [*states[1:], ENDED] if outcome.terminated else states[1:]
        for state, action, reward, later in zip(
            states, recording.actions.tolist(), recording.rewards.tolist(), after, strict=False
        ):
            cell = self._seen.setdefault((state, action, later), [0.0, 0.0, 0.0, 0.0])
            cell[place] += 1
            cell[place + 1] += reward
            self.steps += 1
        self._arrays = {}

    @property
    def transitions(self) -> list[tuple[int, int, int, float]]:
        """State, action, successor and how often, for all that was seen."""
        return [(s, a, t, cell[0] + cell[2]) for (s, a, t), cell in self._seen.items()]

    def unseen(self) -> float:
        """How many states are still to be met, at least, by those that were left once and twice (Chao, 1984)."""
        left = Counter[int]()
        for (state, _, _), cell in self._seen.items():
            left[state] += int(cell[0] + cell[2])
        times = Counter(left.values())
        return times[1] * max(times[1] - 1, 0) / (2.0 * (times[2] + 1))

    def tried(self) -> np.ndarray:
        """How often each action was tried in each state, float[states, actions]."""
        return self._tables()[0]

    def stochastic(self) -> bool:
        """Whether the same action led to different places more than rarely."""
        counts = self.tried()
        ways = np.zeros(counts.shape)
        for state, action, _ in self._seen:
            ways[state, action] += 1
        often = counts >= 2
        return bool(often.any() and (ways[often] > 1).mean() > 0.02)

    def plan(
        self, *, discount: float, bonus: float = 0.0, unknown: float = -np.inf, half: int | None = None
    ) -> Plan:
        """Value iteration.

        Args:
            discount: weight of the next step's worth.
            half: the half of the episodes that counts, 0 or 1; the other one only where nothing else is known.
            bonus: added to the reward of an action that was tried once; it falls with the square root of the tries.
            unknown: worth of an action that was never tried.
        """
        counts, rewards, flat, later, share = self._tables(half)
        gain = rewards + bonus / np.sqrt(np.maximum(counts, 1.0))
        return self._iterate(gain, counts, flat, later, share, discount, unknown)

    def plan_visits(self, need: np.ndarray, discount: float = 0.97) -> Plan:
        """How to get soon to where actions are needed: worth 1 there, nothing elsewhere.

        Args:
            need: how many more tries of each action are wanted, float[states, actions].
            discount: weight of the next step's worth.
        """
        counts, _, flat, later, share = self._tables()
        open_ = np.where(need > 0, 0.0, counts)  # an action that is needed counts as never tried
        return self._iterate(np.zeros(counts.shape), open_, flat, later, share, discount, 1.0)

    def worth(self, choice: np.ndarray, *, half: int | None = None) -> float:
        """What a policy scores in an episode, by the model.

        Args:
            choice: the action in each state, int[states].
            half: as in :meth:`plan`.
        """
        _, rewards, flat, later, share = self._tables(half)
        size, rows = len(self.keys), np.arange(len(self.keys))
        used = choice[flat // self.actions] == flat % self.actions
        flat, later, share = flat[used] // self.actions, later[used], share[used]
        gain = rewards[rows, choice]
        value = np.zeros(size + 1)
        for _ in range(min(self.longest or SWEEPS, SWEEPS)):
            new = gain + HASTE * np.bincount(flat, share * value[later], minlength=size)
            moved = np.abs(new - value[:size]).max(initial=0.0)
            value[:size] = new
            if moved < 1e-9 * (1.0 + np.abs(new).max(initial=0.0)):
                break
        begun = np.array([self.starts[s] for s in range(size)], dtype=float)
        return float(value[:size] @ begun / max(begun.sum(), 1.0))

    def occupancy(self, choice: np.ndarray, *, half: int | None = None) -> np.ndarray:
        """How often an episode is in each state under a policy, by the model, float[states]."""
        _, _, flat, later, share = self._tables(half)
        size = len(self.keys)
        used = choice[flat // self.actions] == flat % self.actions
        origin, later, share = flat[used] // self.actions, later[used], share[used]
        begun = np.array([self.starts[s] for s in range(size)], dtype=float)
        begun /= max(begun.sum(), 1.0)
        here, total = begun.copy(), begun.copy()
        for _ in range(min(self.longest or SWEEPS, SWEEPS)):
            here = np.bincount(later, share * here[origin], minlength=size + 1)[:size]
            total += here
            if here.sum() < 1e-6:
                break
        return total

    def _iterate(
        self,
        gain: np.ndarray,
        counts: np.ndarray,
        flat: np.ndarray,
        later: np.ndarray,
        share: np.ndarray,
        discount: float,
        unknown: float,
    ) -> Plan:
        size = len(self.keys)
        untried = counts <= 0
        value = np.zeros(size + 1)  # the last one is the end
        worth = np.zeros(counts.shape)
        for _ in range(SWEEPS):
            worth = gain + discount * np.bincount(
                flat, share * value[later], minlength=size * self.actions
            ).reshape(size, self.actions)
            worth[untried] = unknown
            best = worth.max(axis=1, initial=-np.inf)
            known = best[np.isfinite(best)]
            best[~np.isfinite(best)] = min(0.0, known.min(initial=0.0))  # nothing is hoped of the unseen
            moved = np.abs(best - value[:size]).max(initial=0.0)
            value[:size] = best
            if moved < 1e-7 * (1.0 + np.abs(best).max(initial=0.0)):
                break
        return Plan(values=worth, best=value[:size])

    def _tables(self, half: int | None = None) -> tuple[np.ndarray, ...]:
        """Counts and mean rewards per state and action; per transition its cell, its successor and its share."""
        if half not in self._arrays:
            size = len(self.keys)
            weights = np.full(2, 1.0 if half is None else ELSE)
            if half is not None:
                weights[half] = 1.0
            cells = np.array([(s * self.actions + a, t) for s, a, t in self._seen], dtype=int).reshape(-1, 2)
            seen = np.array(list(self._seen.values())).reshape(-1, 2, 2)
            seen = (seen * weights[:, None]).sum(axis=1)
            counts = np.bincount(cells[:, 0], seen[:, 0], minlength=size * self.actions)
            sums = np.bincount(cells[:, 0], seen[:, 1], minlength=size * self.actions)
            later = np.where(cells[:, 1] == ENDED, size, cells[:, 1])
            share = seen[:, 0] / np.maximum(counts[cells[:, 0]], 1e-9)
            shape = (size, self.actions)
            means = (sums / np.maximum(counts, 1e-9)).reshape(shape)
            self._arrays[half] = (counts.reshape(shape), means, cells[:, 0], later, share)
        return self._arrays[half]
