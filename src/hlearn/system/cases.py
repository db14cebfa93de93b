"""Regression cases: what a champion could do and every later program must still do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hlearn.errors import SchemaTooNew, UsageError
from hlearn.records import Split
from hlearn.tasks.seeds import split_seeds

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One stored skill or mended failure.

    Attributes:
        name: short, unique in the system, also the file's name.
        why: one sentence for people.
        split: development or gate; holdout seeds are never used.
        number: position of the seed in the split, where ``seed`` is None. Gate cases are stored this way, so
            that who reads the file does not learn the seed.
        seed: an explicit development seed.
        max_steps: play so many environment steps (None: the whole episode).
        min_score: the return that must be reached; the episode must be completed without a failure in any case.
        trial: the trial that stored it, 0 for one written by hand.
    """

    name: str
    why: str
    split: Split = Split.DEV
    number: int | None = None
    seed: int | None = None
    max_steps: int | None = None
    min_score: float | None = None
    trial: int = 0

    def resolve(self, run_seed: int) -> int:
        """The environment seed of this case in a run."""
        if self.seed is not None:
            return self.seed
        assert self.number is not None
        return split_seeds(self.split, run_seed, self.number, 1)[0]


def write_case(folder: Path, case: Case) -> Path:
    """Writes a case as ``NAME.json`` and returns the path."""
    data: dict[str, object] = {"schema": SCHEMA, "why": case.why, "split": case.split.value}
    for key in ("number", "seed", "max_steps", "min_score"):
        if (value := getattr(case, key)) is not None:
            data[key] = value
    data["trial"] = case.trial
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{case.name}.json"
    path.write_text(json.dumps(data, indent=2, allow_nan=False) + "\n")
    return path


def read_case(path: Path) -> Case:
    """Reads one case.

    Raises:
        UsageError: the file does not say what it must; names the file.
        SchemaTooNew: a newer hlearn wrote it.
    """
    try:
        return _parse(path, path.read_text())
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no regression case: {error}") from error


def cases_in(files: Iterable[tuple[str, str]]) -> tuple[Case, ...]:
    """The cases among files that come with a proposal (path within the system, text)."""
    return tuple(_parse(Path(path), text) for path, text in files if path.startswith("cases/"))


def _parse(path: Path, text: str) -> Case:
    try:
        data = json.loads(text)
        schema = data.pop("schema", SCHEMA)
        if schema > SCHEMA:
            raise SchemaTooNew(
                f"{path} has schema {schema}, this hlearn reads up to {SCHEMA}: upgrade hlearn"
            )
        split = Split(data.pop("split", "dev"))
        score = data.pop("min_score", None)
        case = Case(name=path.stem, split=split, min_score=None if score is None else float(score), **data)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{path} is no regression case: {error}") from error
    if (case.seed is None) == (case.number is None):
        raise UsageError(f"{path}: expected either seed or number")
    if case.split is Split.HOLDOUT:
        raise UsageError(f"{path}: holdout seeds are for reports alone; use the dev split")
    return case


def read_cases(folder: Path) -> tuple[Case, ...]:
    """Reads every case of a folder, by name."""
    return tuple(read_case(path) for path in sorted(folder.glob("*.json")))
