"""The HDF5 file of a Minari data set, written block by block.

Minari's own storage makes the folder and its metadata; the steps are appended here, with compression, because its
writer wants whole episodes in memory and stores screens as lossy JPEG. Minari's loader reads what comes out; a test
does.

Below ``infos`` lie, for observation t: ``state`` (named numbers of the program's detectors, NaN where it saw nothing),
``rule`` (the number of what acted, names in the metadata's ``hlearn.rules``), ``lives`` (after the decision). As Minari
has it, there is one more of each than there are decisions; the last says nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hlearn.datasets.choosing import Chosen
from hlearn.datasets.playing import Stretch, blocks_of
from hlearn.errors import MissingExtra
from hlearn.evaluate.spool import Block
from hlearn.replays.columns import leaves
from hlearn.tasks.environment import ActionSpace, Description, Discrete

if TYPE_CHECKING:
    import gymnasium

DATASET_ID = re.compile(r"[-_\w]+-v\d+")
HOW = "pip install 'hlearn[datasets]'"


def minari() -> Any:
    """Minari, with what its HDF5 storage needs.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import h5py  # noqa: F401 - Minari's storage needs it
        import minari as found
    except ImportError as error:
        raise MissingExtra(f"data sets need Minari and h5py ({error}); install them with: {HOW}") from None
    return found


def gym_space(actions: ActionSpace) -> gymnasium.Space[Any]:
    """The space of actions as Gymnasium has it."""
    from gymnasium import spaces

    if isinstance(actions, Discrete):
        return spaces.Discrete(actions.n)
    return spaces.Box(np.array(actions.low), np.array(actions.high), dtype=np.float64)


def observation_space(description: Description) -> gymnasium.Space[Any]:
    """The space of what programs see as Gymnasium has it."""
    from gymnasium import spaces

    spec = description.observation
    if spec.dtype == "uint8":
        return spaces.Box(0, 255, spec.shape, np.uint8)
    low = np.array(spec.low) if spec.low else np.full(spec.shape, -np.inf)
    high = np.array(spec.high) if spec.high else np.full(spec.shape, np.inf)
    return spaces.Box(low.reshape(spec.shape), high.reshape(spec.shape), dtype=np.dtype(spec.dtype).type)


class MinariWriter:
    """Writes one data set.

    Args:
        folder: an empty one, which becomes ``NAME/data``.
        dataset_id: what Minari calls it.
        description: spaces.
        state: names of numbers of the program's named state.
        rules: names of what acted, by their number.
        facts: where it comes from; becomes ``hlearn`` of the metadata.

    Raises:
        MissingExtra: Minari is not installed.
    """

    def __init__(
        self,
        folder: Path,
        dataset_id: str,
        description: Description,
        *,
        state: Sequence[str],
        rules: Sequence[str],
        facts: Mapping[str, object],
    ) -> None:
        package = minari()
        import h5py
        from minari.dataset.minari_storage import MinariStorage

        self._storage = MinariStorage.new(
            folder,
            observation_space=observation_space(description),
            action_space=gym_space(description.actions),
            data_format="hdf5",
            jpeg_encoding=False,
        )
        self._meta = {
            "dataset_id": dataset_id,
            "minari_version": package.__version__,
            "algorithm_name": "hlearn",
            "author": {"hlearn"},
            "description": str(facts.get("description", "")),
            "requirements": [],
            "hlearn": json.dumps(facts),
        }
        self._folder = folder
        self._file = h5py.File(folder / "main_data.hdf5", "w", track_order=True)
        self._state = tuple(state)
        self._places = _places(self._state)
        self._rules = {name: number for number, name in enumerate(rules)}
        self._action_type = np.int64 if isinstance(description.actions, Discrete) else np.float64
        self._seen = description.observation
        self.episodes = 0
        self.steps = 0

    def add(self, chosen: Chosen) -> None:
        """Appends the stretches of an episode."""
        for stretch in chosen.stretches:
            self._add(chosen, stretch)

    def close(self) -> None:
        """Writes the metadata; without it the folder is no data set."""
        self._file.close()
        size = sum(p.stat().st_size for p in self._folder.iterdir()) / 1e6
        meta = {"total_episodes": self.episodes, "total_steps": self.steps, "dataset_size": round(size, 1)}
        self._storage.update_metadata(self._meta | meta)

    def abandon(self) -> None:
        """Closes the file of a data set that will not be finished."""
        self._file.close()

    def _add(self, chosen: Chosen, stretch: Stretch) -> None:
        played = chosen.played
        group = self._file.create_group(f"episode_{self.episodes}")
        count = stretch.stop - stretch.start
        group.attrs.update(
            id=self.episodes,
            seed=played.outcome.seed,
            total_steps=count,
            program=played.program.sha256,
            first_decision=stretch.start,
            episode_score=played.outcome.score,
        )
        names = (
            "observations",
            "actions",
            "rewards",
            "terminations",
            "truncations",
            "rule",
            "lives",
            "state",
        )
        out: dict[str, list[np.ndarray]] = {name: [] for name in names}
        first = 0
        for block in blocks_of(played):
            until = first + len(block.rewards)
            if (until > stretch.start and first <= stretch.stop) or (first == until == stretch.stop):
                self._cut(block, stretch, first, out)
                self._flush(group, out, count)
            first = until
        self._finish(group, count, ended=played.terminated and stretch.stop == played.length)
        self.episodes += 1
        self.steps += count

    def _cut(self, block: Block, stretch: Stretch, first: int, out: dict[str, list[np.ndarray]]) -> None:
        """What of a block belongs to a stretch; observations have one more."""
        start, stop = max(stretch.start - first, 0), min(stretch.stop - first, len(block.rewards))
        if len(block.observations):
            out["observations"].append(
                block.observations[start : max(min(stretch.stop - first + 1, len(block.observations)), start)]
            )
        if stop <= start:
            return
        out["actions"].append(np.asarray(block.actions[start:stop], self._action_type))
        out["rewards"].append(np.asarray(block.rewards[start:stop], np.float64))
        out["lives"].append(np.asarray(block.lives[start:stop], np.int16))
        if block.traces:
            traces = block.traces[start:stop]
            rules = [r if isinstance(r := t.get("rule"), str) else "" for t in traces]
            out["rule"].append(np.array([self._rules[r] for r in rules], np.int16))
            if self._state:
                rows = [{n: v for n, v in leaves(t) if not isinstance(v, str)} for t in traces]
                table = [[_number(row.get(name)) for name in self._state] for row in rows]
                out["state"].append(np.array(table, np.float32))

    def _flush(self, group: Any, out: dict[str, list[np.ndarray]], count: int) -> None:
        for name, parts in out.items():
            for part in parts:
                if name in ("rule", "lives"):
                    self._append(group, f"infos/{name}", part, count)
                elif name == "state":
                    for column, place in enumerate(self._places):
                        self._append(group, place, part[:, column], count)
                else:
                    self._append(group, name, part, count)
            parts.clear()

    def _append(self, group: Any, name: str, part: np.ndarray, count: int) -> None:
        if name in group:
            found = group[name]
            found.resize(len(found) + len(part), axis=0)
            found[len(found) - len(part) :] = part
            return
        rows = max(1, min(count + 1, (1 << 18) // max(part[:1].nbytes, 1)))
        packed = {"compression": "gzip", "compression_opts": 1} if part.nbytes > 4096 else {}
        group.create_dataset(
            name, data=part, chunks=(rows, *part.shape[1:]), maxshape=(None, *part.shape[1:]), **packed
        )

    def _finish(self, group: Any, count: int, *, ended: bool) -> None:
        terminations, truncations = np.zeros(count, bool), np.zeros(count, bool)
        (terminations if ended else truncations)[-1] = True
        group.create_dataset("terminations", data=terminations)
        group.create_dataset("truncations", data=truncations)
        for name in ("infos/rule", "infos/lives"):
            if name in group:
                self._append(group, name, np.full(1, -1, np.int16), count)
        for place in self._places:
            if place in group:
                self._append(group, place, np.full(1, np.nan, np.float32), count)


def _places(names: Sequence[str]) -> tuple[str, ...]:
    """Where columns lie in an episode's group; HDF5 keeps slashes and lone dots for itself."""
    found: dict[str, None] = {}
    for name in names:
        place = name.replace("/", "_").strip(".") or "_"
        while f"infos/state/{place}" in found:
            place += "_"
        found[f"infos/state/{place}"] = None
    return tuple(found)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")
