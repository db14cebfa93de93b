"""``hl report``, ``hl replay``, ``hl probe``, ``hl history``, ``hl doctor``."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from tests.cli.conftest import CORRIDOR, hl


def test_report_tells_and_draws(system: Path) -> None:
    said = hl("report", system, "--json")
    assert said.code == 0
    assert said.data["score"] == 10.0 and said.data["holdout_episodes"] == 4
    assert Path(said.data["png"]).read_bytes().startswith(b"\x89PNG")
    assert "holdout" in said.err and "mean 10" in said.err


def test_report_may_go_elsewhere(system: Path, tmp_path: Path) -> None:
    assert hl("report", system, "--png", tmp_path / "a.png").code == 0
    assert (tmp_path / "a.png").exists() and not (system / "report.png").exists()
    assert hl("report", system, "--png", tmp_path / "no" / "a.png").code == 2


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_replay_films_an_episode(system: Path, tmp_path: Path, suffix: str) -> None:
    film = tmp_path / f"film{suffix}"
    said = hl("replay", system, "--video", film, "--json")
    assert said.code == 0, said.err
    assert said.data["score"] == 10.0 and said.data["rules"].keys() <= {"left", "right", "never", "idle"}
    with av.open(str(film)) as container:
        pictures = sum(1 for _ in container.decode(video=0))
    assert pictures == said.data["pictures"] > 10


def test_replay_of_an_earlier_program_by_its_trial(system: Path) -> None:
    (system / "policy.py").write_text("nonsense")
    assert hl("replay", system, "--program", 1).code == 0
    failed = hl("replay", system, "--json")
    assert failed.code == 1 and failed.data["failure"] is not None


def test_replay_refuses_what_cannot_be(system: Path, tmp_path: Path) -> None:
    assert "endings" not in hl("replay", system, "--video", tmp_path / "film.avi").out
    assert hl("replay", system, "--video", tmp_path / "film.avi").code == 2
    assert hl("replay", system, "--seed", 2**29 + 5).code == 2
    assert hl("replay", system, "--program", 77).code == 2
    assert hl("replay", system, "--start-s", 1e6, "--video", tmp_path / "film.mp4").code == 2
    assert not (tmp_path / "film.mp4").exists()


def test_probe_of_a_vector_environment() -> None:
    said = hl("probe", CORRIDOR, "--steps", 1_000, "--json")
    assert said.code == 0
    assert said.data["env_steps"] == 1_000 and said.data["findings"]


@pytest.mark.parametrize("access", ["ram", "pixels"])
def test_probe_of_a_game(access: str) -> None:
    said = hl("probe", "ALE/Pong-v5", "--access", access, "--steps", 1_500, "--json")
    assert said.code == 0, said.err
    assert said.data["access"] == access and said.data["findings"]


def test_doctor_checks_the_machine() -> None:
    said = hl("doctor", "--json")
    checks = {check["name"]: check for check in said.data["checks"]}
    assert said.code == (0 if said.data["ok"] else 1)
    assert checks.keys() >= {"python", "packages", "ROMs", "sandbox", "git", "cores", "disk", "speed"}
    assert checks["ROMs"]["ok"] and checks["speed"]["value"]["isolated"] > 0
