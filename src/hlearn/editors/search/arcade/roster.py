"""The candidates of one search: every program once, numbered in the order in which they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hlearn.editors.api import Lab
from hlearn.editors.search.arcade.captions import Caption
from hlearn.editors.search.arcade.emit import emit
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.race import Runner, careful
from hlearn.records import Program
from hlearn.tasks import seed_matters
from hlearn.tasks.environment import Discrete


class Roster:
    """Writes genomes as programs and remembers them.

    Attributes:
        lab: what is measured with.
        buttons: the environment's action names, in its order.
        deterministic: seeds say nothing, one episode of a program is all there is.
        count: how many candidates there have been.
        captions: what is known of detectors, written into programs; set it before the first is written.
    """

    def __init__(self, lab: Lab) -> None:
        assert isinstance(lab.actions, Discrete)
        self.lab = lab
        self.buttons = lab.actions.names
        self.deterministic = not seed_matters(lab.task)
        self.count = 0
        self.captions: Mapping[str, Caption] = {}
        self._known: dict[str, Runner] = {}

    def runner(self, genome: Genome) -> Runner:
        """Writes a genome as a program; the same source is one runner, however often it is made."""
        title = f"{self.lab.task.env_id} ({self.lab.task.access}): what the embedded search found."
        source = emit(genome, title=title, buttons=self.buttons, captions=self.captions)
        if source not in self._known:
            self.count += 1
            self._known[source] = Runner(
                number=self.count, program=Program(source=source), what=genome, note=str(genome)
            )
        return self._known[source]

    def runners(self, genomes: list[Genome]) -> list[Runner]:
        """The runners of genomes in their order, each once."""
        return list({id(r): r for r in map(self.runner, genomes)}.values())

    @property
    def next_name(self) -> str:
        """What a constant names as its source if the next candidate brings it."""
        return f"candidate {self.count + 1}"

    def forget(self) -> None:
        """Drops every candidate and its scores; the numbers go on."""
        self._known.clear()

    def afresh(self, runners: Sequence[Runner]) -> list[Runner]:
        """The same programs without their scores, for a race under other rules; all others are dropped."""
        genomes = [genome_of(r) for r in runners]
        self.forget()
        return self.runners(genomes)

    def measured(self) -> list[Runner]:
        """The candidates that have scores, in the order in which they were made."""
        return [r for r in self._known.values() if r.scores]

    def best(self) -> Runner | None:
        """The candidate that scores most for all that is known, None if none was measured."""
        return max(self.measured(), key=lambda r: (careful(r), -r.number), default=None)


def genome_of(runner: Runner) -> Genome:
    """What a candidate was written from."""
    assert isinstance(runner.what, Genome)
    return runner.what
