"""Reference scores and the human-normalised score."""

from __future__ import annotations

import gymnasium
import pytest

from hlearn.tasks.atari_scores import atari_game, reference_scores
from hlearn.tasks.scores import human_normalized_score


def test_all_57_games_have_an_id() -> None:
    games = {atari_game(env_id) for env_id in gymnasium.registry if env_id.startswith("ALE/")}
    assert len(reference_scores()) == 57
    assert set(reference_scores()) <= games


def test_names_are_those_of_the_roms() -> None:
    for spec in gymnasium.registry.values():
        if spec.namespace == "ALE" and spec.kwargs["game"] in reference_scores():
            assert atari_game(spec.id) == spec.kwargs["game"]


@pytest.mark.parametrize(("score", "hns"), [(1.7, 0.0), (30.5, 1.0), (864.0, 862.3 / 28.8)])
def test_breakout(score: float, hns: float) -> None:
    assert human_normalized_score("ALE/Breakout-v5", score) == pytest.approx(hns)


def test_video_pinball_random() -> None:
    assert reference_scores()["video_pinball"].random == 16256.9


@pytest.mark.parametrize("env_id", ["CartPole-v1", "ALE/Adventure-v5", "my_package:MyEnv-v0"])
def test_no_reference(env_id: str) -> None:
    assert human_normalized_score(env_id, 1.0) is None
