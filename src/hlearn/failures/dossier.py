"""The evidence for an editor: failures, what is missing, rules and detectors, as Markdown with images beside it.

Whoever reads it has limited room, so the most important comes first, and what does not fit is left out and said to be.
"""

from __future__ import annotations

from collections.abc import Sequence

from hlearn.editors.api import Evidence, Image
from hlearn.errors import HlearnError
from hlearn.evidence.sheets import contact_sheet, png_bytes
from hlearn.failures.detectors import DetectorCheck, check_detectors
from hlearn.failures.episodes import MinedEpisode, usual_of
from hlearn.failures.mining import FailureGroup, mine
from hlearn.failures.missing import missing_state, missing_words
from hlearn.failures.showing import failure_lines, pictures_of
from hlearn.policy.modules import parts_of
from hlearn.records import Program
from hlearn.tasks.task import Task

CHARACTERS = 16_000  # of the Markdown
IMAGES = 4
FOLDER = "evidence"  # beside the brief
_SHEET = 8  # pictures of a sheet
_FAILURES = 6


def make_evidence(
    task: Task,
    program: Program,
    episodes: Sequence[MinedEpisode],
    key: str,
    *,
    characters: int = CHARACTERS,
    images: int = IMAGES,
) -> Evidence:
    """Gathers the evidence of some development episodes of a program.

    Args:
        task: what was played.
        program: what played.
        episodes: what came of it.
        key: id of the key of the seeds.
        characters: of the text at most.
        images: contact sheets at most.
    """
    usual = usual_of(episodes)
    groups = mine(episodes, program, most=_FAILURES)
    checks = check_detectors(episodes, usual)
    missing = missing_state(episodes, groups, checks)
    by_seed = {e.seed: e for e in episodes}
    pictures: list[Image] = []
    parts = [_head(groups, episodes)]
    for rank, group in enumerate(groups, start=1):
        text = "\n".join(failure_lines(group, by_seed[group.worst.seed]))
        image = None
        if len(pictures) < images:
            image = _image(task, group, by_seed[group.worst.seed], key, f"{rank}-{group.name}.png")
            pictures += [image] if image else []
        seen = f"\n![{group.title}]({FOLDER}/{image.name})\n" if image else ""
        parts.append(f"### {rank}. {group.title}\n{seen}\n```\n{text}\n```\n")
        if rank == 1 and missing:
            listed = "\n".join(f"- {missing_words(m)}" for m in missing)
            parts.append(f"### State that is probably missing\n\n{listed}\n")
    parts.append(_rules(program, episodes))
    parts.append(_detectors(checks))
    return Evidence(text=_fitting(parts, characters), images=tuple(pictures))


def _head(groups: Sequence[FailureGroup], episodes: Sequence[MinedEpisode]) -> str:
    scores = ", ".join(f"{e.outcome.score:g}" for e in episodes)
    if not groups:
        return f"No failure was found in {len(episodes)} development episodes (scores {scores}).\n"
    listed = "\n".join(
        f"{n}. {g.title}: about {g.loss:.4g} points an episode, {g.count} moments in {g.episodes} episodes"
        for n, g in enumerate(groups, start=1)
    )
    return f"From {len(episodes)} development episodes (scores {scores}), worst loss first:\n\n{listed}\n"


def _rules(program: Program, episodes: Sequence[MinedEpisode]) -> str:
    counts: dict[str, int] = {}
    for episode in episodes:
        for rule in episode.rules:
            for name in rule.split("+"):
                counts[name] = counts.get(name, 0) + 1
    total = max(sum(e.length for e in episodes), 1)
    try:
        specs = {k.rpartition(".")[2]: s for k, s in parts_of(program).items() if s.role != "detect"}
    except SyntaxError:
        specs = {}
    if not specs:
        return ""
    rows = [
        f"| {name} | {spec.role} | {counts.get(name, 0) / total:.1%} | {spec.first_line} to {spec.last_line} |"
        for name, spec in specs.items()
    ]
    return "\n".join(["### Rules\n", "| rule | role | acts | lines |", "|---|---|---|---|", *rows]) + "\n"


def _detectors(checks: Sequence[DetectorCheck]) -> str:
    if not checks:
        return ""
    rows = [
        f"| {c.name} | {c.seen:.0%} | {_explained(c)} | {c.relation.lag} | {c.finding or 'ok'} |"
        for c in checks
    ]
    head = ["### Detectors\n", "| number | seen | explained by | lag | finding |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def _explained(check: DetectorCheck) -> str:
    return f"{check.explained} {check.agreement:.0%}" if check.component >= 0 else ""


def _image(task: Task, group: FailureGroup, episode: MinedEpisode, key: str, name: str) -> Image | None:
    """A contact sheet of a failure's window; None where nothing can be rendered."""
    try:
        shots = pictures_of(task, group, episode, key)
        places = {round(k * (len(shots) - 1) / (_SHEET - 1)) for k in range(_SHEET)}
        return Image(name=name, data=png_bytes(contact_sheet([shots[p].picture for p in sorted(places)])))
    except HlearnError:
        return None


def _fitting(parts: Sequence[str], characters: int) -> str:
    text = ""
    for place, part in enumerate(filter(None, parts)):
        if len(text) + len(part) > characters - 100:
            room = characters - 100 - len(text)
            cut = part[: max(room, 0)].rpartition("\n")[0] if place == 0 or room > 2_000 else ""
            fence = "\n```\n" if cut.count("```") % 2 else "\n"
            return f"{text}{cut}{fence}(What is less important did not fit and is left out.)\n"
        text += part + "\n"
    return text
