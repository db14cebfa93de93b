"""The arcade search: probe, guess, race the guesses, vary what wins, propose what is better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from hlearn.editors.api import Lab, Proposal
from hlearn.editors.search.arcade import hypotheses, shares
from hlearn.editors.search.arcade.behaviors import PRESS
from hlearn.editors.search.arcade.captions import captions
from hlearn.editors.search.arcade.evolve import evolve
from hlearn.editors.search.arcade.first_race import idle_winner, run_first_race
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.joint import Draw, cues_of, drawer
from hlearn.editors.search.arcade.lessons import Lessons
from hlearn.editors.search.arcade.look import ProbeFindings
from hlearn.editors.search.arcade.look_pixels import look_at_pixels
from hlearn.editors.search.arcade.look_ram import look_at_ram
from hlearn.editors.search.arcade.outlook import WorldModel, known
from hlearn.editors.search.arcade.portfolio import MARKS, Arm, Origin, Portfolio
from hlearn.editors.search.arcade.read_bytes import read_bytes
from hlearn.editors.search.arcade.repair import ContactLog, repair
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.settle import settle
from hlearn.editors.search.arcade.sharpen import sharpen
from hlearn.editors.search.arcade.standing import Leaderboard
from hlearn.editors.search.arcade.vary import Pool
from hlearn.editors.search.race import ONWARD, Arena, Runner, better, careful, clearly_better
from hlearn.errors import BudgetExhausted
from hlearn.records import Access
from hlearn.system.memory import SEEN

PROVEN = 8  # episodes on which a first champion has stood
WAYS = 2  # to press that are tried with an interception
CLEAR = 0.7  # standard errors by which a champion must lead the one before to be proposed
SAFER = 2  # programs that lessons made, which race at once
ROUNDS = 8  # of whole programs; between them it is seen whether one is far ahead
WATCHES = (0, 2, 4, 6)  # rounds after which whoever leads is watched
CAP = 4_000, 10_000  # environment steps after which an episode of a whole program is cut, between these
STALL = 2_500  # environment steps without reward that end it at least: who is safe and idle eats the budget
RARE = 8  # times the steps from one reward of random play to the next, after which it is ended
SEEDED = 16  # first guesses among them
BLIND = 4  # of those that look at nothing
AHEAD_BY = 1.25  # times what others gain, that whoever meets something must gain to be perfected alone
FAIR = 120  # of those others, which plain evolution tries in a run; so many times more where there were fewer
KEPT = 6  # of them that go on
AHEAD = 3  # candidates whose race the budget's end broke off, which get more seeds when there is more
ENOUGH = 4  # seeds at most that they get


class ArcadeSearch:
    """One search on one task; :meth:`proposals` yields better and better programs.

    Args:
        lab: what is measured with; its task names joystick actions.

    Attributes:
        reigning: SHA-256 of the gate's champion, None where there is none.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.roster = Roster(lab)
        self.pool: Pool | None = None
        self.draw: Draw | None = None
        self.portfolio: Portfolio | None = None
        self.standing: Leaderboard | None = None
        self.proposed: list[Runner] = []
        self.reigning: str | None = None
        self._view: ProbeFindings | None = None
        self._lessons: Lessons | None = None
        self._safer: list[Runner] = []

    def proposals(self) -> Iterator[Proposal]:
        """Yields programs, each measured better than the one before, until target or budget is reached.

        Called again after the budget's end, when more was given, it goes on.
        """
        with suppress(BudgetExhausted):
            for champion in self._champions() if self.standing is None else self._further(self.standing):
                yield self._proposal(champion)
        last = self.roster.best()
        if self.standing is not None:
            last = self.standing.likeliest(self.proposed, self.reigning)
        if last is not None and last not in self.proposed:
            yield self._proposal(last)

    def _champions(self) -> Iterator[Runner]:
        self.lab.say("probing: random play")
        view = look_at_pixels(self.lab) if self.lab.task.access is Access.PIXELS else look_at_ram(self.lab)
        self._view = view
        self.roster.captions = captions(view.world)
        self._tell(view)
        self.pool, home, firsts = run_first_race(self.roster, view)
        self._lessons = Lessons(self.roster, view, home)
        idle = idle_winner(firsts, view.score)
        self.draw = drawer(view, self.roster)
        guessed = sorted(firsts, key=lambda r: (-r.mean, r.number))
        firsts = sharpen(self.roster, firsts, self.pool.behaviors.get(PRESS, ())[:WAYS])
        sharp = firsts[0] not in guessed
        evidence = ContactLog()
        arena = Arena(
            self.lab,
            max_steps=self.lab.longest,
            stall_steps=self.lab.stall,
            watch=evidence.watch if self.roster.deterministic else None,
            onward=ONWARD,
            most_lives=max((int(r.lives.max(initial=0)) for r in view.recordings), default=0),
        )
        wide = replace(arena, stall_steps=min(self.lab.stall, max(STALL, patience(view))), marks=MARKS)
        if not self.roster.deterministic:
            wide.max_steps = int(min(CAP[1], max(CAP[0], shares.EPISODE * self.lab.remaining)))
        first = [*([idle] if idle is not None else []), *(firsts[:2] if sharp else [])]
        met = sharp and self.roster.deterministic
        try:
            if not met:
                met = self._whole(view, [*first, *guessed], wide, sharp=sharp)
        finally:  # where the budget ends meanwhile, whoever leads may still be proposed, and go on with more
            ranked = sorted(self.roster.measured(), key=lambda r: (-careful(r), r.number))
            self.standing = Leaderboard(self.roster, wide, ranked) if ranked else None
        if met:  # what a ball needs is measured further: whole episodes, aims, repairs
            if idle is not None:  # before all others, sharp ones too: whole episodes will tell
                firsts = [idle, *(r for r in firsts if r is not idle)]
            leaders = [] if self.roster.deterministic else [genome_of(r) for r in ranked[:KEPT]]
            self.standing = settle(self.roster, arena, firsts, home, leaders)
        if self.standing is None:
            return
        if not met and self.lab.task.target is None and not self.roster.deterministic:
            yield from self._onward(self.standing)
            return
        if self.roster.deterministic:
            yield self.standing.champion
            mended = repair(self.roster, self.standing, evidence)
        else:  # nothing is proposed yet: a champion with a flaw that is known would have to be beaten at the gate
            self.standing.prove(PROVEN, shares.TARGET_PROOF * self.lab.remaining)
            mended = repair(self.roster, self.standing, allowance=shares.REPAIR * self.lab.remaining)
        waits = self.lab.task.target is not None and not self.roster.deterministic
        told = None if waits else self.standing.champion
        if told is not None and told not in self.proposed:
            yield told
        yield from evolve(self.roster, self.standing, self.pool, self.draw, told=told, mended=mended)

    def _onward(self, standing: Leaderboard) -> Iterator[Runner]:
        """Proves who leads, proposes it, and goes on evolving whole programs as long as there is anything to spend."""
        assert self.portfolio is not None
        told = self.proposed[-1] if self.proposed else None
        while True:
            before = self.lab.remaining
            standing.enlist(self.portfolio.ranked)
            standing.prove(PROVEN, shares.PROOF * before)
            champion = standing.champion
            if champion not in self.proposed and (told is None or clearly_better(champion, told, CLEAR)):
                told = champion
                yield champion
            self.portfolio.run(shares.ROUND * self.lab.remaining)
            self.lab.say(self.portfolio.told())
            if self.lab.remaining == before:
                return

    def _whole(self, view: ProbeFindings, guessed: Sequence[Runner], arena: Arena, *, sharp: bool) -> bool:
        """Evolves whole programs, the best guesses among them.

        Args:
            view: what the probe found.
            guessed: who takes part of those that were raced before, best first.
            arena: plays.
            sharp: something is met, with edges that tell hits from misses.

        Returns:
            Whether it ended early, for what is met is worth far more than all that whole programs found.
        """
        assert self.draw is not None
        guesses = self.roster.afresh(guessed)
        plain = [r for r in guesses if not any(b.roles for b in genome_of(r).behaviors)]
        constants = hypotheses.constants(self.draw.directions, has_button=bool(self.draw.rhythms))
        still = self.roster.runners([Genome(behaviors=b) for b in constants])
        arms = (
            Arm(origin=Origin.PLAIN, fresh=lambda d: d.fresh(), waiting=[*still, *plain[:BLIND]]),
            Arm(
                origin=Origin.GUESSED, waiting=[r for r in guesses if r not in plain][:SEEDED], pool=self.pool
            ),
            Arm(
                origin=Origin.AHEAD,
                fresh=lambda d: d.thought(),
                waiting=self.roster.runners(self.draw.ahead()),
            ),
        )
        self.lab.say(f"whole programs, {len(self.draw.targets)} numbers to steer by")
        self.portfolio = Portfolio(self.roster, arena, self.draw, arms)
        start = self.lab.remaining
        for number in range(ROUNDS):
            self.portfolio.run(self.lab.remaining - start * (1.0 - shares.WHOLE * (number + 1) / ROUNDS))
            self.lab.say(self.portfolio.told())
            if sharp and _outshines(self.portfolio.ranked, view.score):
                return True
            if number in WATCHES:
                self._learn_from(view, self.portfolio)
        return False

    def _learn_from(self, view: ProbeFindings, portfolio: Portfolio) -> None:
        """Watches who leads die: what each kind does, and rules against what killed it, are what to try next."""
        assert self.draw is not None and self._lessons is not None
        lessons, leader, known = self._lessons, portfolio.ranked[0], len(self._lessons.plays)
        safer: list[Genome] = []
        if self._safer and not any(r in portfolio.ranked[:KEPT] for r in self._safer):
            lessons.see(leader)  # what was learnt before did not help
        else:
            safer = lessons.learn(leader, shares.LESSONS * self.lab.remaining)
        seen = lessons.plays[known:]
        if seen:
            world = self.draw.world
            if world is not None and view.watch is not None:
                world = world.wiser(view.watch(seen))
            self.draw = replace(self.draw, world=world, cues=cues_of(view, self.roster, lessons.plays))
            portfolio.draw = self.draw
            portfolio.suggest(Origin.AHEAD, self.draw.ahead())
        self._safer = self.roster.runners(safer[:SAFER])
        portfolio.enter(Origin.GUESSED, safer[:SAFER], 2)

    def _further(self, standing: Leaderboard) -> Iterator[Runner]:
        """What the budget's end broke off: those who lead get as many seeds as the champion, then evolution goes on."""
        if self.portfolio is not None and self.lab.task.target is None and not self.roster.deterministic:
            yield from self._onward(standing)
            return
        ahead = [
            r for r in self.roster.measured() if r not in standing.elite and better(r, standing.champion)
        ]
        ahead.sort(key=lambda r: (-r.mean, r.number))
        standing.arena.run(ahead[:AHEAD], min(ENOUGH, len(standing.champion.scores)))
        standing.admit(ahead[:AHEAD])
        assert self.pool is not None
        champion = standing.champion
        yield from evolve(self.roster, standing, self.pool, self.draw, told=champion, mended=champion)

    def _tell(self, view: ProbeFindings) -> None:
        for line in self._understood(view):
            self.lab.say(line)

    def _understood(self, view: ProbeFindings) -> Iterator[str]:
        """What was seen so far, a line each."""
        yield f"{len(view.own)} driven, {len(view.movers)} moving, random play scores {view.score:.1f}"
        world = self._world
        yield from known(world) if world is not None else ("no player was seen, so nothing about things",)
        for relation in view.relations[:4]:
            yield (
                f"at a {relation.event} {relation.other.key} is {relation.gap:+.0f} from {relation.own.key} "
                f"({relation.events} events, {relation.strength:.1f} standard errors)"
            )
        if self.portfolio is not None:
            yield self.portfolio.told()

    @property
    def _world(self) -> WorldModel | None:
        """What is known of things by now."""
        if self.draw is not None:
            return self.draw.world
        return None if self._view is None else self._view.world

    def _proposal(self, runner: Runner) -> Proposal:
        self.proposed.append(runner)
        note = f"candidate {runner.number}, {runner.told}: {runner.note}"
        files = []
        if self._view is not None:
            told = [*self._understood(self._view), *read_bytes(genome_of(runner), self._world)]
            lines = "".join(f"- {line}\n" for line in told)
            files.append((SEEN, f"# What the search saw\n\n{lines}"))
        return Proposal(program=runner.program, note=note[:400], files=tuple(files))


def patience(view: ProbeFindings) -> int:
    """Environment steps after which nobody need be waited for: longer where random play is rarely rewarded."""
    rewards = sum(int(np.count_nonzero(r.rewards)) for r in view.recordings)
    return int(RARE * view.length * len(view.recordings) / max(1, rewards))


def _outshines(field: Sequence[Runner], by_chance: float) -> bool:
    """Whether whoever meets something is far ahead of all others, counted from random play.

    The fewer others were tried, the farther: the best of a few programs says little of what they can come to.
    """
    meeting = [r for r in field if any(b.kind == "intercept" for b in genome_of(r).behaviors)]
    others = [r for r in field if r not in meeting]
    best = max((careful(r) for r in meeting), default=by_chance)
    second = max((r.mean for r in others), default=by_chance)  # with its luck: the claim is about the others
    enough = AHEAD_BY * max(1.0, FAIR / max(1, len(others)))
    return best > by_chance and best - by_chance > enough * max(0.0, second - by_chance)
