"""The card of a data set: what it holds, where it comes from, how to read it. For people; the metadata has the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hlearn.datasets.choosing import Chosen, Filters, Left
from hlearn.tasks.environment import Description, Discrete
from hlearn.tasks.task import Task


def card_text(
    dataset_id: str,
    task: Task,
    description: Description,
    chosen: Sequence[Chosen],
    left: Left,
    filters: Filters,
    *,
    state: Sequence[str],
    rules: Sequence[str],
    versions: Mapping[str, str],
) -> str:
    """The card as Markdown."""
    actions = description.actions
    acts = f"Discrete({actions.n})" if isinstance(actions, Discrete) else f"Box({len(actions.low)})"
    if isinstance(actions, Discrete) and actions.names:
        acts += ": " + ", ".join(f"{i} {name}" for i, name in enumerate(actions.names))
    seen = description.observation
    by_program: dict[str, list[float]] = {}
    for one in chosen:
        by_program.setdefault(one.played.program.sha256, []).append(one.played.outcome.score)
    lines = [
        f"# {dataset_id}",
        "",
        f"What programs of a heuristic system did in {task.env_id}, as a Minari data set (`data/`) and as Parquet "
        "(`steps.parquet`). Written by hlearn.",
        "",
        "| | |",
        "|---|---|",
        f"| task | {task.env_id}, access {task.access.value}, protocol {task.protocol.value} |",
        f"| arguments | {', '.join(f'{k}={v}' for k, v in task.kwargs) or 'none'} |",
        *([f"| variant | {task.variant} |"] if task.variant else []),
        f"| observation | {seen.dtype}[{', '.join(map(str, seen.shape))}] |",
        f"| action | {acts} |",
        f"| episodes | {sum(len(c.stretches) for c in chosen)} |",
        f"| decisions | {sum(s.stop - s.start for c in chosen for s in c.stretches)} |",
        f"| filters | {_filters(filters)} |",
        f"| left out | {left.low} below the score, {left.failed} failed, {left.repeated} repeated, "
        f"{left.empty} without such a stretch |",
        f"| versions | {', '.join(f'{k} {v}' for k, v in versions.items())} |",
        "",
        "| program (SHA-256) | episodes | mean score | worst | best |",
        "|---|---|---|---|---|",
        *(
            f"| `{sha}` | {len(scores)} | {np.mean(scores):.6g} | {min(scores):.6g} | {max(scores):.6g} |"
            for sha, scores in by_program.items()
        ),
        "",
        "Named state (`infos/state`, what the program's detectors saw before each decision): "
        + (", ".join(f"`{n}`" for n in state) or "none")
        + ".",
        "",
        "What acted (`infos/rule`, by number): "
        + (", ".join(f"{i} `{n or '-'}`" for i, n in enumerate(rules)) or "not recorded")
        + ".",
        "",
        "Seeds are labels of development episodes; what an environment was really seeded with is in no file.",
        "",
        "```python",
        "import minari",
        f'dataset = minari.load_dataset("{dataset_id}")  # with MINARI_DATASETS_PATH at the folder that holds this one',
        "```",
        "",
    ]
    return "\n".join(lines)


def _filters(filters: Filters) -> str:
    said = []
    if filters.min_score is not None:
        said.append(f"score at least {filters.min_score:g}")
    if filters.around_failures is not None:
        said.append(f"the {filters.around_failures} decisions before each loss")
    if filters.failed:
        said.append("failed episodes too")
    if filters.repeated:
        said.append("repeated episodes too")
    return ", ".join(said) or "none"
