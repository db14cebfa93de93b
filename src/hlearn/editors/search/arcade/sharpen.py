"""From guesses that meet a ball to programs that know their edges, the walls and where to aim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hlearn.editors.search.arcade import shares
from hlearn.editors.search.arcade.aiming import low_deadband, race_aims
from hlearn.editors.search.arcade.behaviors import Behavior
from hlearn.editors.search.arcade.calibrate import Calibration, calibrated, variants
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.race import Runner

CALIBRATED = 3  # interceptions that are measured where one episode is all there is, and balls that are enough
MOST = 9  # interceptions that are measured at most
FEW = 12  # guesses that are always among the better half, which may be measured
SHARP = 0.8  # how well edges must tell hits from misses
AIMED = 3  # aims that lead in short episodes and stay in the race
OTHERS = 4  # first guesses that stay in the race beside a sharp interception


Ball = tuple[str, str, int]  # keys of the numbers that are its place and its depth, and the way that it comes


class CalibratedGuess(NamedTuple):
    """A guess, and what was measured of it."""

    guess: Runner
    calibration: Calibration


def sharpen(roster: Roster, firsts: Sequence[Runner], presses: Sequence[Behavior]) -> list[Runner]:
    """Measures the most promising interceptions among first guesses.

    Args:
        roster: the candidates.
        firsts: the runners of the first race.
        presses: ways to use the button, likeliest first.

    Returns:
        Who should be in the next race, the likeliest first: interceptions whose edges tell hits from misses before
        all guesses, for this is how it is.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    found = _measured(roster, firsts)
    sharp = [m for m in found if m.calibration.sharpness >= SHARP]
    sharp.sort(key=lambda m: (-m.guess.mean, -m.calibration.sharpness, m.guess.number))
    refined = {id(m.guess): roster.runner(m.calibration.genome) for m in found}
    rest: list[Runner] = []
    for guess in sorted(firsts, key=lambda r: (-r.mean, r.number)):
        rest += [refined[id(guess)], guess] if id(guess) in refined else [guess]
    ahead = [refined[id(m.guess)] for m in sharp]
    if sharp and not roster.deterministic:
        aimed = race_aims(roster, [m.calibration for m in sharp], presses)[:AIMED]
        ahead = [*aimed, *_middles(roster, sharp[0].calibration), *ahead]
        rest = others(r for r in rest if r not in ahead)
    return list(dict.fromkeys(ahead + rest))


def others(ranked: Iterable[Runner]) -> list[Runner]:
    """The best guesses, and the best of those that look at nothing: to beat it is the least that seeing must bring."""
    guesses = list(ranked)
    plain = [r for r in guesses if not any(b.roles for b in genome_of(r).behaviors)]
    return list(dict.fromkeys([*guesses[:OTHERS], *plain[:1]]))


def _measured(roster: Roster, firsts: Sequence[Runner]) -> list[CalibratedGuess]:
    """Calibrates the guesses that meet something, the best of each ball, until enough of them are sharp.

    Where seeds matter, what is sharp may still be no ball (two things together may look like one that is met), so
    each has its turn before the own thing is read in another place.
    """
    meeting = [r for r in firsts if any(b.kind == "intercept" for b in genome_of(r).behaviors)]
    meeting.sort(key=lambda r: (-r.mean, r.number))
    if roster.deterministic:
        meeting = meeting[:CALIBRATED]
    else:
        ranked = sorted(firsts, key=lambda r: (-r.mean, r.number))
        meeting = [r for r in meeting if r in ranked[: max(FEW, len(ranked) // 2)]]
    allowed = roster.lab.remaining * (1.0 - shares.CALIBRATION)
    found: list[CalibratedGuess] = []
    met: set[Ball] = set()
    for runner in meeting:
        genome = genome_of(runner)
        at = next(i for i, b in enumerate(genome.behaviors) if b.kind == "intercept")
        if roster.deterministic:  # nothing sticks
            genome = low_deadband(genome, at)
        elif _ball(genome, at) in met:
            continue
        met.add(_ball(genome, at))
        wide = [roster.runner(v) for v in variants(genome, at)]
        measured = calibrated(roster.lab, wide, genome, at)
        if measured is not None:
            found.append(CalibratedGuess(runner, measured))
        sharp = sum(m.calibration.sharpness >= SHARP for m in found)
        spent = not roster.deterministic and roster.lab.remaining < allowed
        if sharp == CALIBRATED or len(met) == MOST or spent:
            break
    return found


def _ball(genome: Genome, at: int) -> Ball:
    """What an interception takes for a ball, and from where it comes."""
    behavior = genome.behaviors[at]
    return behavior.role("ball").key, behavior.role("depth").key, behavior.option


def _middles(roster: Roster, measured: Calibration) -> list[Runner]:
    """Meeting the ball about the middle: what wins the first points need not win the last."""
    genome, at = measured.genome, measured.at
    spread = dict(genome.behaviors[at].knobs)["spread"].value
    return roster.runners([genome.turned((at, "spread"), spread / 2, measured.source), genome])
