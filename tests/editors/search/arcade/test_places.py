"""At which distance from something to stand is found in short episodes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from hlearn.editors.search.arcade.behaviors import ACROSS
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.places import DISTANCES, places, race_places
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.standing import Standing
from hlearn.editors.search.race import Arena
from hlearn.evaluate.api import Job, Result
from hlearn.records import Episode
from tests.editors.search.arcade.guesses import kinds, ram_pool
from tests.editors.search.plain_lab import PlainLab

SHORT = 2000  # environment steps: fewer than a whole episode has


class DistanceLab(PlainLab):
    """A game that pays for standing far to the left of something."""

    def measure(self, jobs: Sequence[Job]) -> list[Result]:
        return [Result(self._play(job), None) for job in jobs]

    def _play(self, job: Job) -> Episode:
        found = re.search(r"follow_offset = Param\(([-\d.]+)", job.program.source)
        score = 0.0 if found is None else max(0.0, 30.0 - float(found[1]))
        steps = min(job.max_steps or SHORT, SHORT)
        self.spent += steps
        return Episode(
            seed=job.seed, score=score, length=steps, env_steps=steps, terminated=True, truncated=False
        )


def started(kind: str) -> tuple[Roster, Standing]:
    home, pool = ram_pool()
    behavior = next(b for b in kinds(pool)[kind] if b.channel == ACROSS)
    lab = DistanceLab("ALE/Breakout-v5", steps=1_000_000)
    roster = Roster(lab)
    champion = roster.runner(replace(home, behaviors=(behavior,)))
    arena = Arena(lab)
    arena.run([champion], 4)
    return roster, Standing(roster, arena, [champion])


def offset(genome: Genome) -> float:
    return dict(genome.behaviors[0].knobs)["offset"].value


def test_the_best_distance_leads() -> None:
    roster, standing = started("follow")
    before = genome_of(standing.champion)
    assert len(places(before, "candidate 2")) == len(DISTANCES)
    race_places(roster, standing)
    own = before.own(ACROSS)
    assert own is not None
    assert offset(genome_of(standing.champion)) < offset(before) - 0.1 * own.span
    assert len(standing.champion.scores) == 4, "of whole episodes"


def test_who_follows_nothing_has_no_places() -> None:
    roster, standing = started("sweep")
    before, spent = standing.champion, roster.lab.remaining
    race_places(roster, standing)
    assert standing.champion is before
    assert roster.lab.remaining == spent
