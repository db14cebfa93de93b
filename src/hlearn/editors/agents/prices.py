"""What tokens cost, by a table of the user's: clients of endpoints of one's own tell no money."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hlearn.editors.in_copy import Told
from hlearn.errors import UsageError

_PER = 1_000_000  # tokens that a price is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens.

    Attributes:
        input: tokens that the model reads.
        output: tokens that it writes.
    """

    input: float
    output: float


def read_prices(path: Path) -> dict[str, Price]:
    """Reads a table: ``["model"]``, ``input = 1.25``, ``output = 10.0``; US dollars per million tokens.

    Raises:
        UsageError: there is no such file, or it says something else.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the prices {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"the prices {path} are no TOML: {error}") from error
    prices = {}
    for model, row in table.items():
        numbers = row if isinstance(row, dict) else {}
        if numbers.keys() != {"input", "output"} or not all(_is_price(v) for v in numbers.values()):
            raise UsageError(
                f'{path}, model {model}: expected ["{model}"] with input and output, '
                "US dollars per million tokens"
            )
        prices[model] = Price(input=float(numbers["input"]), output=float(numbers["output"]))
    return prices


def priced(told: Told, model: str, prices: Mapping[str, Price]) -> Told:
    """Puts the table's money in place of the client's, where the model stands in it."""
    price = prices.get(model)
    if price is None:
        return told
    cost = told.cost
    usd = (cost.input_tokens * price.input + cost.output_tokens * price.output) / _PER
    return replace(told, cost=replace(cost, usd=usd))


def _is_price(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
