"""A small deterministic editor for tests, and a command that learns with it."""

from __future__ import annotations

import sys
from pathlib import Path

from hlearn import learn
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.evaluate.api import Job, Record
from hlearn.records import Access, Evaluation, Program, Protocol, Split
from hlearn.tasks import Task

CARTPOLE = Task(env_id="CartPole-v1", access=Access.VECTOR, protocol=Protocol.STANDARD)

SOURCE = '''"""Balance: push towards where the pole falls."""


class Balance:
    """A linear rule."""

    def reset(self, seed):
        pass

    def act(self, o):
        return int({0} * o[0] + {1} * o[1] + {2} * o[2] + {3} * o[3] > 0)
'''


class Climber:
    """Random search around the best, four candidates a time; proposes what beats the champion on dev seeds."""

    name = "climber"
    deterministic = True

    def __init__(self) -> None:
        self.best = [0.5, 0.5, -0.3, 0.0]
        self.score = -1.0

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        while lab.remaining > 0:
            weights = [[w + float(lab.rng.normal(0, 0.15)) for w in self.best] for _ in range(4)]
            programs = [Program(source=SOURCE.format(*(round(w, 3) for w in ws))) for ws in weights]
            seeds = lab.seeds(int(lab.rng.integers(3)), 2)
            results = lab.measure([Job(program=p, seed=s, max_steps=300) for p in programs for s in seeds])
            scores = [sum(r.outcome.score for r in results[i * 2 : i * 2 + 2]) for i in range(4)]
            best = max(range(4), key=scores.__getitem__)
            lab.say(f"best of four {scores[best]:g}, {lab.remaining} left")
            if scores[best] > self.score * 1.2 + 3:
                self.best, self.score = weights[best], scores[best]
                recorded = lab.measure(
                    [Job(program=programs[best], seed=seeds[0], record=Record.STEPS, record_limit=20)]
                )
                assert recorded[0].recording is not None
                self.best[0] += float(recorded[0].recording.observations[-1][0]) * 0.01
                outcomes = tuple(r.outcome for r in results[best * 2 : best * 2 + 2])
                dev = Evaluation(program=programs[best].sha256, split=Split.DEV, outcomes=outcomes)
                return Proposal(program=programs[best], note=f"weights {weights[best]}", dev=dev)
        return None


if __name__ == "__main__":
    learn(
        CARTPOLE,
        out=Path(sys.argv[1]),
        editor=Climber(),
        steps=20_000,
        seed=4,
        workers=1,
        resume=True,
        holdout=3,
    )
