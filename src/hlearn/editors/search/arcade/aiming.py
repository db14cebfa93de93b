"""Where to aim, and how to press meanwhile: both decide what becomes of a ball that is met.

A ball met near an edge flies off steeply, which wins in one game and loses in another; the button may throw it
back faster. Neither shows before it is tried, together: a fast ball is no gain for who meets it in the middle.
"""

from __future__ import annotations

from collections.abc import Sequence

from hlearn.editors.search.arcade import shares
from hlearn.editors.search.arcade.behaviors import PRESS, Behavior
from hlearn.editors.search.arcade.calibrate import Calibration
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.starts import BRISK, CALM
from hlearn.editors.search.race import Arena, Runner

INSET = 0.9  # deadbands between an edge and an aim just within it
FINER = 0.25  # deadbands between aims near the best
REACH = 4  # such steps to either side
STEADY = 0.1  # px of spread: next to none, but it grows while nothing is gained
EPISODES = 52  # that a race of aims takes, roughly
STEPS = (
    1500,
    5000,
)  # environment steps per episode, least and most: enough for some returns to be gained or lost
SEEN = 3  # things that may be the ball
ROUNDS = ((2, 5), (4, 2))  # seeds that a round gives, and to how many
FINALS = ((3, 4), (8, 2))  # the same among aims near the best
WAVERS = 0.1  # of its mean score, by which the scores of an aim differ that loses something now and then
TAUT = (0.75, 0.87, 1.15)  # times its deadband, for an aim that wavers


def aims(measured: Calibration) -> list[Genome]:
    """The middle with some spread, and places just within either edge."""
    genome, at, source = measured.genome, measured.at, measured.source
    inset = INSET * dict(genome.behaviors[at].knobs)["deadband"].value
    still = genome.turned((at, "spread"), STEADY, source)
    places = [p for p in (measured.low + inset, measured.high - inset) if measured.low < p < measured.high]
    return [genome, *(still.turned((at, "offset"), p, source) for p in places)]


def low_deadband(genome: Genome, at: int) -> Genome:
    """The same with a smaller deadband: it goes nearer to where it wants to be, and more often past it."""
    deadband = dict(genome.behaviors[at].knobs)["deadband"]
    return genome.turned((at, "deadband"), deadband.value * BRISK / CALM, deadband.source)


def shifted(genome: Genome, at: int, guess: Genome, source: str) -> list[Genome]:
    """The same aim a little to either side, with a smaller deadband, and between the walls that the guess assumed."""
    knobs, before = dict(genome.behaviors[at].knobs), dict(guess.behaviors[at].knobs)
    offset, step = knobs["offset"].value, FINER * knobs["deadband"].value
    near = [genome.turned((at, "offset"), offset + k * step, source) for k in range(-REACH, REACH + 1) if k]
    hasty = low_deadband(genome, at)
    for wall in ("wall_low", "wall_high"):
        genome = genome.turned((at, wall), before[wall].value, before[wall].source)
    return [*near, hasty, genome]


def between(genome: Genome, at: int, source: str) -> list[Genome]:
    """Aims between those that :func:`shifted` tried, and the same one with other deadbands.

    What becomes of a ball may turn on a pixel: the best aim may lie close to one that loses now and then.
    """
    knobs = dict(genome.behaviors[at].knobs)
    offset, deadband = knobs["offset"].value, knobs["deadband"].value
    near = (offset + k * FINER * deadband for k in (-1.5, -0.5, 0.5, 1.5))
    return [
        *(genome.turned((at, "offset"), place, source) for place in near),
        *(genome.turned((at, "deadband"), factor * deadband, source) for factor in TAUT),
    ]


def race_aims(roster: Roster, sharp: Sequence[Calibration], presses: Sequence[Behavior]) -> list[Runner]:
    """Races where to meet the ball, and ways to press, in short episodes.

    Args:
        roster: the candidates.
        sharp: interceptions whose edges are known, each of another ball, the likeliest first.
        presses: other ways to use the button, likeliest first.

    Returns:
        Best first; their scores are of short episodes.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    lab = roster.lab
    steps = int(min(STEPS[1], max(STEPS[0], shares.AIMS * lab.remaining / EPISODES)))
    arena = Arena(lab, max_steps=steps)
    origin = {r: m for m in sharp[:SEEN] for r in roster.runners(aims(m))}
    field = _entered(roster, arena, [g for m in sharp[:SEEN] for g in aims(m)])
    first = origin[field[0]]
    others = [p for p in presses if (p,) != first.genome.on(PRESS)]
    pressed = _entered(roster, arena, [g.with_channel(PRESS, (p,)) for p in others for g in aims(first)])
    leader = _narrowed(arena, field + pressed, ROUNDS)[0]
    first = origin.get(leader, first)
    finer = _entered(roster, arena, shifted(genome_of(leader), first.at, first.guess, first.source))
    field = _narrowed(arena, list(dict.fromkeys([*field, *pressed, *finer])), FINALS)
    leader = field[0]
    if leader.spread > WAVERS * abs(leader.mean):
        closer = _entered(roster, arena, between(genome_of(leader), first.at, first.source))
        field = _narrowed(arena, list(dict.fromkeys([*field, *closer])), FINALS)
    return field


def _entered(roster: Roster, arena: Arena, genomes: list[Genome]) -> list[Runner]:
    """New runners with a score each, best first; what longer or other episodes said of them is forgotten."""
    field = roster.runners(genomes)
    for runner in field:
        runner.scores, runner.measured, runner.steps = [], [], []
    arena.run(field, 1)
    return _ranked(field)


def _narrowed(arena: Arena, field: list[Runner], rounds: Sequence[tuple[int, int]]) -> list[Runner]:
    """The field after some rounds, each of which gives those who lead more seeds."""
    for seeds, kept in rounds:
        field = sorted(field, key=lambda r: (-r.mean, r.number))
        arena.run(field[:kept], seeds)
    return _ranked(field)


def _ranked(field: Sequence[Runner]) -> list[Runner]:
    """Those with the most seeds first, the best first among them."""
    return sorted(field, key=lambda r: (-len(r.scores), -r.mean, r.number))
