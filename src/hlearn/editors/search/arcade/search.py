"""The arcade search: probe, guess, race the guesses, vary what wins, propose what is better."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.search.arcade import hypotheses
from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, PRESS, Behavior
from hlearn.editors.search.arcade.calibrate import Contact, calibrated, find_contacts, repaired, variants, watched
from hlearn.editors.search.arcade.emit import emit
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.look import View
from hlearn.editors.search.arcade.look_pixels import look_at_pixels
from hlearn.editors.search.arcade.look_ram import look_at_ram
from hlearn.editors.search.arcade.vary import Pool, vary
from hlearn.editors.search.race import Arena, Runner, better, clearly_better, hopeless
from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Recording
from hlearn.policy.joystick import action_meaning
from hlearn.records import Access, Program
from hlearn.tasks import seed_matters
from hlearn.tasks.environment import Discrete

MOVERS = 16  # movers considered for steering
PAIRS = 24  # pairs considered for interception
ELITE = 6
BROOD = 12  # children per generation
RUNGS = (1, 2, 4, 8, 16)  # seeds a child must have stood at each rung
STALL = 9_000  # environment steps without reward after which a development episode is over


class ArcadeSearch:
    """One search on one task; :meth:`proposals` yields better and better programs."""

    def __init__(self, brief: Brief, lab: Lab) -> None:
        assert isinstance(lab.actions, Discrete)
        self.brief = brief
        self.lab = lab
        self.buttons = lab.actions.names
        self.count = 0
        self.champion: Runner | None = None
        self.elite: list[Runner] = []
        self.proposed: Runner | None = None
        self.known: dict[str, Runner] = {}
        self.contacts: dict[int, list[Contact]] = {}
        self.deterministic = not seed_matters(lab.task)

    def runner(self, genome: Genome) -> Runner:
        """Writes a genome as a program; the same source is one runner, however often it is made."""
        title = f"{self.lab.task.env_id} ({self.lab.task.access}): what the embedded search found."
        source = emit(genome, title=title, buttons=self.buttons)
        if source not in self.known:
            self.count += 1
            self.known[source] = Runner(
                number=self.count, program=Program(source=source), what=genome, note=str(genome)
            )
        return self.known[source]

    def proposals(self) -> Iterator[Proposal]:
        """Yields programs, each measured better than the one before."""
        try:
            yield from self._search()
        except BudgetExhausted:
            pass
        if self.champion is None:  # the budget ended early: the best there is
            seen = [r for r in self.known.values() if r.scores]
            self.champion = max(seen, key=lambda r: (r.mean, -r.number), default=None)
        if self.champion is not None and self.champion is not self.proposed:
            yield self._proposal(self.champion)

    def _proposal(self, runner: Runner) -> Proposal:
        self.proposed = runner
        note = f"candidate {runner.number}, {runner.mean:.1f} over {len(runner.scores)} dev episodes: {runner.note}"
        return Proposal(program=runner.program, note=note[:400])

    def _search(self) -> Iterator[Proposal]:
        self.lab.say("probing: random play")
        view = look_at_pixels(self.lab) if self.lab.task.access is Access.PIXELS else look_at_ram(self.lab)
        self.lab.say(
            f"probe: {len(view.own)} driven, {len(view.movers)} moving, random play scores {view.score:.1f}"
        )
        for relation in view.relations[:4]:
            self.lab.say(
                f"at a {relation.event} {relation.other.key} is {relation.gap:+.0f} from {relation.own.key} "
                f"({relation.events} events, {relation.strength:.1f} standard errors)"
            )
        pool, firsts = self._first_race(view)
        firsts += self._calibrate(firsts)
        self.elite = self._settle(firsts)
        if self.champion is not None:
            yield self._proposal(self.champion)
        self._repair()
        yield from self._evolve(pool)

    # the first race: every guess once

    def _first_race(self, view: View) -> tuple[Pool, list[Runner]]:
        across = [s for s in view.own if s.drive == "x"][:3]
        down = [s for s in view.own if s.drive == "y"][:3]
        movers = view.movers[:MOVERS]
        axes = [action_meaning(b) for b in self.buttons]
        channels = [c for c, i in ((ACROSS, 0), (DOWN, 1)) if any(m[i] for m in axes)]
        has_button = any(m[2] for m in axes)

        rhythms = hypotheses.presses(view.movers[:4], has_button=has_button)
        blind = {c: hypotheses.blind(c) for c in channels}
        order, rhythm = self._rhythm(view, rhythms[:3], blind)

        contexts = {c: self._context(order, c, rhythm) for c in (ACROSS, DOWN)}
        guesses: list[tuple[str, Genome]] = []
        for channel, owns in ((ACROSS, across), (DOWN, down)):
            for own in (o for o in owns[:2] if o.explained >= 0.8 * owns[0].explained):
                home = Genome(**{"across" if channel == ACROSS else "down": own})
                told = [
                    b
                    for r in view.relations[:24]
                    if r.own.key == own.key
                    for b in hypotheses.from_relation(r, channel)
                ]
                told += [b for lane in view.lanes[:2] for b in hypotheses.crossings(lane, own, channel)]
                told += hypotheses.weaves(own, movers, channel)
                for behavior in [*told, *hypotheses.steering(own, movers, channel)]:
                    guesses.append((channel, replace(home, behaviors=(behavior, *contexts[channel]))))
                pairs = list(hypotheses.interceptions(own, movers, channel))[: PAIRS * 2]
                for behavior in pairs:
                    ball = behavior.role("ball")
                    serve = tuple(p for p in rhythms if p.kind == "serve" and p.role("ball").key == ball.key)[:1]
                    guesses.append((channel, replace(home, behaviors=(behavior, *(serve or contexts[channel])))))
        self.lab.say(f"{len(guesses)} first guesses")
        guessed = self._race(self._arena(view, len(guesses), 0.15), [g for _, g in guesses])

        behaviors: dict[str, tuple[Behavior, ...]] = {}
        for channel in channels:
            ranked = [b for r in guessed for b in self._genome(r).on(channel)]
            own = next(iter(across if channel == ACROSS else down), None)
            leads = [hypotheses.pursuit(own, m, channel) for m in movers[:6]] if own is not None else []
            behaviors[channel] = tuple(ranked + [b for b in blind[channel]] + leads)
        if has_button:
            aims = [a for own in (across[:1] + down[:1]) for a in hypotheses.aims(own, movers[:8])]
            behaviors[PRESS] = tuple(rhythms + aims)
        self.home = Genome(across=next(iter(across), None), down=next(iter(down), None))
        signals = tuple(view.movers[:MOVERS]) + tuple(s for s in view.own) + view.flags[:24]
        return Pool(behaviors=behaviors, signals=signals), order + guessed

    def _context(
        self, order: Sequence[Runner], channel: str, rhythm: tuple[Behavior, ...]
    ) -> tuple[Behavior, ...]:
        """What the best blind program without a way to steer ``channel`` does: the rest of a first guess."""
        still = [r for r in order if not self._genome(r).on(channel)]
        plain = max((r.mean for r in still if len(self._genome(r).behaviors) <= len(rhythm)), default=0.0)
        best = max(still, key=lambda r: (r.mean, -r.number), default=None)
        if best is None or best.mean <= plain + 0.1 * abs(plain):
            return rhythm
        return self._genome(best).behaviors

    def _rhythm(
        self, view: View, rhythms: Sequence[Behavior], blind: Mapping[str, Sequence[Behavior]]
    ) -> tuple[list[Runner], tuple[Behavior, ...]]:
        """Races programs that look at nothing; returns them and the way to press that served them best."""
        ways: list[tuple[Behavior, ...]] = [(r,) for r in rhythms] or [()]
        carriers: list[tuple[Behavior, ...]] = [(), *((swings[2],) for swings in blind.values())]
        by_way = [[Genome(behaviors=(*c, *way)) for c in carriers] for way in ways]
        extra = [Genome(behaviors=(b, *ways[min(1, len(ways) - 1)])) for bs in blind.values() for b in bs]
        base = [g for genomes in by_way for g in genomes] + extra
        self.lab.say(f"{len(base)} blind programs")
        order = self._race(self._arena(view, len(base), 0.04), base)
        totals = [sum(self.runner(g).mean for g in genomes) for genomes in by_way]
        best = max(range(len(ways)), key=lambda i: (totals[i], i == 1))
        return order, ways[best]

    def _arena(self, view: View, count: int, share: float) -> Arena:
        """An arena of short episodes, so that ``count`` programs cost about ``share`` of what is left."""
        fair = share * self.lab.remaining / max(1, count) / 1.3
        cap = int(min(fair, 1.5 * view.length, 6000))
        return Arena(self.lab, max_steps=max(800, cap), stall_steps=3000)

    def _calibrate(self, firsts: Sequence[Runner]) -> list[Runner]:
        """Measures offset and width for the most promising interceptions."""
        found = []
        meeting = [r for r in firsts if any(b.kind == "intercept" for b in self._genome(r).behaviors)]
        meeting.sort(key=lambda r: (-r.mean, r.number))
        for runner in meeting[:3]:
            genome = self._genome(runner)
            at = next(i for i, b in enumerate(genome.behaviors) if b.kind == "intercept")
            wide = [self.runner(v) for v in variants(genome, at)]
            measured = calibrated(self.lab, wide, genome, at)
            if measured is not None:
                better_set = self.runner(measured)
                better_set.scores, better_set.steps = [runner.mean + 1e-6], [int(runner.cost)]
                found.append(better_set)
        return found

    def _race(self, arena: Arena, genomes: Sequence[Genome]) -> list[Runner]:
        """Runs every genome once, the better third again; returns them best first."""
        runners = list(dict.fromkeys(id(r) for r in map(self.runner, genomes)))
        by_id = {id(r): r for r in self.known.values()}
        field = [by_id[i] for i in runners]
        arena.run(field, 1)
        field.sort(key=lambda r: (-r.mean, r.number))
        second = field[: max(4, len(field) // 4)]
        if not self.deterministic:
            arena.run(second, 2)
        return sorted(field, key=lambda r: (-(r.mean if r in second else min(r.mean, second[-1].mean)), r.number))

    def _genome(self, runner: Runner) -> Genome:
        assert isinstance(runner.what, Genome)
        return runner.what

    # whole episodes

    def _halve(self, field: list[Runner], budget: float) -> None:
        """Successive halving: everyone plays once, the better half twice, and so on while the budget lasts."""
        start = self.lab.remaining
        count, kept = 1, len(field)
        while True:
            for at in range(0, kept, 2 * self.lab.workers):  # in small batches: the first ones are the likeliest
                if count == 1 and at and start - self.lab.remaining > 0.6 * budget:
                    break
                self.arena.run(field[at : min(kept, at + 2 * self.lab.workers)], count)
            field.sort(key=lambda r: (-min(len(r.scores), count), -r.mean, r.number))
            count, kept = 2 * count, max(1, kept // 2)
            spent = start - self.lab.remaining
            ahead = sum(r.cost for r in field[:kept]) * count / 2
            if self.deterministic or count > 8 or kept < 2 or spent + ahead > budget:
                return

    def _joined(self, across: Genome, down: Genome) -> Genome:
        """One genome's way across with the other's way up and down."""
        behaviors = across.on(ACROSS) + down.on(DOWN) + across.on(PRESS)
        return replace(across, down=down.down, behaviors=behaviors)

    def _settle(self, firsts: list[Runner]) -> list[Runner]:
        """Measures the best of the first race on whole episodes."""
        best: dict[str, list[Runner]] = {}
        for runner in firsts:
            genome = self._genome(runner)
            kinds = [b.channel for b in genome.behaviors if b.roles] or [b.channel for b in genome.behaviors]
            channel = kinds[0] if kinds else PRESS
            best.setdefault(channel, []).append(runner)
        picked = []
        for runners in best.values():
            runners.sort(key=lambda r: (-r.mean, r.number))
            picked += runners[:ELITE]
        both = [
            self._joined(self._genome(a), self._genome(d))
            for a in best.get(ACROSS, [])[:3]
            for d in best.get(DOWN, [])[:3]
        ]
        for channel in (ACROSS, DOWN):
            ranked = [self._genome(r) for r in best.get(channel, [])]
            dodges = [g for g in ranked if [b.kind for b in g.on(channel)[:1]] == ["flee"]][:3]
            goals = [g for g in ranked if g.on(channel) and g.on(channel)[0].kind not in ("flee", "intercept")][:3]
            both += [g.with_channel(channel, d.on(channel) + g.on(channel)) for d in dodges for g in goals]
        self.known.clear()  # whole episodes from here on: capped scores are not comparable
        picked.sort(key=lambda r: (-r.mean, r.number))
        genomes = [self._genome(r) for r in picked[:4]] + both + [self._genome(r) for r in picked[4:]]
        self.arena = Arena(self.lab, stall_steps=STALL, watch=self._watch if self.deterministic else None)
        field = [self.runner(self._with_home(g)) for g in genomes]
        field = list({id(r): r for r in field}.values())
        self.lab.say(f"{len(field)} programs on whole episodes")
        self._halve(field, 0.25 * self.lab.remaining)
        field = sorted(field, key=lambda r: (-min(len(r.scores), 2), -r.mean, r.number))[:ELITE]
        self.champion = field[0]
        self._tell()
        return field

    def _watch(self, runner: Runner, recording: Recording) -> None:
        """Keeps what an interception hit and missed: where seeds say nothing, no episode is played twice."""
        genome = self._genome(runner)
        for behavior in genome.behaviors:
            if behavior.kind == "intercept":
                self.contacts[runner.number] = find_contacts(recording, behavior, genome.own(behavior.channel))
                return

    def _repair(self) -> None:
        """Lets what was missed correct an interception: every attempt adds to the evidence."""
        contacts: list[Contact] = []
        tried: set[str] = set()
        latest = self.champion
        for attempt in range(8 if self.deterministic else 5):
            assert self.champion is not None and latest is not None
            genome = self._genome(self.champion)
            at = next((i for i, b in enumerate(genome.behaviors) if b.kind == "intercept"), None)
            if at is None or self._done():
                return
            if latest.number in self.contacts:
                contacts += self.contacts.pop(latest.number)
            elif not self.deterministic:
                seeds = self.lab.seeds(1000 + 4 * attempt, 3)
                contacts += watched(self.lab, latest, self._genome(latest), at, seeds)
            change = repaired(contacts, genome, at) if not (self.deterministic and attempt % 2) else None
            child = None if change is None else self.runner(change[0])
            if change is None or child is None or child is self.champion or child.program.sha256 in tried:
                if not self.deterministic:
                    return
                change = self._jittered(genome, at), "another aim"
                child = self.runner(change[0])
            tried.add(child.program.sha256)
            self.lab.say(f"repair: {change[1]}")
            self.arena.run([child, self.champion], 1 if self.deterministic else 4)
            latest = child
            self._admit([child])
            if not self.deterministic and child is not self.champion and attempt:
                return

    def _jittered(self, genome: Genome, at: int) -> Genome:
        """Another aim nearby: where one episode is all there is, a closed orbit needs a nudge."""
        knobs = dict(genome.behaviors[at].knobs)
        rng, source = self.lab.rng, f"candidate {self.count + 1}"
        nudged = genome.turned((at, "offset"), knobs["offset"].value + float(rng.normal(0, 1.2)), source)
        return nudged.turned((at, "spread"), knobs["spread"].value * float(rng.uniform(0.6, 1.4)), source)

    def _with_home(self, genome: Genome) -> Genome:
        return replace(genome, across=genome.across or self.home.across, down=genome.down or self.home.down)

    def _tell(self) -> None:
        assert self.champion is not None
        c = self.champion
        self.lab.say(f"best: candidate {c.number}, {c.mean:.1f} over {len(c.scores)} episodes: {c.note}"[:160])

    def _done(self) -> bool:
        target = self.lab.task.target
        c = self.champion
        enough = 1 if self.deterministic else 16
        return target is not None and c is not None and c.mean >= target and len(c.scores) >= enough

    def _evolve(self, pool: Pool) -> Iterator[Proposal]:
        rng = self.lab.rng
        rungs = (1,) if self.deterministic else RUNGS
        start = max(1, self.lab.remaining)
        proposed_at = self.lab.remaining
        while not self._done():
            children: list[Runner] = []
            for _ in range(self._brood()):
                parent = self.elite[int(len(self.elite) * rng.random() ** 2)]
                mates = [self._genome(r) for r in self.elite if r is not parent]
                child = self.runner(
                    vary(self._genome(parent), mates, pool, rng, f"candidate {self.count + 1}")
                )
                if child not in children and child not in self.elite:
                    children.append(child)
            for rung in rungs:
                children = [c for c in children if c is not self.champion]
                if not children:
                    break
                assert self.champion is not None
                self.arena.run([*children, self.champion], rung)
                patience = {1: 0.25, 2: 0.25}.get(rung, 0.0)
                worst = self.elite[-1]
                children = [
                    c
                    for c in children
                    if not hopeless(c, self.champion, patience) or (rung <= 2 and better(c, worst))
                ]
                children.sort(key=lambda r: (-r.mean, r.number))
                children = children[: max(1, len(children) // 2)]
                if rung >= min(2, rungs[-1]):
                    self._admit(children)
            if self.deterministic is False and self.champion is not None and len(self.champion.scores) < 40:
                self.arena.run([self.champion], len(self.champion.scores) + 1)
                self._demote()
            spent = proposed_at - self.lab.remaining
            if self.champion is not self.proposed and spent > 0.12 * start and len(self.champion.scores) >= min(8, rungs[-1]):
                proposed_at = self.lab.remaining
                yield self._proposal(self.champion)
        if self.champion is not self.proposed:
            yield self._proposal(self.champion)

    def _brood(self) -> int:
        """Children per generation: fewer where episodes are long."""
        assert self.champion is not None
        if self.deterministic:
            return self.lab.workers * 2
        return int(min(BROOD, max(2, 0.02 * self.lab.remaining / max(1.0, self.champion.cost))))

    def _admit(self, children: Sequence[Runner]) -> None:
        assert self.champion is not None
        for child in children:
            if not math.isfinite(child.mean):
                continue
            clear = clearly_better(child, self.champion)
            if child not in self.elite and (clear or self.deterministic or len(child.scores) >= 4):
                self.elite.append(child)
            enough = len(child.scores) >= min(8, len(self.champion.scores))
            if clear or (enough and better(child, self.champion)):
                self.champion = child
                self._tell()
        self._order()

    def _demote(self) -> None:
        """Another runner leads once more seeds showed the champion to have been lucky."""
        assert self.champion is not None
        rivals = [r for r in self.elite if len(r.scores) >= 4]
        best = max(rivals, key=lambda r: (r.mean, -r.number), default=self.champion)
        if best is not self.champion and best.mean > self.champion.mean:
            self.arena.run([best], len(self.champion.scores))
            if better(best, self.champion):
                self.champion = best
                self._tell()
        self._order()

    def _order(self) -> None:
        assert self.champion is not None
        if self.champion not in self.elite:
            self.elite.append(self.champion)
        champion = self.champion
        self.elite.sort(key=lambda r: (r is not champion, -r.mean, r.number))
        del self.elite[ELITE:]


def search_arcade(brief: Brief, lab: Lab) -> Iterator[Proposal]:
    """Yields better and better programs for a joystick game."""
    return ArcadeSearch(brief, lab).proposals()


