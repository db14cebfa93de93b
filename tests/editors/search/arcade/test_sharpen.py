"""Who stays in the race beside sharp interceptions."""

from __future__ import annotations

from hlearn.editors.search.arcade.behaviors import PRESS, Behavior
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.sharpen import OTHERS, others
from hlearn.editors.search.race import Runner
from hlearn.records import Program
from tests.editors.search.arcade.guesses import kinds, ram_pool


def test_the_best_that_looks_at_nothing_stays_in_the_race() -> None:
    _, pool = ram_pool()
    seeing = kinds(pool)["follow"][0]

    def runner(number: int, score: float, behavior: Behavior) -> Runner:
        genome = Genome(behaviors=(behavior,))
        return Runner(number=number, program=Program(source=str(number)), what=genome, scores=[score])

    held = Behavior(kind="press", channel=PRESS)
    field = [runner(n, 100.0 - n, seeing) for n in range(2 * OTHERS)]
    plain, plainer = runner(90, 5.0, held), runner(91, 4.0, held)
    assert others([*field, plain, plainer]) == [*field[:OTHERS], plain]
    best = runner(92, 500.0, held)
    assert others([best, *field, plain]) == [best, *field[: OTHERS - 1]], "once, where it leads anyway"
