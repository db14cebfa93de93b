"""The answer to one question: the decision, why, and what would have turned it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import numpy as np

from hlearn.evaluate import instrument
from hlearn.evaluate.asking.deciding import RepeatableDecision
from hlearn.evaluate.asking.marks import MarkRecorder
from hlearn.evaluate.asking.turning import nearest_changes
from hlearn.evaluate.asking.watching import watched

_CHANGES, _NEVER = 60, 60  # told at most
_BYTES = 60_000  # of an answer


def answer(
    policy: Any,
    observation: np.ndarray,
    box: int,
    question: Mapping[str, Any],
    watch: MarkRecorder,
    paths: frozenset[str],
) -> tuple[Any, bytes]:
    """Takes a decision and says why.

    Args:
        policy: what decides; it really decides, and goes on from there.
        observation: what it sees.
        box: components of an action.
        question: as :class:`hlearn.evaluate.api.Question` is sent: ``changes``, ``search``, ``scales``, ``ranges``,
            ``observation``, ``limit_s``.
        watch: of its marks.
        paths: of its files.

    Returns:
        The action as the policy gave it, and the answer as JSON.
    """
    changes = {(c[0], c[1]): c[2] for c in question["changes"]}
    told: dict[str, Any] = {}
    asked = None
    if question["search"]:
        try:
            asked = RepeatableDecision(policy, observation, box)
        except Exception as error:  # noqa: BLE001 - whatever a program's own objects raise is said in the answer
            told["uncopyable"] = f"{type(error).__name__}: {error}"[:300]
    action = watched(policy, observation, box, changes, watch, paths, told)
    if asked is not None:
        after = random.getstate(), np.random.get_state()  # noqa: NPY002
        told["changes"] = list(nearest_changes(asked, policy, told, question))[:_CHANGES]
        random.setstate(after[0])
        np.random.set_state(after[1])  # noqa: NPY002
    told["never"] = [
        (mark.path, mark.line, mark.text)
        for number, mark in enumerate(watch.marks)
        if mark.kind == instrument.SEEN and number not in watch.seen
    ][:_NEVER]
    data = json.dumps(told).encode()
    for name in (
        "never",
        "lines",
        "calls",
        "rows",
        "changes",
        "asked",
    ):  # what is too long goes, the least telling first
        if len(data) > _BYTES and name in told:
            told[name] = told[name][:10] if name == "asked" else []
            told["cut"] = True
            data = json.dumps(told).encode()
    return action, data
