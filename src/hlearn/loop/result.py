"""What a learning run comes to."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from enum import Enum

JsonScalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnResult:
    """The result of learning, in the words of the ``--json`` output.

    Attributes:
        score: the champion's mean over the holdout episodes (higher is better); None where there is no champion,
            an episode failed, or the run was interrupted before a holdout episode was played (of those played else).
        score_min: its worst holdout episode.
        score_max: its best holdout episode.
        hns: human-normalised ``score`` (0 random, 1 human); None outside the 57 games.
        best_dev: the best development episode of any program.
        blind_replay: mean score of the best development episode's actions replayed on fresh seeds, without looking;
            what remains of the score when the program is blind.
        blind_counts: whether the seeds of that replay showed different episodes; where each gives the same, the replay
            is that episode, and says nothing. None where there was no replay.
        random_play: mean score of random play on the same fresh seeds.
        best_constant: mean score of the best constant action there, doing nothing among them.
        best_constant_action: which one, in words.
        best_trivial: the best of random play, constant actions and (where seeds matter) the blind replay, in words.
        better_than_trivial: whether the champion is better than that by the gate's own test; None where that was not
            or could not be judged. The program is kept in any case.
        trivial_verdict: the test's words.
        score_seen_always: the one score that every completed learning episode had (0 where no reward was ever seen);
            None where they differ.
        target: the score that was wanted.
        target_reached: whether ``score`` reaches it; None without a target, and where the report was interrupted.
        episodes: episodes played for learning, failed ones and the gate's included.
        env_steps: environment steps spent on learning: probes, failed trials and the gate included; a program that
            fails before its first step costs one.
        steps_to_target: ``env_steps`` when the gate accepted the first program whose mean reached the target.
        trials: proposals judged.
        accepted: those that became the champion.
        seconds: wall time of this call.
        overhead_s: the part of it in which no episode was being played.
        holdout_episodes: holdout episodes played.
        holdout_env_steps: environment steps of holdout and controls, not part of ``env_steps``.
        program_sha256: the champion.
        system: the system's folder.
        seed: learning seed.
        why: how the run ended: "target reached", "budget spent", "nothing more to try", "nothing but failures" or
            "interrupted".
        input_tokens: tokens that the models of this system's editors have read in all, as the clients tell.
        output_tokens: tokens that they have written.
        usd: US dollars that they cost, as the clients or a table of prices tell.
        editor_seconds: wall time in which clients ran.
        taught_by_screen: whether the editor was shown the screen while it probed, though programs observe something
            else: which bytes to read was learnt from pictures.
        refused: what became of the editor's last attempt in this run that was no proposal; None if there was none.
        unjudged: file with the best program that was measured and not judged yet, where a run was stopped or ended
            without a champion; None where there is none.
        unmeasured: what the report at the end would have measured yet, in words, where it was interrupted; else None.
        model: whether the program may simulate.
        variant: how the environment differs from the registered one, "" where it does not.
        planner_steps: environment steps that programs simulated while learning; not part of ``env_steps``.
        planner_steps_per_decision: what the champion simulated for a decision of the holdout episodes, on average.
        ms_per_decision: wall time of such a decision, simulated steps included, on average.
        dt_ms: what the environment takes a decision to last (its ``render_fps``, or the console's frames).
    """

    score: float | None
    score_min: float | None
    score_max: float | None
    hns: float | None
    best_dev: float | None
    blind_replay: float | None
    blind_counts: bool | None
    random_play: float | None
    best_constant: float | None
    best_constant_action: str | None
    best_trivial: str | None
    better_than_trivial: bool | None
    trivial_verdict: str | None
    score_seen_always: float | None
    target: float | None
    target_reached: bool | None
    episodes: int
    env_steps: int
    steps_to_target: int | None
    trials: int
    accepted: int
    seconds: float
    overhead_s: float
    holdout_episodes: int
    holdout_env_steps: int
    program_sha256: str | None
    system: str
    task: str
    access: str
    protocol: str
    editor: str
    seed: int
    why: str
    refused: str | None = None
    unjudged: str | None = None
    unmeasured: str | None = None
    taught_by_screen: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    editor_seconds: float = 0.0
    model: str = "none"
    variant: str = ""
    planner_steps: int = 0
    planner_steps_per_decision: float | None = None
    ms_per_decision: float | None = None
    dt_ms: float | None = None

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it; everything measured is kept, and ``--resume`` goes on."""
        return self.why == "interrupted"

    def as_json(self) -> dict[str, JsonScalar]:
        """Plain values; a number that JSON cannot hold becomes its name ("nan", "inf", "-inf")."""
        plain: dict[str, JsonScalar] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Enum):
                value = value.value
            plain[field.name] = (
                repr(value) if isinstance(value, float) and not math.isfinite(value) else value
            )
        return plain
