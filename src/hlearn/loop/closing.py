"""The closing phase of a run: holdout, blind replay and trivial play, and what was measured when it is stopped."""

from __future__ import annotations

from hlearn.lab import MeteredEvaluator
from hlearn.ledger import Purpose
from hlearn.loop.controls import SHOWN, Controls, ControlScores, most_episodes, play_controls
from hlearn.loop.report import Blind, blind_episodes, play_blind, play_holdout
from hlearn.records import Evaluation, Program, Split
from hlearn.tasks.environment import ActionSpace
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task


class Closing:
    """What a champion comes to on fresh seeds; each part is known as soon as it was played.

    Args:
        meter: plays and records.
        task: what is played.
        actions: what it takes.
        champion: the program.
        episodes: holdout episodes.

    Attributes:
        holdout: the champion's fresh episodes so far.
        blind: its best episode's actions, blindly; None as well where that failed.
        chance: random play on the same seeds.
        controls: all of trivial play; None as well where the champion failed an episode.
        unmeasured: what was not played, or not to its end, in words; None once all was.
    """

    def __init__(
        self, meter: MeteredEvaluator, task: Task, actions: ActionSpace, champion: Program, episodes: int
    ) -> None:
        self._meter, self._task, self._actions = meter, task, actions
        self._champion, self._episodes = champion, episodes
        self.holdout: Evaluation | None = None
        self.blind: Blind | None = None
        self.chance: ControlScores | None = None
        self.controls: Controls | None = None
        self.unmeasured: str | None = "holdout, blind replay, random play, constant actions"

    def play(self) -> None:
        """Plays all parts, or answers them from the ledger."""
        most = most_episodes(self._actions, self._episodes)
        blindly = blind_episodes(self._task, self._episodes)
        self._meter.say("holdout", self._episodes + blindly + most)
        holdout = play_holdout(
            self._meter, self._task, self._champion, self._episodes, "end of learning", self._hear_holdout
        )
        self.unmeasured = "blind replay, random play, constant actions"
        self._meter.say("blind replay", blindly + most)
        self.blind = play_blind(self._meter, self._champion, self._actions, self._episodes)
        self.unmeasured = "random play, constant actions"
        self.controls = self._play_controls(holdout)
        if self.controls is not None:
            self.chance = self.controls.random
        self.unmeasured = None

    def _hear_holdout(self, so_far: Evaluation) -> None:
        self.holdout = so_far
        played = f"{self._episodes - len(so_far.outcomes)} of {self._episodes} holdout episodes"
        self.unmeasured = f"{played}, blind replay, random play, constant actions"

    def _hear_chance(self, scores: ControlScores) -> None:
        self.chance = scores
        self.unmeasured = "constant actions, the verdict on trivial play"

    def _play_controls(self, holdout: Evaluation) -> Controls | None:
        counts = self.blind is not None and self.blind.counts
        return play_controls(
            lambda jobs: self._meter.measure(jobs, Purpose.REPORT),
            self._task,
            self._actions,
            holdout,
            split_seeds(Split.HOLDOUT, 0, 0, max(len(holdout.outcomes), SHOWN)),
            blind=ControlScores("the blind replay", self.blind.scores) if self.blind and counts else None,
            say=self._meter.say,
            heard=self._hear_chance,
        )
