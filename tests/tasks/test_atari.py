"""Atari: what the protocols promise, against a plain interface and against Gymnasium."""

from __future__ import annotations

import random

import ale_py
import gymnasium
import numpy as np
import pytest
from ale_py import ALEInterface, roms

from hlearn.errors import UnsupportedAccess, UsageError
from hlearn.records import Access, Protocol
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.atari import AtariEnvironment
from hlearn.tasks.atari_scores import reference_scores
from hlearn.tasks.clean_start import CleanStart, generator_text

ALL_57 = sorted(reference_scores())
# reset_game leaves state behind in the first ten; Q*bert's score keeper and Tetris's are outside a cloned state;
# Berzerk and Double Dunk draw random numbers while they start.
UNCLEAN = [
    "assault",
    "beam_rider",
    "berzerk",
    "ice_hockey",
    "kung_fu_master",
    "solaris",
    "surround",
    "tennis",
    "time_pilot",
    "yars_revenge",
]
DELICATE = [*UNCLEAN, "qbert", "tetris", "double_dunk", "breakout"]


def plain_interface(game: str, seed: int, sticky: float) -> ALEInterface:
    ale = ALEInterface()
    ale.setFloat("repeat_action_probability", sticky)
    ale.setInt("random_seed", seed)
    rom = roms.get_rom_path(game)
    assert rom is not None
    ale.loadROM(rom)
    ale.reset_game()
    return ale


def play(
    environment: AtariEnvironment, seed: int, decisions: int, actions_seed: int = 0
) -> list[tuple[object, ...]]:
    """Random play; everything that a program or a score could notice."""
    rng = random.Random(actions_seed)
    out = np.zeros(environment.observation.shape, dtype=np.uint8)
    n = environment.actions.n  # type: ignore[union-attr]
    log: list[tuple[object, ...]] = [(environment.reset(seed, out), out.tobytes())]
    for _ in range(decisions):
        step = environment.step(rng.randrange(n), out)
        log.append((*step, out.tobytes()))
        if step[1] or step[2]:
            break
    return log


def test_article_equals_plain_interface_after_one_fire() -> None:
    environment = open_environment(resolve_task("ALE/Breakout-v5", access="pixels", protocol="article"))
    ale = plain_interface("breakout", 1, 0.0)
    actions = ale.getMinimalActionSet()
    screen = np.zeros((210, 160, 3), dtype=np.uint8)
    assert environment.reset(1, screen) == 1
    ale.act(1)
    rng = random.Random(3)
    for _ in range(400):
        assert np.array_equal(screen, ale.getScreenRGB())
        action = rng.randrange(4)
        reward, terminated, truncated, frames = environment.step(action, screen)
        assert (reward, terminated, truncated, frames) == (
            ale.act(actions[action]),
            ale.game_over(),
            False,
            1,
        )
        if terminated:
            break


def test_sticky_equals_plain_interface_with_the_same_seed() -> None:
    environment = open_environment(resolve_task("ALE/Pong-v5"))
    ram = np.zeros(128, dtype=np.uint8)
    starts = set()
    for seed in range(12):
        frames = environment.reset(seed, ram)
        starts.add(frames)
        ale = plain_interface("pong", seed, 0.25)
        for _ in range(frames - 1):
            ale.act(0)
        ale.act(1)
        rng = random.Random(seed)
        for _ in range(100):
            assert np.array_equal(ram, ale.getRAM())
            action = rng.randrange(6)
            assert environment.step(action, ram)[0] == ale.act(ale.getMinimalActionSet()[action])
    assert starts <= set(range(1, 31))
    assert len(starts) > 5


@pytest.mark.parametrize("game", ["Breakout", "Berzerk", "DoubleDunk", "Pong"])
@pytest.mark.parametrize("access", ["ram", "pixels"])
def test_v5_equals_gymnasium(game: str, access: str) -> None:
    env_id = f"ALE/{game}-v5"
    environment = open_environment(resolve_task(env_id, access=access, protocol="v5"))
    reference = gymnasium.make(env_id, obs_type="ram" if access == "ram" else "rgb")
    out = np.zeros(environment.observation.shape, dtype=np.uint8)
    rng = random.Random(0)
    for seed in (4, 2**31 - 1):
        assert environment.reset(seed, out) == 0
        expected, _ = reference.reset(seed=seed)
        assert np.array_equal(out, expected)
        assert np.array_equal(environment.render(), reference.unwrapped.ale.getScreenRGB())  # type: ignore[attr-defined]
        for _ in range(60):
            action = rng.randrange(environment.actions.n)  # type: ignore[union-attr]
            reward, terminated, truncated, frames = environment.step(action, out)
            expected, *outcome, _ = reference.step(action)
            assert np.array_equal(out, expected)
            assert [reward, terminated, truncated] == outcome[:3]
            assert frames == 4


def test_v5_counts_the_frames_of_a_game_that_ends_within_a_skip() -> None:
    environment = open_environment(resolve_task("ALE/Breakout-v5", protocol="v5"))
    assert isinstance(environment, AtariEnvironment)
    counts = []
    for seed in range(4):
        log = play(environment, seed, 5000)
        assert log[-1][1] is True
        assert environment._ale.getEpisodeFrameNumber() == sum(row[3] for row in log[1:])  # type: ignore[misc]
        counts.append(log[-1][3])
    assert set(counts) <= {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("game", "protocol"),
    [("qbert", Protocol.STICKY), ("kung_fu_master", Protocol.ARTICLE), ("double_dunk", Protocol.STICKY)],
)
def test_clean_start(game: str, protocol: Protocol) -> None:
    check_clean_start(game, Access.PIXELS, protocol, longest=1_500)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("protocol", [Protocol.ARTICLE, Protocol.STICKY, Protocol.V5])
@pytest.mark.parametrize("game", sorted({*DELICATE, *ALL_57}))
def test_clean_start_in_every_game(game: str, protocol: Protocol) -> None:
    check_clean_start(game, Access.RAM, protocol, longest=30_000)


def check_clean_start(game: str, access: Access, protocol: Protocol, *, longest: int) -> None:
    """An episode is the same in a new environment and after whatever else was played."""

    def opened() -> AtariEnvironment:
        return AtariEnvironment(game, access=access, protocol=protocol)

    used = opened()
    expected = {seed: play(opened(), seed, 250) for seed in (3, 4)}
    for before, seed in ((longest, 3), (777, 4), (50, 3), (longest, 4)):
        play(used, 99 + before, before, actions_seed=before)
        assert play(used, seed, 250) == expected[seed]


@pytest.mark.parametrize("game", ["breakout", "qbert", "tennis"])
def test_the_generator_is_seeded_as_loading_the_rom_does(game: str) -> None:
    ale = ALEInterface()
    ale.setFloat("repeat_action_probability", 0.25)
    start = CleanStart(ale, str(roms.get_rom_path(game)), sticky=True)
    for seed in (0, 7, 2**31 - 1):
        assert start.begin(seed)
        fresh = plain_interface(game, seed, 0.25)
        assert ale.cloneState(include_rng=True).serialize() == fresh.cloneState(include_rng=True).serialize()
        assert generator_text(seed) in ale.cloneState(include_rng=True).serialize()


def test_the_seed_has_no_effect_under_article_and_some_under_sticky() -> None:
    def log(protocol: str, seed: int) -> list[tuple[object, ...]]:
        return play(open_environment(resolve_task("ALE/Breakout-v5", protocol=protocol)), seed, 200)  # type: ignore[arg-type]

    assert log("article", 1) == log("article", 2)
    assert log("sticky", 1) == log("sticky", 1)
    assert log("sticky", 1) != log("sticky", 2)


def test_the_frame_cap_truncates() -> None:
    environment = open_environment(resolve_task("ALE/Freeway-v5", protocol="article"))
    assert isinstance(environment, AtariEnvironment)
    ram = np.zeros(128, dtype=np.uint8)
    environment.reset(0, ram)
    assert environment._ale.getInt("max_num_frames_per_episode") == 108_000
    # Freeway ends by itself; a game paused at its start would not. The cap itself is ALE's, tried with a low one.
    ale = environment._ale
    ale.setInt("max_num_frames_per_episode", 100)
    environment._start._load(0)
    environment.reset(0, ram)
    frames = 1
    while True:
        _, terminated, truncated, played = environment.step(0, ram)
        frames += played
        if terminated or truncated:
            break
    assert (terminated, truncated, frames) == (False, True, 100)


def test_actions_are_the_minimal_set_by_name() -> None:
    names = open_environment(resolve_task("ALE/Breakout-v5")).actions.names  # type: ignore[union-attr]
    assert names == ("NOOP", "FIRE", "RIGHT", "LEFT")
    whole = open_environment(resolve_task("ALE/Breakout-v5", full_action_space=True))
    assert whole.actions.n == 18  # type: ignore[union-attr]


def test_modes_and_difficulties() -> None:
    assert resolve_task("ALE/Breakout-v5", mode=4, difficulty=1).kwargs == (("difficulty", 1), ("mode", 4))
    with pytest.raises(UsageError, match="modes"):
        resolve_task("ALE/Breakout-v5", mode=999)
    with pytest.raises(UsageError, match="expected an integer"):
        resolve_task("ALE/Breakout-v5", mode="hard")
    with pytest.raises(UsageError, match="takes no argument frameskip"):
        resolve_task("ALE/Breakout-v5", frameskip=2)


def test_no_vector_access() -> None:
    with pytest.raises(UnsupportedAccess, match="ram or pixels"):
        resolve_task("ALE/Breakout-v5", access="vector")


def test_pictures_without_asking() -> None:
    environment = open_environment(resolve_task("ALE/Breakout-v5"))
    environment.reset(0, np.zeros(128, dtype=np.uint8))
    picture = environment.render()
    assert picture.shape == (210, 160, 3)
    assert picture.any()


def test_every_registered_game_has_a_rom() -> None:
    games = {s.kwargs["game"] for s in gymnasium.registry.values() if s.namespace == "ALE"}
    assert set(ALL_57) <= games <= set(roms.get_all_rom_ids())
    assert ale_py.__version__
