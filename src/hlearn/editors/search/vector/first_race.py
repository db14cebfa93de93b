"""The first race: programs that look at nothing, then short ones, one episode each; the best meet again on more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from hlearn.editors.api import Lab, Proposal
from hlearn.editors.search.trials import TRIAL_SEEDS, Candidate, PairedComparison, saturated
from hlearn.editors.search.vector.blind import random_program, replay_program
from hlearn.editors.search.vector.offers import find_columns, offers
from hlearn.editors.search.vector.short import Guess, constants, guesses, level_of, observations_of, some_of
from hlearn.editors.search.vector.standing import DECIDE, Incumbent
from hlearn.editors.search.vector.template import Template
from hlearn.editors.search.vector.urges import attributes
from hlearn.evaluate.api import Job, Record, Recording, Result
from hlearn.probe.vector.sketch import VectorFindings
from hlearn.records import Episode
from hlearn.tasks.environment import Discrete

SHORT = (0.05, 0.4)  # of the remaining budget, for the race of short programs: the second for small budgets,
SHORT_STEPS = 10_000  # up to so many environment steps
BLIND = 0.2  # of the remaining budget, at most, for those that look at nothing
FIRST = 0.004  # of the remaining budget, for the first of them
BATCH = 8  # short programs that play side by side
CONTEST = 4  # episodes on which one of them challenges the best
MEETINGS = ((4, 12), (8, 6), (16, 3))  # episodes on which the best of them meet, and how many of them do
MOST_OFFERS = 60  # rules that choose among actions by numbers of their own
LANES = 2  # of them that are tuned
COSTLY = 1e-4  # share of the budget for one episode, from which on programs are proposed early

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

    def run(self, seen: Sequence[Result]) -> Iterator[Proposal]:
        """The race; ends early where the task is solved.

        Args:
            seen: the probe's episodes.
        """
        left = self.lab.remaining
        limit = left - max(SHORT[0] * left, min(SHORT[1] * left, SHORT_STEPS))
        played: list[tuple[Candidate, Template]] = []
        yield from self._blind(seen, played)
        for group in chain([self._offers(seen)], guesses(self.sketch, seen, self.title, self.lab.rng)):
            for start in range(0, len(group), BATCH):
                if self.lab.remaining < limit:
                    break
                batch = [
                    (self.trials.candidate(g.template, g.values, g.template.name), g.template)
                    for g in group[start : start + BATCH]
                ]
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

    def _blind(self, seen: Sequence[Result], played: list[tuple[Candidate, Template]]) -> Iterator[Proposal]:
        """One action all the time, chance, the probe's best episode again; what can be tuned goes to ``played``."""
        usual = sum(o.env_steps for o, _ in seen) / max(1, len(seen))
        first, *others = [
            (self.trials.candidate(g.template, g.values, g.template.name), g.template)
            for g in constants(self.sketch, self.title)
        ]
        chance = self.trials.written(random_program(self.title, self.lab.actions), "chance")
        batch: list[Entry] = [first, (chance, None)]
        shown = [(o.score, r) for o, r in seen if r is not None and isinstance(o, Episode)]
        if shown and min(score for score, _ in shown) < max(score for score, _ in shown):
            batch += self._again(max(shown, key=lambda p: p[0])[1], "the probe's best episode again")
        batch += others
        ready = max(1, int(FIRST * self.lab.remaining / max(usual, 1.0)))
        limit = (1.0 - BLIND) * self.lab.remaining
        for start, end in ((0, ready), *((n, n + BATCH) for n in range(ready, len(batch), BATCH))):
            if start and self.lab.remaining < limit:
                break
            self._play(batch[start:end], blind=True, contest=CONTEST if start else min(CONTEST, ready))
            played += [(c, t) for c, t in batch[start:end] if t is not None and t.knobs]
            if not start and usual > COSTLY * self.lab.remaining:
                yield from self.standing.offer()
        best = max((c for c, _ in played), key=lambda c: c.mean, default=first[0])
        if best.mean > first[0].mean:
            self.level = {a.name: best.values[level_of(a)] for a in self.sketch.axes}

    def _again(self, recording: Recording, note: str) -> list[Entry]:
        """A recorded episode's open loop, where it can be written."""
        program = replay_program(self.title, recording.actions, attributes(self.sketch))
        return [] if program is None else [(self.trials.written(program, note), None)]

    def _play(self, batch: Sequence[Entry], *, blind: bool = False, contest: int = CONTEST) -> None:
        """One episode each; the two best challenge the best of all."""
        self.lab.say(f"short programs: {batch[0][0].note}")
        self.trials.play([c for c, _ in batch], 1)
        for candidate, template in sorted(batch, key=lambda b: -b[0].mean)[:2]:
            better = self.trials.challenge(candidate, self.standing.best, contest)
            if better and self.standing.beaten_by(candidate):
                self.standing.crown(candidate, template, blind=blind)
                if not blind and saturated(candidate, self.standing.floor, CONTEST):
                    self.trials.play([candidate], 2 * CONTEST)

    def _meet(self, played: list[tuple[Candidate, Template]], limit: float) -> None:
        """The best short programs meet on more and more seeds; the last ones that can be tuned get lanes."""
        for episodes, stay in MEETINGS:
            played = sorted(played, key=lambda p: -p[0].mean)[:stay]
            if self.lab.remaining > limit:
                self.trials.play([c for c, _ in played], episodes)
        for candidate, template in played:
            better = self.trials.challenge(candidate, self.standing.best, DECIDE)
            if better and self.standing.beaten_by(candidate):
                self.standing.crown(candidate, template, blind=template.blind)
        self.promising = [(c, t) for c, t in sorted(played, key=lambda p: -p[0].mean) if t.knobs][:LANES]
