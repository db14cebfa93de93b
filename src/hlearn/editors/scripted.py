"""An editor that proposes a fixed list of programs; for tests, demonstrations, and judging programs by hand."""

from __future__ import annotations

from collections.abc import Iterable

from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.evaluate.api import Job
from hlearn.records import Evaluation, Program, Split


class ScriptedEditor:
    """Proposes the given sources in order, then nothing more.

    Args:
        sources: programs.
        dev_episodes: development episodes with which each is measured before it is proposed.
        name: how the ledger calls it.
    """

    deterministic = True

    def __init__(self, sources: Iterable[str], *, dev_episodes: int = 1, name: str = "scripted") -> None:
        self.name = name
        self._sources = list(sources)
        self._next = 0
        self._dev_episodes = dev_episodes

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        """Returns the next program of the list."""
        if self._next >= len(self._sources):
            return None
        source = self._sources[self._next]
        self._next += 1
        program = Program(source=source, parent=brief.champion.sha256 if brief.champion else None)
        lab.say(f"program {self._next} of {len(self._sources)}")
        dev = None
        if self._dev_episodes:
            results = lab.measure([Job(program=program, seed=s) for s in lab.seeds(0, self._dev_episodes)])
            outcomes = tuple(r.outcome for r in results)
            dev = Evaluation(program=program.sha256, split=Split.DEV, outcomes=outcomes)
        return Proposal(program=program, note=f"program {self._next} of the script", dev=dev)
