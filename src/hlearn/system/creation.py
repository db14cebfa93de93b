"""A system's first commit: folders, configuration, tests and golden observations, and no program yet."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np

from hlearn.errors import OutputExists, UsageError
from hlearn.ledger import Ledger, Spent
from hlearn.ledger.journal import Clock
from hlearn.system import templates
from hlearn.system.config import Config, write_config
from hlearn.system.git import Git
from hlearn.system.golden import Golden, golden_observations
from hlearn.tasks.task import Task
from hlearn.trust import Key, KeyStore


def create_system(path: Path, task: Task, *, seed: int, clock: Clock, key: Key, keys: KeyStore) -> None:
    """Makes the system's folder; it appears whole or not at all.

    Args:
        path: absolute; a folder that does not exist or is empty.
        task: what to learn.
        seed: learning seed.
        clock: seconds since the epoch.
        key: its first key.
        keys: where that is kept.

    Raises:
        OutputExists: it is a file, or a folder that is not empty.
        UsageError: git is not installed, the folder cannot be made, or lies where the keys do.
    """
    if path.exists() and not path.is_dir():
        raise OutputExists(f"{path} is a file, not a folder; choose another folder")
    if path.is_dir() and any(path.iterdir()):
        if (path / "hl.toml").is_file():
            raise OutputExists(
                f"{path} exists and is not empty: it holds a system; choose another folder, or go on with it by "
                "hl learn --resume"
            )
        raise OutputExists(
            f"{path} is not empty and no system: it holds other files (and no hl.toml); choose another folder, or "
            "empty it"
        )
    git = Git(path)
    if keys.folder.is_relative_to(path):
        raise UsageError(
            f"keys are kept in {keys.folder}, which must lie outside of every system; choose another folder"
        )
    golden = golden_observations(task, key.seeds)
    _clear_unfinished(path)
    made = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        made.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be made: {error.strerror}; choose another folder") from error
    try:
        _fill(made, task, golden, git, seed=seed, clock=clock, key=key)
        keys.keep(key)
        if path.exists():
            path.rmdir()
        made.rename(path)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _clear_unfinished(path: Path) -> None:
    """Takes away what a killed hl left of the same system."""
    for left in path.parent.glob(f".{path.name}.*.new"):
        pid = left.name.removesuffix(".new").rpartition(".")[2]
        if pid.isdigit() and (int(pid) == os.getpid() or not Path(f"/proc/{pid}").exists()):
            shutil.rmtree(left, ignore_errors=True)


def _fill(made: Path, task: Task, golden: Golden, git: Git, *, seed: int, clock: Clock, key: Key) -> None:
    for folder in ("tests", "cases", "failures", "memory/rejected", "programs"):
        (made / folder).mkdir(parents=True)
        (made / folder / ".gitkeep").touch()
    write_config(made / "hl.toml", Config(task=task, seed=seed, key=key.id))
    (made / ".gitignore").write_text(templates.GITIGNORE, encoding="utf-8")
    (made / ".gitattributes").write_text(templates.ATTRIBUTES, encoding="utf-8")
    (made / "AGENTS.md").write_text(
        templates.agents_md(task, golden.observation, golden.actions), encoding="utf-8"
    )
    (made / "memory" / "notes.md").write_text("# Notes\n\nWhat is worth knowing for the next change.\n")
    (made / "tests" / templates.TEST_FILE).write_text(templates.TEST_POLICY, encoding="utf-8")
    np.savez_compressed(made / "tests" / "golden.npz", **golden.arrays)  # type: ignore[arg-type]
    ledger = Ledger(made / "ledger.jsonl", clock=clock)
    ledger.adopt(key, "the system was created")
    ledger.append(Spent(what="golden observations for the system's tests", env_steps=golden.env_steps))
    git.path = made
    git("init", "--quiet", "--initial-branch=main")
    git("add", "--all")
    git("commit", "--quiet", "-m", f"Start a system for {task.env_id}", when=clock())
