"""Learning from deaths: watch who leads die, find what killed it, keep clear of that; again until it lives.

Scores of a few episodes are a noisy measure of a change that lets a player live a little longer. How often it dies
is a sharper one, so both count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hlearn.editors.search.arcade.avoidance import dodging, heeding, reflexes
from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, Behavior
from hlearn.editors.search.arcade.events import Reading
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.look import ProbeFindings
from hlearn.editors.search.arcade.meetings import find_meetings
from hlearn.editors.search.arcade.omens import find_omens
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.skills import KINDS
from hlearn.editors.search.arcade.skills.avoiding import HAZARDS
from hlearn.editors.search.race import Runner
from hlearn.evaluate.api import Job, Recording
from hlearn.records import Episode

ATTEMPTS = 6
EPISODES = 3  # watched of every candidate
FIRST_SEED = 2000  # development seeds for watching, apart from those of the race
LONGEST = 4_000  # environment steps watched of an episode
FEWEST, AGAIN = 4, 2.0  # children that are tried at least, and episodes of one on average
PROGRESS = 1.2  # times what was promised before
WAYS = ((1.0, 1.0), (1.0, 3.0), (1.6, 3.0))  # how wide a berth, how early
RARE = 0.12  # share of deaths that a danger must explain
BEHIND = 2  # ways to steer that go on behind a reflex


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What was seen of a candidate.

    Attributes:
        scores: points per episode.
        deaths: lives lost, over all episodes.
        recordings: the episodes.
    """

    scores: tuple[float, ...]
    deaths: int
    recordings: tuple[Recording, ...]

    @property
    def promise(self) -> float:
        """What a life brings: points so far by lives lost so far, the present one counted."""
        return sum(self.scores) / (1 + self.deaths)


class Lessons:
    """Turns deaths into rules.

    Args:
        roster: the candidates.
        view: what the probe saw, and how recordings are read.
        home: own positions for programs that need none so far.

    Attributes:
        plays: every recording so far.
    """

    def __init__(self, roster: Roster, view: ProbeFindings, home: Genome) -> None:
        self.roster = roster
        self.view = view
        self.home = home
        self.plays: list[Recording] = list(view.recordings)
        self._tried: set[str] = set()

    def learn(self, leader: Runner, allowance: float) -> list[Genome]:
        """Adds rules to a program as long as it dies less often for them.

        Args:
            leader: the program to begin with.
            allowance: environment steps that this may cost, roughly.

        Returns:
            The programs on the way, the latest first.

        Raises:
            BudgetExhausted: nothing is left to spend.
        """
        lab = self.roster.lab
        start, current, better = lab.remaining, leader, list[Genome]()
        if leader.program.sha256 in self._tried:
            return []
        self._tried.add(leader.program.sha256)
        seen = self.watch([current])[0]
        self.plays += seen.recordings
        for _ in range(ATTEMPTS):
            if not seen.deaths or start - lab.remaining > allowance:
                break
            genome = genome_of(current)
            genome = replace(
                genome, across=genome.across or self.home.across, down=genome.down or self.home.down
            )
            children = self.roster.runners(taught(self.view, genome, self.plays, seen.recordings, lab.say))
            children = [c for c in children if c.program.sha256 not in self._tried and c is not current]
            children = self._affordable(children, seen, allowance - (start - lab.remaining))
            self._tried |= {c.program.sha256 for c in children}
            best, of_best = current, seen
            for child, watched in self._likeliest(children) if children else []:
                if _is_progress(watched, of_best):
                    best, of_best = child, watched
            if best is current:
                break
            lab.say(f"lesson: {seen.promise:.1f} to {of_best.promise:.1f} points per life: {best.note}")
            current, seen = best, of_best
            self.plays += seen.recordings
            better.insert(0, genome_of(best))
        return better

    def see(self, leader: Runner) -> None:
        """Watches who leads, for what its play tells; whoever was watched before is not watched again.

        Raises:
            BudgetExhausted: nothing is left to spend.
        """
        if leader.program.sha256 not in self._tried:
            self._tried.add(leader.program.sha256)
            self.plays += self.watch([leader])[0].recordings

    def _affordable(self, children: list[Runner], parent: Watched, left: float) -> list[Runner]:
        """As many as can be watched if they live as long as their parent, from all over the list."""
        played = [len(r.actions) for r in parent.recordings] or [LONGEST]
        count = max(FEWEST, int(left * len(played) / max(1, sum(played)) / AGAIN))
        return (
            [children[i * len(children) // count] for i in range(count)]
            if count < len(children)
            else children
        )

    def _likeliest(self, children: Sequence[Runner]) -> list[tuple[Runner, Watched]]:
        """Watches all for one episode and the half that promises more for the others."""
        first = list(zip(children, self.watch(children, 1), strict=True))
        if self.roster.deterministic:
            return first
        losing = min(min(seen.scores) for _, seen in first) < 0  # points lost are no matter of lives
        ranked = sorted(first, key=lambda c: (-(sum(c[1].scores) if losing else c[1].promise), c[0].number))
        kept = [child for child, _ in ranked[: (len(ranked) + 1) // 2]]
        return list(zip(kept, self.watch(kept), strict=True))

    def watch(self, runners: Sequence[Runner], episodes: int = EPISODES) -> list[Watched]:
        """Plays a few episodes of each and counts deaths.

        Raises:
            BudgetExhausted: nothing is left to spend.
        """
        lab = self.roster.lab
        seeds = lab.seeds(FIRST_SEED, 1 if self.roster.deterministic else episodes)
        jobs = [
            Job(
                program=self.view.program(genome_of(runner), runner.program),
                seed=seed,
                max_steps=LONGEST,
                stall_steps=lab.stall,
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
            plays = self.view.read(recordings)[0] if recordings else []
            found.append(
                Watched(
                    scores=tuple(r.outcome.score if isinstance(r.outcome, Episode) else -np.inf for r in few),
                    deaths=sum(int(p.lost.sum()) for p in plays),
                    recordings=recordings,
                )
            )
        return found


def taught(
    view: ProbeFindings,
    genome: Genome,
    plays: Sequence[Recording],
    own_plays: Sequence[Recording],
    say: Callable[[str], None],
) -> list[Genome]:
    """A program with rules against what killed it, several ways.

    Args:
        view: how recordings are read.
        genome: the program.
        plays: every recording so far, whoever played: what kills.
        own_plays: those of the program itself: what comes before its deaths.
        say: is told what was found.
    """
    found = _warned(view, genome, own_plays, say)
    known, signals, _ = view.read(plays)
    for channel, other in ((ACROSS, DOWN), (DOWN, ACROSS)):
        own = genome.own(channel)
        if own is None:
            continue
        dangers = find_meetings(known, "loss", own, genome.own(other), signals, most=HAZARDS)
        dangers = [d for d in dangers if d.explained >= RARE * d.events]
        if not dangers:
            continue
        top = dangers[0]
        depth = f" while {top.depth.key} is near {top.level:.0f}" if top.depth is not None else ""
        say(
            f"{top.explained} of {top.events} deaths: {top.thing.key} at {top.gap:+.0f} from {top.own.key}{depth}"
        )
        for chosen in (dangers, dangers[:1]) if len(dangers) > 1 else (dangers,):
            for wide, early in WAYS:
                rule = dodging(chosen, own, channel, wide=wide, early=early)
                rules = (rule, *_idle(genome, channel), *_goals(genome, channel))
                found.append(genome.with_channel(channel, rules))
        for steered in (c for c in (ACROSS, DOWN) if genome.own(c) is not None):
            goals = (*_idle(genome, steered), *_goals(genome, steered)[-BEHIND:])
            found += [genome.with_channel(steered, (r, *goals)) for r in reflexes(dangers[0], steered)]
    return found


def _warned(
    view: ProbeFindings, genome: Genome, plays: Sequence[Recording], say: Callable[[str], None]
) -> list[Genome]:
    """The program letting go of the buttons while a number stands where it stood before its deaths."""
    seen, _, signs = view.read(plays) if plays else Reading([], (), ())
    owns = [o for o in (genome.across, genome.down) if o is not None]
    known = {b.role("sign").key for b in genome.behaviors if b.kind == "idle"}
    omens = [o for o in find_omens(seen, owns, signs) if o.sign.key not in known]
    for omen in omens[:1]:
        word = "at least" if omen.high else "at most"
        say(f"{omen.explained} of {omen.events} deaths: {omen.sign.key} {word} {omen.level:.0f}")
    return heeding(genome, omens)


def _goals(genome: Genome, channel: str) -> tuple[Behavior, ...]:
    return tuple(b for b in genome.on(channel) if not KINDS[b.kind].avoids)


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
    if gaps.mean() < -max(error, 0.4 * float(np.mean(old.scores))):
        return False
    return new.promise > PROGRESS * old.promise
