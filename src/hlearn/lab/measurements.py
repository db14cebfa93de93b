"""What one run writes down of its episodes, and what it finds written by earlier ones."""

from __future__ import annotations

from collections.abc import Sequence

from hlearn.evaluate.api import Job, Result
from hlearn.lab.budget import BudgetAccount
from hlearn.lab.episode_cache import Entry, EpisodeCache, key_of
from hlearn.lab.recordings import Recordings
from hlearn.ledger import Caps, Ledger, Measured, Note, ProgramStore, Purpose, RunStarted
from hlearn.records import Episode, Outcome, Split
from hlearn.tasks.seeds import split_of


class MeasurementLog:
    """Ledger, programs and recordings of one run.

    Args:
        run: the run's first row; results of its task only are found again.
        ledger: where every result goes.
        programs: where every program goes.
        recordings: where recordings go.
        account: is told of every episode once.
        replaying: True where this run's earlier results are counted when they are asked for again; False: now.
    """

    def __init__(
        self,
        *,
        run: RunStarted,
        ledger: Ledger,
        programs: ProgramStore,
        recordings: Recordings,
        account: BudgetAccount,
        replaying: bool,
    ) -> None:
        self._run = run
        self._ledger = ledger
        self._programs = programs
        self._recordings = recordings
        self._account = account
        self.known = EpisodeCache()
        for row in ledger.rows:
            event = row.event
            if isinstance(event, Measured) and event.task == run.task:
                for outcome in event.outcomes:
                    key = (event.program, outcome.seed, event.caps, event.key)
                    if row.epoch == ledger.epoch:  # what another key sealed, or none, is not believed
                        self.known.add(Entry(key, outcome, event.run))
                    if not replaying or event.run != run.run:
                        account.count(key, outcome, event.purpose, charge=event.run == run.run)

    def record(self, played: Sequence[tuple[Job, Result]], purpose: Purpose) -> None:
        """Writes episodes into the ledger with one sync, then charges them."""
        rows: dict[tuple[str, Split, Caps, str], list[Outcome]] = {}
        for job, result in played:
            program, seed, caps, world = key_of(job)
            rows.setdefault((program, split_of(seed) or Split.DEV, caps, world), []).append(result.outcome)
        self._programs.add(*(job.program for job, _ in played))
        run = self._run
        self._ledger.append(
            *(
                Measured(
                    run=run.run,
                    program=program,
                    task=run.task,
                    env_id=run.env_id,
                    access=run.access,
                    protocol=run.protocol,
                    split=split,
                    purpose=purpose,
                    caps=caps,
                    key=world,
                    outcomes=tuple(outcomes),
                    model=run.model,
                    variant=run.variant,
                )
                for (program, split, caps, world), outcomes in rows.items()
            )
        )
        for job, result in played:
            key = key_of(job)
            self.known.add(Entry(key, result.outcome, run.run))
            self._account.count(key, result.outcome, purpose, charge=True)
            if result.recording is not None:
                self._recordings.keep(*key, result.recording)

    def compare(self, job: Job, known: Outcome, again: Outcome) -> None:
        """Notes where an episode went another way when it was played again; what was written first stands."""
        if isinstance(known, Episode) and _shape(known) != _shape(again):
            self._ledger.append(
                Note(
                    text=f"program {job.program.sha256} on seed {job.seed} gave {_shape(again)} when "
                    f"played again, the ledger says {_shape(known)}; the ledger's result stands "
                    f"(were packages changed, or is the task not repeatable?)"
                )
            )


def _shape(outcome: Outcome) -> tuple[float, int, int]:
    return outcome.score, outcome.length, outcome.env_steps
