"""Tuning the numbers of a program: CMA-ES with common seeds and a champion that has to be beaten.

Works on anything with knobs that can write itself as a program: the templates of the search, and programs that
people wrote, through their ``Param`` declarations.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from cmaes import CMA, SepCMA

from hlearn.editors.api import Lab
from hlearn.editors.search.knobs import Tunable, tidy
from hlearn.evaluate.api import Job, Record, Result
from hlearn.records import Episode, Program

SEP_FROM = 300  # more knobs than this: the diagonal variant, whose cost per generation is linear


class ScoredProgram(NamedTuple):
    """One program of a generation."""

    values: dict[str, float]
    program: Program
    mean: float


def scatter(
    lab: Lab,
    tunable: Tunable,
    *,
    count: int,
    first_seed: int,
    horizon: int | None,
    finalists: int,
    forgiven: float = 0.0,
) -> list[dict[str, float]]:
    """Plays random settings around the knobs' starts and the best few of them again; returns those, best first.

    Args:
        lab: where they play.
        tunable: whose knobs are set.
        count: random settings, one episode each.
        first_seed: index of the first development seed used (4 are).
        horizon: environment steps per episode at most.
        finalists: settings that play three more episodes.
        forgiven: added to the score of an episode that the environment terminated.
    """
    drawn = [
        {
            k.name: tidy(float(np.clip(k.start + k.spread * lab.rng.standard_normal(), k.low, k.high)))
            for k in tunable.knobs
        }
        for _ in range(count)
    ]
    programs = [tunable.program(values) for values in drawn]
    seeds = lab.seeds(first_seed, 4)
    first = lab.measure([Job(program=p, seed=seeds[0], max_steps=horizon) for p in programs])
    scores = np.array([_score(r, forgiven) for r in first])
    order = np.argsort(-scores, kind="stable")[:finalists]
    jobs = [Job(program=programs[i], seed=s, max_steps=horizon) for i in order for s in seeds[1:]]
    later = np.array([_score(r, forgiven) for r in lab.measure(jobs)]).reshape(len(order), -1)
    totals = scores[order] + later.sum(axis=1)
    return [drawn[order[i]] for i in np.argsort(-totals, kind="stable")]


def _score(result: Result, forgiven: float) -> float:
    if not isinstance(result.outcome, Episode):
        return -math.inf
    return result.outcome.score + (forgiven if result.outcome.terminated else 0.0)


class Tuner:
    """CMA-ES over the knobs of one tunable, a generation at a time.

    Every program of a generation plays the same seeds; each generation plays new ones.

    Args:
        start: values to begin at; the knobs' own where missing.
        sigma: first step size, in the knobs' spreads.
        episodes: episodes per program and generation; may be raised between generations.
        population: programs per generation; by the number of knobs if None.
        first_seed: index of the first development seed used.
        floor: a generation that scores the same throughout, and not above this, has nothing to climb: the next
            one is also ranked by how much of the observation space its episodes saw.
        horizon: environment steps after which an episode is stopped; may be raised between generations.
        forgiven: added to the score of an episode that the environment terminated before the horizon, as long as
            there is one: the price of a fall, so that daring is not punished before anything can be done well.
    """

    def __init__(
        self,
        lab: Lab,
        tunable: Tunable,
        *,
        start: Mapping[str, float] | None = None,
        sigma: float = 1.0,
        episodes: int = 2,
        population: int | None = None,
        first_seed: int = 0,
        floor: float = math.inf,
        horizon: int | None = None,
        forgiven: float = 0.0,
    ) -> None:
        knobs = tunable.knobs
        size = len(knobs)
        self.lab = lab
        self.tunable = tunable
        self.episodes = episodes
        self.generation = 0
        self.floor = floor
        self.horizon = horizon
        self.forgiven = forgiven
        self.tied = False
        self.stopped = 0.0  # share of the last generation's episodes that the horizon stopped
        padding = [0.0] if size == 1 else []  # CMA-ES wants two dimensions; the second has no effect
        self._origin = np.array(
            [(start or {}).get(k.name, k.start) for k in knobs] + padding, dtype=np.float64
        )
        self._spread = np.array([k.spread for k in knobs] + [1.0] * len(padding), dtype=np.float64)
        low = (np.array([k.low for k in knobs] + [-math.inf] * len(padding)) - self._origin) / self._spread
        high = (np.array([k.high for k in knobs] + [math.inf] * len(padding)) - self._origin) / self._spread
        optimiser = SepCMA if size > SEP_FROM else CMA
        self._cma = optimiser(
            mean=np.clip(np.zeros(len(self._origin)), low, high),
            sigma=sigma,
            bounds=np.stack([low, high], axis=1),
            seed=int(lab.rng.integers(2**31)),
            population_size=population or max(8, 4 + int(3 * math.log(size))),
        )
        self._next_seed = first_seed

    def restarted(self, tunable: Tunable, start: Mapping[str, float], sigma: float = 0.5) -> Tuner:
        """A tuner like this one for the same numbers with other ranges, which begins at given values."""
        other = Tuner(
            self.lab,
            tunable,
            start=start,
            sigma=sigma,
            episodes=self.episodes,
            population=self.population,
            first_seed=self._next_seed,
            floor=self.floor,
            horizon=self.horizon,
            forgiven=self.forgiven,
        )
        other.generation = self.generation
        return other

    @property
    def population(self) -> int:
        """Programs per generation."""
        return int(self._cma.population_size)

    @property
    def converged(self) -> bool:
        """Whether the optimiser's own criteria say that it is done."""
        return bool(self._cma.should_stop())

    @property
    def centre(self) -> dict[str, float]:
        """The knob values at the centre of the distribution."""
        return self._values(np.asarray(self._cma.mean))

    def step(self) -> list[ScoredProgram]:
        """Plays one generation and returns it, best first.

        Raises:
            BudgetExhausted: the budget ended within the generation; the optimiser is as before.
        """
        points = [self._cma.ask() for _ in range(self._cma.population_size)]
        values = [self._values(p) for p in points]
        programs = [self.tunable.program(v) for v in values]
        seeds = self.lab.seeds(self._next_seed, self.episodes)
        record = Record.STEPS if self.tied else Record.NOTHING
        jobs = [
            Job(program=p, seed=s, record=record, max_steps=self.horizon or self.lab.longest, together=True)
            for p in programs
            for s in seeds
        ]
        results = self.lab.measure(jobs)
        waived = self.forgiven if self.horizon is not None else 0.0
        scores = np.array([_score(r, waived) for r in results])
        means = scores.reshape(len(points), len(seeds)).mean(axis=1)
        breadth = _breadth(results, len(points)) if self.tied else np.zeros(len(points))
        order = np.lexsort((-breadth, -means))
        ranks = np.empty(len(points))
        ranks[order] = np.arange(len(points))
        if not breadth.any():  # equal scores share a rank, so that chance does not steer
            _, places = np.unique(-means, return_inverse=True)
            ranks = places.astype(np.float64)
        self._cma.tell(list(zip(points, ranks.tolist(), strict=True)))
        self._next_seed += self.episodes
        self.generation += 1
        self.tied = bool(means.max() == means.min() and means.max() <= self.floor)
        self.stopped = sum(isinstance(r.outcome, Episode) and r.outcome.stopped for r in results) / len(
            results
        )
        return [ScoredProgram(values=values[i], program=programs[i], mean=float(means[i])) for i in order]

    def _values(self, point: np.ndarray) -> dict[str, float]:
        numbers = self._origin + self._spread * point
        values = {k.name: float(v) for k, v in zip(self.tunable.knobs, numbers, strict=False)}
        return {name: tidy(v) for name, v in self.tunable.admissible(values).items()}


def _breadth(results: Sequence[Result], groups: int) -> np.ndarray:
    """How much of the observation space each program saw, relative to the generation, float[groups]."""
    ranges: list[np.ndarray | None] = []
    for result in results:
        seen = result.recording.observations if result.recording is not None else None
        if seen is None or not len(seen):
            ranges.append(None)
            continue
        flat = np.asarray(seen, dtype=np.float64).reshape(len(seen), -1)
        ranges.append(flat.max(axis=0) - flat.min(axis=0))
    known = [r for r in ranges if r is not None]
    if not known:
        return np.zeros(groups)
    scale = np.maximum(np.max(known, axis=0), 1e-12)
    breadth = np.array([0.0 if r is None else float((r / scale).mean()) for r in ranges])
    means: np.ndarray = breadth.reshape(groups, -1).mean(axis=1)
    return means
