"""Regression cases: what a champion could do and every later program must still do.

A case is a file of JSON that people and agents may add, so every field is checked, and what is wrong is named with the
file. Its episode's seed says by its own bits which split it belongs to; no other word for it is believed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from hlearn.errors import SchemaTooNew, UsageError
from hlearn.foreign_text import read_plain_file
from hlearn.ledger.codec import shown
from hlearn.records import Episode, Outcome, Split
from hlearn.system.prefixes import Prefix, read_prefix, written
from hlearn.tasks.seeds import SEEDS_PER_SPLIT, split_of, split_seeds
from hlearn.trust import PLAIN

SCHEMA = 2  # 1: before systems had keys; seeds are then the environment's own
_FIELDS = {
    *("schema", "why", "split", "number", "seed", "max_steps", "min_score", "trial", "key"),
    *("prefix", "min_lives", "goes_on", "mended"),
}
_MOST_STEPS = 2**53
_LONGEST_WHY = 2_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One stored skill or mended failure.

    Attributes:
        name: short, unique in the system, also the file's name.
        why: one sentence for people.
        split: development or gate; holdout seeds are never used.
        number: position of the seed in the split, where ``seed`` is None. Gate cases are stored this way.
        seed: an explicit development seed.
        max_steps: play so many environment steps (None: the whole episode).
        min_score: the return that must be reached; the episode must be completed without a failure in any case.
        prefix: actions that lead to the state in which the case begins, whatever the program would do; its score is
            what comes after them. Written shortly: :mod:`hlearn.system.prefixes`.
        min_lives: lives that must be left at its end.
        goes_on: whether the environment must not have ended the episode before ``max_steps``.
        mended: whether a learning run added it for a failure that a trial mended: the gate judges these together, since
            one moment is luck.
        trial: the trial that stored it, 0 for one written by hand.
        key: id of the key whose world is meant; None: the system's present one; "": seeds are the environment's own.
    """

    name: str
    why: str
    split: Split = Split.DEV
    number: int | None = None
    seed: int | None = None
    max_steps: int | None = None
    min_score: float | None = None
    trial: int = 0
    key: str | None = None
    prefix: Prefix = ()
    min_lives: int | None = None
    goes_on: bool = False
    mended: bool = False

    def broken_by(self, outcome: Outcome) -> str | None:
        """What of it does not hold in an episode that a program completed; None where all does."""
        if not isinstance(outcome, Episode):
            return None
        if self.prefix and outcome.length < len(self.prefix):
            return f"over after {outcome.length} of the {len(self.prefix)} actions that lead to its beginning"
        if self.min_score is not None and not outcome.score >= self.min_score:
            return f"scores {outcome.score:g}, must reach {self.min_score:g}"
        if self.min_lives is not None and outcome.lives < self.min_lives:
            return f"{outcome.lives} lives are left, must keep {self.min_lives}"
        if self.goes_on and (outcome.terminated or outcome.truncated):
            return f"the episode ends after {outcome.length} decisions, must go on"
        return None

    def resolve(self, run_seed: int) -> int:
        """The seed, as ledgers name it, of this case in a run."""
        if self.seed is not None:
            return self.seed
        assert self.number is not None
        return split_seeds(self.split, run_seed, self.number, 1)[0]


def case_text(case: Case) -> str:
    """A case as the text of its file."""
    data: dict[str, object] = {
        "schema": 1 if case.key == PLAIN else SCHEMA,
        "why": case.why,
        "split": case.split.value,
    }
    for key in ("number", "seed", "max_steps", "min_score", "key"):
        if (value := getattr(case, key)) is not None:
            data[key] = value
    if case.key == PLAIN:
        del data["key"]
    if case.prefix:
        data["prefix"] = written(case.prefix)
    if case.min_lives is not None:
        data["min_lives"] = case.min_lives
    if case.goes_on:
        data["goes_on"] = True
    if case.mended:
        data["mended"] = True
    data["trial"] = case.trial
    return json.dumps(data, indent=2, allow_nan=False) + "\n"


def write_case(folder: Path, case: Case) -> Path:
    """Writes a case as ``NAME.json`` and returns the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{case.name}.json"
    path.write_text(case_text(case), encoding="utf-8")
    return path


def read_case(path: Path) -> Case:
    """Reads one case.

    Raises:
        UsageError: the file does not say what it must; names the file.
        SchemaTooNew: a newer hlearn wrote it.
    """
    try:
        text = read_plain_file(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no regression case: {error}") from None
    return _parse(path, text)


def parse_case(path: str, content: bytes) -> Case:
    """Reads one case from the bytes of its file.

    Raises:
        UsageError: the file does not say what it must; names the file.
        SchemaTooNew: a newer hlearn wrote it.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no regression case: {error}") from None
    return _parse(Path(path), text)


def cases_in(files: Iterable[tuple[str, str]]) -> tuple[Case, ...]:
    """The cases among files that come with a proposal (path within the system, text).

    Only development seeds may be added: what a case asks for is told when it breaks, and the gate's scores are nobody's
    to learn.

    Raises:
        UsageError: a file is no case, or names another split; the message names it.
    """
    cases = tuple(_parse(Path(path), text) for path, text in files if path.startswith("cases/"))
    for case in cases:
        if case.split is not Split.DEV:
            raise UsageError(f"cases/{case.name}.json: an added case takes the dev split, not {case.split}")
        if case.key is not None:
            raise UsageError(
                f"cases/{case.name}.json: an added case is played with the present key; leave key out"
            )
    return cases


def read_cases(folder: Path) -> tuple[Case, ...]:
    """Reads every case of a folder, by name.

    Raises:
        UsageError: one is no case; names the file.
    """
    return tuple(read_case(path) for path in sorted(folder.glob("*.json")))


def _parse(path: Path, text: str) -> Case:
    try:
        data = json.loads(text, parse_constant=_no_number)
        return _case(path, data)
    except RecursionError:
        raise UsageError(f"{path} is no regression case: it is nested too deeply") from None
    except (ValueError, TypeError, OverflowError) as error:
        raise UsageError(f"{path} is no regression case: {str(error)[:300]}") from None


def _case(path: Path, data: Any) -> Case:
    if not isinstance(data, dict):
        raise TypeError(f"expected an object, got {shown(data)}")
    schema = _whole(data, "schema", SCHEMA, 1, 2**31)
    if schema is not None and schema > SCHEMA:
        raise SchemaTooNew(f"{path} has schema {schema}, this hlearn reads up to {SCHEMA}: upgrade hlearn")
    unknown = sorted(data.keys() - _FIELDS)
    if unknown:
        raise TypeError(f"unknown key {shown(', '.join(unknown))}; it takes {', '.join(sorted(_FIELDS))}")
    seed = _whole(data, "seed", None, 0, 3 * SEEDS_PER_SPLIT - 1)
    number = _whole(data, "number", None, 0, SEEDS_PER_SPLIT - 1)
    if (seed is None) == (number is None):
        raise ValueError("expected either seed or number")
    return Case(
        name=path.stem,
        why=_text(data, "why"),
        split=_split(data, seed),
        number=number,
        seed=seed,
        max_steps=_whole(data, "max_steps", None, 1, _MOST_STEPS),
        min_score=_score(data),
        trial=_whole(data, "trial", 0, 0, 2**31) or 0,
        key=PLAIN if schema == 1 else _text(data, "key") if "key" in data else None,
        prefix=_prefix(data),
        min_lives=_whole(data, "min_lives", None, 0, 2**15),
        goes_on=_truth(data, "goes_on"),
        mended=_truth(data, "mended"),
    )


def _split(data: dict[str, Any], seed: int | None) -> Split:
    """The seed's own split; what the file says beside a seed must be the same."""
    said = data.get("split")
    split = None if said is None else Split(said) if isinstance(said, str) else None
    if said is not None and split is None:
        raise TypeError(f"split is {shown(said)}, expected dev")
    if seed is not None:
        own = split_of(seed)
        if split is not None and split is not own:
            raise ValueError(
                f"seed {seed} belongs to {own}, not to {split}; take a number below {SEEDS_PER_SPLIT}"
            )
        split = own
        if own is Split.GATE:
            raise ValueError(
                f"seed {seed} belongs to the gate; take a development seed, below {SEEDS_PER_SPLIT}"
            )
    if split is Split.HOLDOUT:
        raise ValueError("holdout seeds are for reports alone; use the dev split")
    return split or Split.DEV


def _whole(data: dict[str, Any], name: str, otherwise: int | None, low: int, high: int) -> int | None:
    value = data.get(name, otherwise)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise TypeError(f"{name} is {shown(value)}, expected a whole number from {low} to {high}")
    return value


def _score(data: dict[str, Any]) -> float | None:
    value = data.get("min_score")
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise TypeError(f"min_score is {shown(value)}, expected a finite number")
    return float(value)


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or len(value) > _LONGEST_WHY:
        raise TypeError(f"{name} is {shown(value)}, expected a sentence")
    if not all(c.isprintable() or c in "\n\t" for c in value):
        raise ValueError(f"{name} is {shown(value)}: it holds characters that are no text")
    return value


def _prefix(data: dict[str, Any]) -> Prefix:
    value = data.get("prefix", "")
    if not isinstance(value, str):
        raise TypeError(f"prefix is {shown(value)}, expected actions such as 1x30 2 0x4")
    return read_prefix(value)


def _truth(data: dict[str, Any], name: str) -> bool:
    value = data.get(name, False)
    if not isinstance(value, bool):
        raise TypeError(f"{name} is {shown(value)}, expected true or false")
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
