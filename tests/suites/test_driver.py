"""Driving a suite: what runs where, what is kept, what an interruption leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.suites.test_suite import TINY, written

from hlearn.errors import OutputExists, UsageError
from hlearn.suites import SuiteFolder, read_suite, run_suite
from hlearn.suites.driver import Quiet
from hlearn.suites.executors import FinishedTrack, LocalExecutor, TrackCommand
from hlearn.suites.folder import TrackState, TrackStatus, asked_steps
from hlearn.suites.page import suite_page
from hlearn.suites.report import as_csv, report_suite
from hlearn.suites.suite import Track
from hlearn.system import System


class Scripted:
    """Ends commands as it is told, in the order in which they start."""

    slots = 2
    where = "a script"

    def __init__(self, *endings: tuple[int | None, object]) -> None:
        self.endings = list(endings)
        self.started: list[str] = []
        self.running: list[str] = []

    def start(self, command: TrackCommand) -> None:
        self.started.append(command.name)
        self.running.append(command.name)
        assert len(self.running) <= self.slots

    def finished(self, wait_s: float) -> Sequence[FinishedTrack]:
        code, answer = self.endings.pop(0)
        if code == 130:
            raise KeyboardInterrupt
        return [FinishedTrack(name=self.running.pop(0), code=code, output=json.dumps(answer))]

    def stop(self) -> Sequence[FinishedTrack]:
        names, self.running = self.running, []
        return [FinishedTrack(name=n, code=143, output="") for n in names]


def done(score: float) -> tuple[int, object]:
    return 0, {"score": score, "env_steps": 1500, "why": "budget spent", "better_than_trivial": True}


FAULT = (3, {"error": "HarnessError", "message": "a cable came loose", "exit_code": 3})


@pytest.fixture
def folder(tmp_path: Path) -> SuiteFolder:
    return SuiteFolder.create(tmp_path / "s", read_suite(written(tmp_path, TINY)))


def test_what_failed_says_why_and_stops_nobody(folder: SuiteFolder) -> None:
    states = run_suite(folder, Scripted(done(5.0), FAULT, done(7.0)), Quiet())
    assert [s.status.value for s in states] == ["done", "failed", "done"]
    assert states[1].reason == "HarnessError: a cable came loose"
    again = Scripted(done(1.0))
    states = run_suite(folder, again, Quiet())
    assert again.started == [states[1].track.name], "only what is not done is run again"
    assert states[1].status is TrackStatus.DONE and states[1].attempts == 1


def test_a_result_names_its_system_from_the_suites_folder(folder: SuiteFolder) -> None:
    track = folder.suite.tracks[0]
    folder.note(track, TrackStatus.DONE, result={"score": 1.0, "system": str(folder.system(track))})
    result = folder.state(track).result
    assert result is not None
    assert result["system"] == f"tracks/{track.name}"


def test_a_track_whose_machine_is_gone_is_run_again(folder: SuiteFolder) -> None:
    gone: tuple[int | None, object] = (None, {})
    states = run_suite(folder, Scripted(gone, done(5.0), (-9, {}), done(6.0), done(7.0)), Quiet())
    assert all(s.status is TrackStatus.DONE for s in states)
    states = run_suite(
        SuiteFolder.create(folder.path.parent / "t", folder.suite),
        Scripted(*[gone] * 9),
        Quiet(),
    )
    assert all(s.status is TrackStatus.FAILED and "killed" in (s.reason or "") for s in states)


def test_an_interruption_keeps_what_is_done(folder: SuiteFolder) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_suite(folder, Scripted(done(5.0), (130, {})), Quiet())
    assert [s.status.value for s in folder.states()] == ["done", "stopped", "stopped"]
    assert not folder.is_driven


def test_who_watches_is_told_of_every_track_and_only_those_that_run_are_read(
    folder: SuiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    class Watches(Quiet):
        def waiting(self, states: Sequence[TrackState]) -> None:
            seen.append([s.status.value for s in states])

    read: list[str] = []
    state = folder.state

    def counted(track: Track) -> TrackState:
        read.append(track.name)
        return state(track)

    monkeypatch.setattr(folder, "state", counted)
    run_suite(folder, Scripted(done(5.0), FAULT, done(7.0)), Watches())
    assert seen == [
        ["done", "running", "waiting"],
        ["done", "failed", "running"],
        ["done", "failed", "done"],
    ]
    # Once when it ends, and each time that it still runs when another one has ended.
    assert [read.count(t.name) for t in folder.suite.tracks] == [1, 2, 2]


def test_one_driver_at_a_time(folder: SuiteFolder) -> None:
    with folder.driving():
        assert folder.is_driven
        with pytest.raises(UsageError, match="another driver"), folder.driving():
            pass
    assert not folder.is_driven


def test_folders_of_something_else(folder: SuiteFolder, tmp_path: Path) -> None:
    other = read_suite(written(tmp_path, TINY.replace("seed = 7", "seed = 8")))
    with pytest.raises(UsageError, match="other tracks"):
        SuiteFolder.create(folder.path, other)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(OutputExists):
        SuiteFolder.create(tmp_path / "full", folder.suite)
    with pytest.raises(UsageError, match="holds no suite"):
        SuiteFolder.open(tmp_path / "full")
    about = json.loads((folder.path / "suite.json").read_text())
    about["versions"]["numpy"] = "1.0"
    (folder.path / "suite.json").write_text(json.dumps(about))
    with pytest.raises(UsageError, match=r"numpy 1\.0 then"):
        SuiteFolder.open(folder.path)
    assert SuiteFolder.open(folder.path, reading=True).suite.digest == folder.suite.digest


def test_who_goes_on_need_not_say_the_steps_again(folder: SuiteFolder, tmp_path: Path) -> None:
    path = written(tmp_path, TINY)
    made = SuiteFolder.create(tmp_path / "short", read_suite(path, steps=100))
    assert asked_steps(made.path) == 100 and asked_steps(folder.path) is None
    assert asked_steps(tmp_path / "nowhere") is None
    again = SuiteFolder.create(made.path, read_suite(path, steps=asked_steps(made.path)))
    assert {t.steps for t in again.suite.tracks} == {100}
    with pytest.raises(UsageError, match="other tracks"):
        SuiteFolder.create(made.path, read_suite(path))


def test_classes_are_not_put_together_and_pages_hold_what_is_there(folder: SuiteFolder) -> None:
    run_suite(folder, Scripted(done(5.0), FAULT, done(10.0)), Quiet())
    reports = report_suite(folder)
    assert [r.of.steps for r in reports] == [1500, 2000]
    assert reports[0].total is not None and reports[0].total.median.value == pytest.approx(0.875)
    assert reports[1].total is None
    rows = as_csv([s for r in reports for s in r.states]).splitlines()
    assert len(rows) == 4 and "a cable came loose" in rows[-1]
    page = suite_page("<tiny>", reports, None)
    assert "&lt;tiny&gt;" in page and "<script" not in page and "a cable" not in page


def test_editors_options_and_arguments_of_environments_are_kept_apart(tmp_path: Path) -> None:
    text = (
        TINY[: TINY.rindex("[[tasks]]")]
        + """
[[tasks]]
id = "FrozenLake-v1"
env = {is_slippery = false}
low = 0
high = 1
[[tasks]]
id = "FrozenLake-v1"
env = {map_name = "8x8"}
low = 0
high = 1
[[tasks]]
id = "CartPole-v1"
editor = "codex:large"
options = ["--tune", "0.2"]
[[tasks]]
id = "Acrobot-v1"
editor = "codex:small"
"""
    )
    folder = SuiteFolder.create(tmp_path / "s", read_suite(written(tmp_path, text)))
    answer = {"score": 0.5, "env_steps": 1500, "seconds": 3600.0, "input_tokens": 1_000, "usd": 0.25}
    run_suite(folder, Scripted(*[(0, answer)] * 10), Quiet())
    reports = report_suite(folder)
    assert [(r.of.editor, r.of.options, len(r.states)) for r in reports] == [
        ("search", "", 6),
        ("codex:large", "--tune 0.2", 2),
        ("codex:small", "", 2),
    ]
    assert reports[0].total is not None and reports[0].total.tasks == 3
    assert reports[0].cost.words == (
        "9,000 environment steps of learning, 0 of reports, 6.00 hours of tracks, 6,000 tokens, 1.50 USD"
    )
    page = suite_page("s", reports, None)
    assert "codex:large --tune 0.2" in page and "6,000 tokens" in page and "<th>seed</th>" in page


def test_a_driver_that_is_killed_leaves_nothing_running_and_loses_nothing(tmp_path: Path) -> None:
    text = TINY[: TINY.rindex("[[tasks]]")].replace("repeats = 2", "repeats = 1")
    path = written(tmp_path, text.replace("holdout_episodes = 2", "holdout_episodes = 0"))
    whole = tmp_path / "undisturbed"
    arguments = [sys.executable, "-m", "hlearn.cli.main", "suite", "run", str(path), "--cores", "1"]
    subprocess.run([*arguments, "--out", whole], check=True, capture_output=True, timeout=200)
    cut = tmp_path / "cut"
    running = subprocess.Popen(
        [*arguments, "--out", cut], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    ledger = cut / "tracks" / "hlearn.testing.toys-Corridor-v0-vector-standard-r0" / "ledger.jsonl"
    until = time.monotonic() + 120
    while time.monotonic() < until and not (ledger.exists() and ledger.stat().st_size > 2_000):
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    again = subprocess.run([*arguments, "--out", cut, "--json"], check=True, capture_output=True, timeout=200)
    assert json.loads(again.stdout.splitlines()[-1])["done"] == 1
    for track in SuiteFolder.open(whole).suite.tracks:
        one, two = (System.open(p / "tracks" / track.name) for p in (whole, cut))
        assert one.champion() == two.champion()
        assert two.verify() > 0


def test_commands_run_side_by_side_and_leave_nothing(tmp_path: Path) -> None:
    executor = LocalExecutor([min(os.sched_getaffinity(0))] * 2)
    script = (
        "import os,sys,time; sys.stderr.write('said'); print(len(os.sched_getaffinity(0))); time.sleep(%s)"
    )
    for name, seconds in (("a", 0.0), ("b", 100.0)):
        words = ("-c", script % seconds)
        executor.start(TrackCommand(name=name, words=words, log=tmp_path / "logs" / name))
    ended: list[FinishedTrack] = []
    while not ended:
        ended += executor.finished(1.0)
    assert [(f.name, f.code, f.output) for f in ended] == [("a", 0, "1\n")]
    assert (tmp_path / "logs" / "a").read_text() == "said"
    [stopped] = executor.stop()
    assert (stopped.name, stopped.code) == ("b", -signal.SIGTERM)
