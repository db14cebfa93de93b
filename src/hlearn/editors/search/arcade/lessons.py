"""Learning from deaths: watch the champion die, find what killed it, keep clear of that; again until it lives.

Scores of a few episodes are a noisy measure of a change that lets a player live a little longer. How often it dies
is a sharper one, so both count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.editors.search.arcade.avoidance import dodging, heeding, reflexes
from hlearn.editors.search.arcade.avoiding_kinds import HAZARDS
from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, PRESS, Behavior
from hlearn.editors.search.arcade.events import Play, Reading
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.look import View
from hlearn.editors.search.arcade.meetings import Meeting, find_meetings
from hlearn.editors.search.arcade.omens import Omen, find_omens
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.standing import Standing
from hlearn.editors.search.arcade.vary import Pool
from hlearn.editors.search.race import Runner
from hlearn.evaluate.api import Job, Recording
from hlearn.records import Episode

SHARE = 0.15  # of what is left
ATTEMPTS = 6
EPISODES = 3  # watched of every candidate
FIRST_SEED = 2000  # development seeds for watching, apart from those of the race
LONGEST = 8_000  # environment steps watched of an episode
WAYS = ((1.0, 1.0), (1.0, 3.0), (1.6, 3.0))  # how wide a berth, how early
GOAL_SHARE = 0.2  # of what is left, for one episode of each goal
GOALS = 12  # per channel, tried behind the new rules
AVOIDING = ("dodge", "flee", "reflex", "idle", "shelter")
RARE = 0.12  # share of deaths that a danger must explain
PROGRESS = 1.2  # times what was promised before


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What was seen of a candidate.

    Attributes:
        score: points per episode.
        deaths: lives lost, over all episodes; ``steps`` in how many environment steps.
        recordings: the episodes.
    """

    score: float
    scores: tuple[float, ...]
    deaths: int
    steps: int
    recordings: tuple[Recording, ...]

    @property
    def rate(self) -> float:
        """Deaths per step."""
        return self.deaths / max(1, self.steps)

    @property
    def promise(self) -> float:
        """What a life brings: points so far by lives lost so far, the present one counted."""
        return sum(self.scores) / (1 + self.deaths)


class Lessons:
    """Turns deaths into rules.

    Args:
        roster: the candidates.
        standing: who leads; is kept up to date.
        view: what the probe saw, and how recordings are read.
        pool: behaviours that may serve as goals.
    """

    def __init__(self, roster: Roster, standing: Standing, view: View, pool: Pool) -> None:
        self.pool = pool
        self.roster = roster
        self.standing = standing
        self.view = view
        self.plays: list[Recording] = list(view.recordings)
        self.rules: dict[str, tuple[Behavior, ...]] = {}

    def learn(self) -> None:
        """Adds rules to the champion as long as it dies less often for them.

        Raises:
            BudgetExhausted: nothing is left to spend.
        """
        if _meets(genome_of(self.standing.champion)):
            return  # its deaths are misses, which repair has learnt from
        lab = self.roster.lab
        allowance = SHARE * lab.remaining
        start = lab.remaining
        current = self.standing.champion
        seen = self._watch([current])[0]
        tried = {current.program.sha256}
        for _ in range(ATTEMPTS):
            if not seen.deaths or start - lab.remaining > allowance:
                break
            self.plays += seen.recordings
            children = [
                c
                for c in self.roster.runners(self._children(genome_of(current), seen))
                if c.program.sha256 not in tried
            ]
            if not children:
                break
            tried |= {c.program.sha256 for c in children}
            best, of_best = current, seen
            for child, watched in self._likeliest(children):
                if _is_progress(watched, of_best):
                    best, of_best = child, watched
            if best is current:
                break
            lab.say(
                f"lesson: {1000 * seen.rate:.2f} to {1000 * of_best.rate:.2f} deaths per 1000 steps, "
                f"score {seen.score:.1f} to {of_best.score:.1f}: {best.note}"
            )
            current, seen = best, of_best
        if current is not self.standing.champion:
            self._spread(current)

    def _spread(self, safe: Runner) -> None:
        """Races the safer program, and other goals behind its new rules, against the champion."""
        genome = genome_of(safe)
        self.rules = {c: rules for c in (ACROSS, DOWN, PRESS) if (rules := _rules(genome, c))}
        genomes = []
        for runner in self.standing.elite:
            mate = genome_of(runner)
            for channel, rules in self.rules.items():
                if mate.own(channel) == genome.own(channel):
                    mate = mate.with_channel(channel, rules + _goals(mate, channel))
            genomes.append(mate)
        for channel, rules in self.rules.items():
            goals = [b for b in self.pool.behaviors[channel] if b.kind not in AVOIDING]
            genomes += [genome.with_channel(channel, (*rules, goal)) for goal in goals[:GOALS]]
        arena, lab = self.standing.arena, self.roster.lab
        arena.run([safe, self.standing.champion], 2)
        self.standing.admit([safe])
        affordable = max(3, int(GOAL_SHARE * lab.remaining / max(1.0, safe.cost)))
        field = [r for r in self.roster.runners(genomes) if r is not safe][:affordable]
        lab.say(f"{len(field)} goals behind the new rules")
        arena.run([safe, *field, self.standing.champion], 1)
        for count, kept in ((2, 8), (4, 4)):
            field.sort(key=lambda r: (-r.mean, r.number))
            field = list({id(r): r for r in (*field[:kept], safe)}.values())
            arena.run([*field, self.standing.champion], 1 if self.roster.deterministic else count)
        self.standing.admit(field)

    def _likeliest(self, children: Sequence[Runner]) -> list[tuple[Runner, Watched]]:
        """Watches all for one episode and the half that promises more for the others."""
        first = list(zip(children, self._watch(children, 1), strict=True))
        if self.roster.deterministic:
            return first
        losing = min(seen.score for _, seen in first) < 0  # points lost are no matter of lives
        ranked = sorted(first, key=lambda c: (-(c[1].score if losing else c[1].promise), c[0].number))
        kept = [child for child, _ in ranked[: (len(ranked) + 1) // 2]]
        return list(zip(kept, self._watch(kept), strict=True))

    def _watch(self, runners: Sequence[Runner], episodes: int = EPISODES) -> list[Watched]:
        """Plays a few episodes of each and counts deaths."""
        lab = self.roster.lab
        seeds = lab.seeds(FIRST_SEED, 1 if self.roster.deterministic else episodes)
        jobs = [
            Job(
                program=self.view.program(genome_of(runner), runner.program),
                seed=seed,
                max_steps=LONGEST,
                stall_steps=self.roster.lab.stall,
                stop_score=lab.task.target,
                record=self.view.record,
            )
            for runner in runners
            for seed in seeds
        ]
        results = lab.measure(jobs)
        found = []
        for at in range(0, len(results), len(seeds)):
            few = results[at : at + len(seeds)]
            recordings = tuple(
                r.recording for r in few if r.recording is not None and len(r.recording.actions)
            )
            scores = tuple(r.outcome.score if isinstance(r.outcome, Episode) else -np.inf for r in few)
            found.append(
                Watched(
                    score=float(np.mean(scores)),
                    scores=scores,
                    deaths=sum(int(p.lost.sum()) for p in self._read(recordings)),
                    steps=sum(r.outcome.env_steps for r in few),
                    recordings=recordings,
                )
            )
        return found

    def _read(self, recordings: Sequence[Recording]) -> list[Play]:
        return self.view.read(recordings)[0] if recordings else []

    def _children(self, genome: Genome, seen: Watched) -> list[Genome]:
        """The genome with rules against what killed it, several ways."""
        plays, signals, _ = self.view.read(self.plays)
        children = self._warned(genome, seen)
        for channel, other in ((ACROSS, DOWN), (DOWN, ACROSS)):
            own = genome.own(channel)
            if own is None:
                continue
            dangers = find_meetings(plays, "loss", own, genome.own(other), signals, most=HAZARDS)
            dangers = [d for d in dangers if d.explained >= RARE * d.events]
            if not dangers:
                continue
            self._tell(dangers)
            for chosen in (dangers, dangers[:1]) if len(dangers) > 1 else (dangers,):
                goals = _goals(genome, channel)
                for wide, early in WAYS:
                    rule = dodging(chosen, own, channel, wide=wide, early=early)
                    children.append(genome.with_channel(channel, (rule, *_idle(genome, channel), *goals)))
            for steered in (c for c in (ACROSS, DOWN) if self.pool.behaviors.get(c)):
                goals = (*_idle(genome, steered), *_goals(genome, steered)[-2:])
                children += [genome.with_channel(steered, (r, *goals)) for r in reflexes(dangers[0], steered)]
        return children

    def _warned(self, genome: Genome, seen: Watched) -> list[Genome]:
        """The genome letting go of the buttons while a number stands where it stood before its deaths."""
        plays, _, signs = self.view.read(seen.recordings) if seen.recordings else Reading([], (), ())
        owns = [o for o in (genome.across, genome.down) if o is not None]
        known = {b.role("sign").key for b in genome.behaviors if b.kind == "idle"}
        omens = [o for o in find_omens(plays, owns, signs) if o.sign.key not in known]
        if omens:
            self._warn(omens[0])
        return heeding(genome, omens)

    def _warn(self, omen: Omen) -> None:
        word = "at least" if omen.high else "at most"
        self.roster.lab.say(
            f"{omen.explained} of {omen.events} deaths: {omen.sign.key} {word} {omen.level:.0f}"
        )

    def _tell(self, dangers: Sequence[Meeting]) -> None:
        top = dangers[0]
        depth = f" while {top.depth.key} is near {top.level:.0f}" if top.depth is not None else ""
        self.roster.lab.say(
            f"{top.explained} of {top.events} deaths: {top.thing.key} at {top.gap:+.0f} from {top.own.key}{depth}"
        )


def _meets(genome: Genome) -> bool:
    """Whether it lives on meeting something, with measured edges."""
    told = [k.source for b in genome.behaviors if b.kind == "intercept" for _, k in b.knobs]
    return any(source.startswith(("calibration", "repair")) for source in told)


def _goals(genome: Genome, channel: str) -> tuple[Behavior, ...]:
    return tuple(b for b in genome.on(channel) if b.kind not in AVOIDING)


def _rules(genome: Genome, channel: str) -> tuple[Behavior, ...]:
    return tuple(b for b in genome.on(channel) if b.kind in ("dodge", "reflex", "idle", "shelter"))


def _idle(genome: Genome, channel: str) -> tuple[Behavior, ...]:
    return tuple(b for b in genome.on(channel) if b.kind == "idle")


def _is_progress(new: Watched, old: Watched) -> bool:
    """Whether it clearly promises more: more points, or as many in lives that last longer."""
    gaps = np.array(new.scores) - np.array(old.scores)
    if not np.isfinite(gaps).all():
        return False
    error = float(gaps.std(ddof=1)) / np.sqrt(len(gaps)) if len(gaps) > 1 else 0.0
    if min(*new.scores, *old.scores) < 0:
        return bool(gaps.mean() > error)
    if gaps.mean() < -max(error, 0.4 * old.score):
        return False
    return new.promise > PROGRESS * old.promise
