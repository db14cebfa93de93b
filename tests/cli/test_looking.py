"""``hl report``, ``hl replay``, ``hl probe``, ``hl history``, ``hl doctor``."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import av
import pytest

from tests.cli.conftest import CORRIDOR, command, hl, process
from tests.cli.programs import LEFT, SEEK

UNSEEN = """
import gymnasium
from hlearn.testing.toys import Corridor


class Unseen(Corridor):
    metadata = {"render_modes": []}


gymnasium.register("Unseen-v0", entry_point="unseen:Unseen", max_episode_steps=200)
"""


def test_report_tells_and_draws(system: Path) -> None:
    said = hl("report", system, "--json")
    assert said.code == 0
    assert said.data["score"] == 10.0 and said.data["holdout_episodes"] == 4
    assert Path(said.data["png"]).read_bytes().startswith(b"\x89PNG")
    assert "holdout" in said.err and "mean 10" in said.err
    status = subprocess.run(
        ["git", "-C", system, "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    assert "report.png" not in status.stdout


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


def test_a_film_of_what_pygame_draws_asks_for_no_display(system: Path, tmp_path: Path) -> None:
    made = hl("init", "CartPole-v1", tmp_path / "cart")
    assert made.code == 0
    (tmp_path / "cart" / "policy.py").write_text(LEFT)
    quiet = {
        k: v for k, v in os.environ.items() if k not in ("XDG_RUNTIME_DIR", "DISPLAY", "SDL_VIDEODRIVER")
    }
    done = process(["replay", tmp_path / "cart", "--video", tmp_path / "cart.gif"], env=quiet)
    assert done.returncode == 0 and done.stderr == ""


def test_counts_of_one_are_said_as_one(system: Path, tmp_path: Path) -> None:
    said = hl("replay", system, "--video", tmp_path / "film.gif", "--speed", 999)
    assert "film.gif: 1 picture\n" in said.out
    hl("eval", system, "--episodes", 1, "--workers", 1)
    assert "; 1 episode was in the ledger already" in hl("eval", system, "--episodes", 1, "--workers", 1).out


def test_history_in_a_pipe_cuts_nothing(system: Path) -> None:
    note = "longer than any line " * 20
    (system / "policy.py").write_text(LEFT)
    assert hl("gate", system, "--workers", 1, "--note", note).code == 1
    assert note.strip() in hl("history", system).out


def test_history_in_a_narrow_terminal_leaves_room_for_what_was_proposed(system: Path) -> None:
    (system / "policy.py").write_text(LEFT)
    assert hl("gate", system, "--workers", 1, "--note", "x" * 99).code == 1
    leader, follower = pty.openpty()
    env = os.environ | {"COLUMNS": "80", "TERM": "dumb"}
    subprocess.run(command("history", system), stdout=follower, stderr=follower, env=env, check=True)
    os.close(follower)
    said = os.read(leader, 1 << 16).decode()
    os.close(leader)
    (line,) = (line for line in said.splitlines() if "xxx" in line)
    assert line.count("x") >= 20 and "…" in line and len(line) <= 80


def test_an_environment_without_pictures_is_not_to_be_filmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unseen.py").write_text(UNSEEN)
    monkeypatch.setenv("PYTHONPATH", f"{os.environ['PYTHONPATH']}:{tmp_path}")
    (tmp_path / "seek.py").write_text(SEEK)
    arguments: tuple[object, ...] = (
        "learn",
        "unseen:Unseen-v0",
        "--editor",
        f"command:cp {tmp_path / 'seek.py'} policy.py",
    )
    arguments += ("--steps", 5_000, "--holdout-episodes", 3, "--out", tmp_path / "s", "--workers", 1)
    done = process(arguments)
    assert done.returncode == 0, done.stderr
    assert f"hl replay {tmp_path / 's'}\n" in done.stdout and "--video" not in done.stdout
    assert "in 3 episodes  (its best" in done.stdout


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
