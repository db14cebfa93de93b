"""The gate's own error rate and power: a program raced against itself, and against itself with a gain.

    python benchmarks/gate_errors.py [SYSTEM ...]

Without arguments on made-up score distributions, ties, two values and heavy tails among them; with systems on the gate
and development scores that their ledgers hold for the champion. "The same" is the A/A check: the accepted share must
stay below alpha (0.10). Rows "of 8" are races that cannot have more than 8 pairs, as with long episodes.

Rows "asked again" go through the whole gate as runs and commands do: the same program is proposed up to thirty times
to the same champion, each time with steps for 1 to 12 more pairs, until it is accepted. "Anew" is what ten times would
come to were every asking a race of its own. The last row lets twenty programs, none better than the champion, each ask
so: the share that is accepted stays below alpha; the chance that any of the twenty is does not, and cannot.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hlearn.evaluate.api import Job, Result
from hlearn.gate import Decision, Gate, aa_check, past_race
from hlearn.ledger import Measured, Purpose, Trial
from hlearn.records import Budget, Episode, Program
from hlearn.system import System

ROUNDS = 2000
FEW = 8  # pairs
ASKINGS, ANEW = 30, 10
RIVALS = 20  # programs that each ask
STEPS = 100  # environment steps of an episode
CHAMPION = Program(source="champion = 1\n")
Scores = Sequence[float]


def recorded(path: str) -> list[float]:
    """Scores of the champion's whole episodes."""
    system = System.open(path)
    champion = system.champion()
    rows = (row.event for row in system.ledger.rows)
    return [
        outcome.score
        for event in rows
        if isinstance(event, Measured) and champion is not None and event.program == champion.sha256
        for outcome in event.outcomes
        if isinstance(outcome, Episode) and event.caps.max_steps is None
    ]


def made_up(rng: np.random.Generator) -> dict[str, tuple[list[float], list[float]]]:
    """Scores of a champion, and of a challenger that is better in the way that such scores allow."""
    normal = rng.normal(100, 20, 300)
    pareto = 100 * rng.pareto(1.5, 300)
    few, many = rng.random(300) < 0.30, rng.random(300) < 0.63
    low = rng.normal(421, 30, 300)
    rounded = np.round(rng.normal(2, 1, 300))
    return {
        "normal(100, 20)": (list(normal), list(normal + 10)),
        "Pareto(1.5) * 100": (list(pareto), list(2 * pareto)),
        "0 or 864": ([0.0] * 150 + [864.0] * 150, [0.0] * 60 + [864.0] * 240),
        "about 421, or 864": (list(np.where(few, 864.0, low)), list(np.where(many, 864.0, low))),
        "0 to 5, many ties": (list(rounded), list(rounded + 0.5)),
    }


def at_target(rng: np.random.Generator, reached: float, lost: float) -> tuple[list[float], list[int]]:
    """Scores and lives left of a program that nearly always reaches 864, losing so many balls on the way."""
    there = rng.random(300) < reached
    missed = rng.choice([428.0, 850.0, 860.0, 863.0], 300)
    lives = np.where(there, np.maximum(0, 5 - rng.poisson(lost, 300)), 0)
    return list(np.where(there, 864.0, missed)), [int(n) for n in lives]


def with_lives(rng: np.random.Generator) -> None:
    """Prints how the gate tells programs apart that mostly end at the target."""
    champion, theirs = at_target(rng, 0.9, 1.5)
    for what, reached, lost in (("the same", 0.9, 1.5), ("98 of 100", 0.98, 1.5), ("a life more", 0.95, 0.5)):
        challenger, ours = (champion, theirs) if what == "the same" else at_target(rng, reached, lost)
        check = aa_check(
            champion, rounds=ROUNDS // 4, rng=rng, challenger=challenger, lives=(ours, theirs), life=8.64
        )
        print(
            f"{'864 in 90 of 100':18} {what:13}: accepted {check.accepted:.3f} pairs {check.mean_pairs:.1f}"
        )


class Luck:
    """A evaluator whose episodes are drawn from recorded ones, the same for the same program and seed."""

    def __init__(self, scores: Scores, lives: Sequence[int], rng: np.random.Generator) -> None:
        self._scores, self._lives, self._rng = scores, lives, rng
        self._drawn: dict[tuple[str, int], int] = {}
        self.first_seed = 0
        self.steps = 0

    def measure(self, jobs: Sequence[Job], purpose: Purpose) -> list[Result]:
        """Draws what was not drawn before; the rest costs nothing."""
        results = []
        for job in jobs:
            key = job.program.sha256, job.seed
            if key not in self._drawn:
                self._drawn[key] = int(self._rng.integers(len(self._scores)))
                self.steps += STEPS
            score, lives = self._scores[self._drawn[key]], self._lives[self._drawn[key]]
            outcome = Episode(
                seed=job.seed,
                score=float(score),
                length=STEPS,
                env_steps=STEPS,
                terminated=True,
                truncated=False,
                lives=lives,
            )
            results.append(Result(outcome, None))
        return results

    def seeds(self, start: int, count: int) -> list[int]:
        """Positions stand for seeds."""
        return [self.first_seed + start + i for i in range(count)]

    def spent(self) -> int:
        """Environment steps."""
        return self.steps


class Asked(NamedTuple):
    """What came of asking again and again."""

    accepted: bool
    pairs: int


def ask(
    evaluator: Luck, rng: np.random.Generator, challenger: Program, *, target: float | None, anew: bool
) -> Asked:
    """Proposes a program until it is accepted or was proposed so many times."""
    trials: list[Trial] = []
    for asking in range(ANEW if anew else ASKINGS):
        past = None if anew else past_race(trials, challenger.sha256, CHAMPION.sha256)
        evaluator.first_seed = asking * 1000 if anew else 0
        steps = int(rng.integers(1, 13)) * 2 * STEPS
        closing = bool(rng.random() < 0.1)  # now and then a run ends with it
        verdict = Gate().judge(
            challenger,
            CHAMPION,
            evaluator=evaluator,
            budget=Budget(total=max(steps, 6 * STEPS), gate=2 * steps),
            past=past,
            closing=closing,
            stop_score=target,
        )
        trials.append(
            Trial(
                run=asking,
                trial=asking,
                program=challenger.sha256,
                champion=CHAMPION.sha256,
                note="",
                decision=verdict.decision,
                reasons=(),
                pairs=len(verdict.pairs),
                first_seed=evaluator.first_seed,
                final=verdict.final,
            )
        )
        if verdict.decision is Decision.ACCEPTED or (verdict.final and not anew):
            break  # after a final verdict the race is over, and every further asking says the same
    return Asked(trials[-1].decision is Decision.ACCEPTED, max(t.pairs for t in trials))


def asked_again(rng: np.random.Generator) -> None:
    """Prints what asking again and again comes to."""
    samples = {name: (champion, [0] * 300, None) for name, (champion, _) in made_up(rng).items()}
    samples["864 in 90 of 100"] = (*at_target(rng, 0.9, 1.5), 864.0)
    for name, (scores, lives, target) in samples.items():
        for anew, rounds in ((False, ROUNDS // 4), (True, ROUNDS // 40)):
            asked = [
                ask(Luck(scores, lives, rng), rng, Program(source="rival = 1\n"), target=target, anew=anew)
                for _ in range(rounds)
            ]
            accepted, pairs = np.mean([a.accepted for a in asked]), np.mean([a.pairs for a in asked])
            how = "anew" if anew else "again"
            print(f"{name:18} asked {how:7}: accepted {accepted:.3f} pairs {pairs:.1f}", flush=True)
    scores, lives, _ = samples["normal(100, 20)"]
    rivals = [Program(source=f"rival = {i}\n") for i in range(RIVALS)]
    each = []
    for _ in range(ROUNDS // 100):
        evaluator = Luck(scores, lives, rng)
        each.append([ask(evaluator, rng, rival, target=None, anew=False).accepted for rival in rivals])
    print(
        f"{'normal(100, 20)':18} {RIVALS} rivals   : accepted {np.mean(each):.3f} of them, "
        f"any in {np.mean([any(e) for e in each]):.3f} of the rounds"
    )


def main(paths: list[str]) -> None:
    """Prints one table row per distribution and challenger."""
    rng = np.random.default_rng(0)
    rows: list[tuple[str, str, list[float], list[float]]] = []
    for path in paths:
        scores = recorded(path)
        if len(scores) < 2:
            print(f"{path}: {len(scores)} recorded scores, at least 2 are needed")
            continue
        rows.append((path, "the same", scores, scores))
        spread = float(np.std(scores))
        rows += [
            (path, f"{gain} sd more", scores, [s + gain * spread for s in scores]) for gain in (0.5, 1.0, 2.0)
        ]
    if not paths:
        for name, (champion, challenger) in made_up(rng).items():
            rows.append((name, "the same", champion, champion))
            gain = (np.mean(challenger) - np.mean(champion)) / np.std(champion)
            rows.append((name, f"{gain:.2f} sd more", champion, challenger))
            spread = float(np.std(champion))
            rows += [
                (name, f"{k:.2f} sd more", champion, [s + k * spread for s in champion]) for k in (1.0, 2.0)
            ]
    if not paths:
        with_lives(rng)
        asked_again(np.random.default_rng(1))
    for most in (None, FEW):
        for name, what, champion, challenger in rows:
            check = aa_check(champion, rounds=ROUNDS, rng=rng, challenger=challenger, most=most)
            few = "" if most is None else f" of {most}"
            print(
                f"{name:18} {what:13}: accepted {check.accepted:.3f} rejected {check.rejected:.3f} "
                f"undecided {check.undecided:.3f} pairs {check.mean_pairs:.1f}{few}",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
