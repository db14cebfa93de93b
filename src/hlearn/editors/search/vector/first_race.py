"""The first race: programs that look at nothing, then short ones, one episode each; the best meet again on more."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import chain

import numpy as np

from hlearn.editors.api import Lab, Proposal
from hlearn.editors.search.trials import TRIAL_SEEDS, Candidate, PairedComparison, saturated
from hlearn.editors.search.vector.blind import random_program, replay_program
from hlearn.editors.search.vector.guess import Guess
from hlearn.editors.search.vector.offers import find_columns, offers
from hlearn.editors.search.vector.shares import AT_ONCE, BLIND, COSTLY, DEAR, FIRST, SHORT, SHORT_STEPS
from hlearn.editors.search.vector.short import constants, guesses, level_of, observations_of, some_of
from hlearn.editors.search.vector.standing import DECIDE, Incumbent
from hlearn.editors.search.vector.template import Template
from hlearn.editors.search.vector.urges import attributes
from hlearn.evaluate.api import Job, Record, Recording, Result
from hlearn.probe.vector.sketch import VectorFindings
from hlearn.records import Episode
from hlearn.tasks.environment import Discrete

BATCH = 8  # short programs that play side by side
BASIC = 5  # constant actions that come first, and get an episode each where a budget has few;
ENDS = 2  # so many of them, after the first, before chance
CONTEST = 4  # episodes on which one of them challenges the best
MEETINGS = ((4, 12), (8, 6), (16, 3))  # episodes on which the best of them meet, and how many of them do
MOST_OFFERS = 60  # rules that choose among actions by numbers of their own
LANES = 2  # of them that are tuned
LINEAR = 3  # of them that plain evolution begins with

Entry = tuple[Candidate, Template | None]  # what races, and what it was written from; None has no numbers


class FirstRace:
    """Races what is short.

    Args:
        lab: where it plays.
        trials: where candidates are compared.
        standing: what is kept, and what is proposed.
        sketch: what the probe found.
        title: name of the classes that are written.

    Attributes:
        promising: the best that have numbers to tune.
        level: the best constant push by axis, where one was better than no push; else empty.
        usual: environment steps of an episode, as far as is known.
        linear: the best that are weighted sums, of those that do better than the same all the time: as such, and as
            they were written.
    """

    def __init__(
        self, lab: Lab, trials: PairedComparison, standing: Incumbent, sketch: VectorFindings, title: str
    ) -> None:
        self.lab = lab
        self.trials = trials
        self.standing = standing
        self.sketch = sketch
        self.title = title
        self.promising: list[tuple[Candidate, Template]] = []
        self.level: dict[str, float] = {}
        self.usual = 1.0
        self._lengths: list[float] = []
        self._still: list[Candidate] = []  # those that do the same all the time
        self._proposed = False  # whether something that looks at nothing was proposed already
        self._sums: dict[int, Mapping[int, Mapping[str, float]]] = {}
        self.linear: list[tuple[Mapping[int, Mapping[str, float]], Candidate, Template]] = []

    def run(self, seen: Sequence[Result]) -> Iterator[Proposal]:
        """The race; ends early where the task is solved.

        Args:
            seen: the probe's episodes.
        """
        self.usual = max(1.0, sum(o.env_steps for o, _ in seen) / max(1, len(seen)))
        played: list[tuple[Candidate, Template]] = []
        yield from self._blind(seen, played)
        left = self.lab.remaining
        limit = left - max(SHORT[0] * left, min(SHORT[1] * left, SHORT_STEPS))
        for group in chain(
            [self._offers(seen)], guesses(self.sketch, seen, self.title, self.lab.rng, self.level)
        ):
            start = 0
            while start < len(group) and self.lab.remaining > limit:
                end = start + self._few(BATCH)
                batch = [
                    (self.trials.candidate(g.template, g.values, g.template.name), g.template)
                    for g in group[start:end]
                ]
                self._sums |= {c.number: g.sums for (c, _), g in zip(batch, group[start:end], strict=True)}
                start = end
                self._play(batch)
                played += batch
                if self.standing.finished():
                    yield from self.standing.offer()
                    self.trials.play([self.standing.best] if self.standing.best else [], 2 * DECIDE)
                    if self.standing.finished():
                        return
        self._meet(played, limit)
        yield from self.standing.offer()

    def _offers(self, seen: Sequence[Result]) -> list[Guess]:
        """Rules that choose among actions by numbers of their own, where the probe saw such numbers."""
        actions = self.lab.actions
        if not isinstance(actions, Discrete):
            return []
        columns = find_columns(self.lab.observation, actions.n, observations_of(seen))
        found = [Guess(template=t, values=v) for t, v in offers(self.sketch, columns, self.title)]
        return some_of(found, MOST_OFFERS, self.lab.rng)

    def look_away(self) -> None:
        """The best meets the open loop of its own best episode: what does better blindly takes its place."""
        best = self.standing.best
        if best is None or self.standing.blind:
            return
        seed = self.lab.seeds(TRIAL_SEEDS + int(np.argmax(best.scores)), 1)[0]
        job = Job(program=best.program, seed=seed, record=Record.ACTIONS, max_steps=self.lab.longest)
        recording = self.lab.measure([job])[0].recording
        for candidate, _ in [] if recording is None else self._again(recording, "its best episode again"):
            self.lab.say("the best program's best episode over again, without looking")
            if self.trials.challenge(candidate, best, DECIDE):
                self.standing.crown(candidate, blind=True)

    def begin(self, cap: int) -> Iterator[Proposal]:
        """Proposes at once what looks at nothing and comes to an end, where the race has to wait for other searches.

        Args:
            cap: environment steps of an episode at most.
        """
        constant = next(constants(self.sketch, self.title)).template.program({})
        for program in (constant, random_program(self.title, self.lab.actions)):
            seed = self.lab.seeds(TRIAL_SEEDS, 1)[0]
            outcome, _ = self.lab.measure([Job(program=program, seed=seed, max_steps=cap, together=True)])[0]
            if isinstance(outcome, Episode) and not outcome.stopped:
                self._proposed = True
                yield Proposal(program=program, note=f"looks at nothing: {outcome.score:g} in one episode")
                return

    def _blind(self, seen: Sequence[Result], played: list[tuple[Candidate, Template]]) -> Iterator[Proposal]:
        """One action all the time, chance, the probe's best episode again; what can be tuned goes to ``played``."""
        found = list(constants(self.sketch, self.title))
        first, *others = [
            (self.trials.candidate(g.template, g.values, g.template.name), g.template) for g in found
        ]
        self._sums |= {c.number: g.sums for (c, _), g in zip((first, *others), found, strict=True)}
        chance = self.trials.written(random_program(self.title, self.lab.actions), "chance")
        ends = others[: BASIC - 1]  # what is simplest is right more often than one thinks
        batch: list[Entry] = [first, *ends[:ENDS], (chance, None), *ends[ENDS:]]
        shown = [(o.score, r) for o, r in seen if r is not None and isinstance(o, Episode)]
        if shown and min(score for score, _ in shown) < max(score for score, _ in shown):
            batch += self._again(max(shown, key=lambda p: p[0])[1], "the probe's best episode again")
        batch += others[len(ends) :]
        left = self.lab.remaining
        if self.usual > DEAR * left:
            some = self._play_some(batch, 2 + len(ends), (1.0 - BLIND[1]) * left)
            if not self._proposed:
                yield from self.standing.offer()
        else:
            some = yield from self._play_all(batch)
        played += [(c, t) for c, t in some if t is not None and t.knobs]
        self._still += [c for c, t in some if t is not None and not t.knobs]
        best = max((c for c, _ in played), key=lambda c: c.mean, default=first[0])
        if best.mean > first[0].mean:
            self.level = {a.name: best.values[level_of(a)] for a in self.sketch.axes}

    def _play_some(self, batch: list[Entry], basic: int, end: float) -> list[Entry]:
        """Few episodes in all: the simplest play one each, and the gate waits until their best is known.

        Args:
            batch: the simplest first.
            basic: how many of them are tried.
            end: remaining budget at which no further one is.
        """
        count = 0
        for entry in batch[:basic]:
            if count and self.lab.remaining <= end:
                break
            self._first_episodes([entry])
            count += 1
        self._settle(batch[:count], blind=True, contest=CONTEST)
        return batch[:count]

    def _play_all(self, batch: list[Entry]) -> Generator[Proposal, None, list[Entry]]:
        """As many as their share of the budget allows; where an episode is costly the first is proposed at once."""
        left = self.lab.remaining
        start, end = 0, max(1, int(FIRST * left / self.usual))
        while start < len(batch) and (not start or self.lab.remaining > (1.0 - BLIND[0]) * left):
            self._play(batch[start:end], blind=True, contest=CONTEST if start else min(CONTEST, end))
            if not start and self.usual > COSTLY * left and not self._proposed:
                yield from self.standing.offer()
            start, end = end, end + self._few(BATCH)
        return batch[:start]

    def _again(self, recording: Recording, note: str) -> list[Entry]:
        """A recorded episode's open loop, where it can be written."""
        program = replay_program(self.title, recording.actions, attributes(self.sketch))
        return [] if program is None else [(self.trials.written(program, note), None)]

    def _few(self, most: int) -> int:
        """How many episodes may be played at once: fewer where one of them is a large part of the budget."""
        return int(np.clip(AT_ONCE * self.lab.remaining / self.usual, 1, most))

    def _play(self, batch: Sequence[Entry], *, blind: bool = False, contest: int = CONTEST) -> None:
        """One episode each; the two best challenge the best of all."""
        self._first_episodes(batch)
        self._settle(batch, blind=blind, contest=contest)

    def _first_episodes(self, batch: Sequence[Entry]) -> None:
        self.lab.say(f"short programs: {batch[0][0].note}")
        self.trials.play([c for c, _ in batch], 1)
        self._lengths += [c.length for c, _ in batch]
        self.usual = max(1.0, float(np.mean(self._lengths)))

    def _settle(self, batch: Sequence[Entry], *, blind: bool, contest: int) -> None:
        """The two best of those that have played one episode challenge the best of all."""
        for candidate, template in sorted(batch, key=lambda b: -b[0].mean)[:2]:
            better = self._challenge(candidate, contest)
            if better and self.standing.beaten_by(candidate, blind=blind):
                self.standing.crown(candidate, template, blind=blind)
                if not blind and saturated(candidate, self.standing.floor, CONTEST):
                    self.trials.play([candidate], 2 * CONTEST)

    def _challenge(self, candidate: Candidate, most: int) -> bool:
        """Whether one is better than the best, on so many episodes at most."""
        best = self.standing.best
        longest = max(candidate.length, best.length if best is not None else 1.0)
        few = int(np.clip(AT_ONCE * self.lab.remaining / max(longest, 1.0), min(most, 2), most))
        return self.trials.challenge(candidate, best, few, dear=few < min(most, CONTEST))

    def _meet(self, played: list[tuple[Candidate, Template]], limit: float) -> None:
        """The best short programs meet on more and more seeds; the last ones that can be tuned get lanes."""
        for episodes, stay in MEETINGS:
            played = sorted(played, key=lambda p: -p[0].mean)[:stay]
            missing = sum(max(0, episodes - len(c.outcomes)) for c, _ in played)
            if self.lab.remaining - missing * self.usual > limit:
                self.trials.play([c for c, _ in played], episodes)
        for candidate, template in played:
            better = self._challenge(candidate, DECIDE)
            if better and self.standing.beaten_by(candidate, blind=template.blind):
                self.standing.crown(candidate, template, blind=template.blind)
        still = max((c.mean for c in self._still), default=-np.inf)
        found = [
            (self._sums.get(c.number), c, t)
            for c, t in sorted(played, key=lambda p: -p[0].mean)
            if c.mean > still
        ]
        self.linear = [(sums, c, t) for sums, c, t in found if sums][:LINEAR]
        self.promising = [(c, t) for c, t in sorted(played, key=lambda p: -p[0].mean) if t.knobs][:LANES]
