"""A model card in Markdown, with the metadata that model hubs read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hlearn.tasks.task import Task


def model_card(name: str, task: Task, card: Mapping[str, Any], notes: str, filmed: bool) -> str:
    """Writes the card of an entry.

    Args:
        name: of the entry.
        task: what was learnt.
        card: the content of ``card.json``.
        notes: what a person has to say: what each part is worth, what the program cannot do.
        filmed: whether a film lies beside it.
    """
    score, controls, cost = card["score"], card["controls"], card["cost"]
    low, high = score["interval"]
    hns = "" if score["hns"] is None else f", human-normalised {score['hns']:.3f}"
    kwargs = f" with {', '.join(f'{k}={v}' for k, v in task.kwargs)}" if task.kwargs else ""
    trivial = {True: "yes", False: "**no**", None: "too few episodes to tell"}[
        controls["better_than_trivial"]
    ]
    lines = [
        *_metadata(task, score),
        "",
        f"# {name}",
        "",
        f"A readable program for `{task.env_id}`{kwargs}, learnt by heuristic learning. "
        "What is learnt is the program beside this card.",
        "",
        *(["![A stretch of one episode](film.gif)", ""] if filmed else []),
        "| | |",
        "|---|---|",
        f"| class | {card['class']} (who edited it), access {card['access']}, protocol {card['protocol']}, "
        f"model {card['model']} |",
        f"| score | **{score['mean']:,.2f}** on {score['episodes']} fresh episodes (95 % interval {low:,.2f} to "
        f"{high:,.2f}; {score['min']:,.2f} to {score['max']:,.2f}){hns} |",
        f"| random play | {_number(controls['random_play'])} |",
        f"| best constant action | {_number(controls['best_constant'])} ({controls['best_constant_action']}) |",
        f"| its own episode replayed blindly | {_number(controls['blind_replay'])} |",
        f"| better than all of these, by the gate's test | {trivial} |",
        f"| cost of learning | {cost['env_steps']:,} environment steps, {cost['episodes']:,} episodes, "
        f"{cost['trials']} proposals judged, {cost['accepted']} accepted |",
        f"| program | SHA-256 `{card['program_sha256']}` |",
        f"| versions | {', '.join(f'{k} {v}' for k, v in card['versions'].items())} |",
        "",
        notes.strip()
        or "The scores hold for this task alone; other starts, difficulties and versions were not tried.",
        "",
        "Every episode can be played again: `card.json` holds the secret that their seeds are drawn from.",
        "",
        "```",
        f"hl zoo verify {name}",
        f"hl zoo copy {name} runs/{name}",
        "```",
    ]
    return "\n".join(lines) + "\n"


def _metadata(task: Task, score: Mapping[str, Any]) -> list[str]:
    """YAML front matter; every value is JSON, which YAML contains."""
    return [
        "---",
        "license: apache-2.0",
        "library_name: hlearn",
        "tags: [reinforcement-learning, heuristic-learning, program-synthesis]",
        "model-index:",
        f"- name: {json.dumps(task.env_id)}",
        "  results:",
        "  - task: {type: reinforcement-learning, name: reinforcement-learning}",
        f"    dataset: {{name: {json.dumps(task.env_id)}, type: {json.dumps(task.env_id)}}}",
        f"    metrics: [{{type: mean_reward, value: {json.dumps(round(score['mean'], 4))}, name: mean return}}]",
        "---",
    ]


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:,.2f}"
