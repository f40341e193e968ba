"""Rating instruments: their items, which values an item may have, and the total.

HAM-D17 total: the sum of all 17 items, 0 to 52; no total while an item is missing, for no canonical rule
for missing items exists. Hamilton (1960), doi:10.1136/jnnp.23.1.56.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "instruments"


@dataclass(frozen=True, slots=True)
class Item:
    """`alternative`: items that share it are ways to rate one thing; one of them is rated.
    `not_assessed`: a code of the paper form that means missing."""

    code: str
    number: str
    name: str
    maximum: int
    anchors: tuple[str, ...]
    alternative: str = ""
    not_assessed: int | None = None

    @property
    def choices(self) -> list[tuple[int, str]]:
        """(value, anchor) for each value the item may have."""
        return list(enumerate(self.anchors[: self.maximum + 1]))


@dataclass(frozen=True, slots=True)
class Instrument:
    code: str
    name: str
    version: str
    items: tuple[Item, ...]
    total_code: str
    total_maximum: int
    missing_reasons: tuple[tuple[str, str], ...]
    bands: tuple[tuple[int, str], ...]
    subscales: Mapping[str, tuple[str, ...]]

    @property
    def by_code(self) -> dict[str, Item]:
        return {item.code: item for item in self.items}

    @property
    def groups(self) -> tuple[tuple[Item, ...], ...]:
        """What is rated once: an item, or its alternatives together. 17 of HAM-D17's 18 item codes."""
        found: dict[str, tuple[Item, ...]] = {}
        for item in self.items:
            key = item.alternative or item.number
            found[key] = (*found.get(key, ()), item)
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Score:
    """`total` is None unless every item was rated; so is each subscale unless all of its items were."""

    answered: int
    expected: int
    total: int | None
    prorated: float | None
    subscales: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class ItemProblem:
    """`message` is an English template for the reader to translate and fill with `params`."""

    item: str
    message: str
    params: dict[str, object] = field(default_factory=dict)


def parse(document: Mapping[str, Any]) -> Instrument:
    """An instrument from its file's tables."""
    return Instrument(
        code=document["code"],
        name=document["name"],
        version=document["version"],
        items=tuple(
            Item(**{**item, "anchors": tuple(item["anchors"])}) for item in document["items"]
        ),
        total_code=document["total_code"],
        total_maximum=document["total_maximum"],
        missing_reasons=tuple((reason["code"], reason["label"]) for reason in document["missing_reasons"]),
        bands=tuple((band["minimum"], band["label"]) for band in document["bands"]),
        subscales={name: tuple(numbers) for name, numbers in document["subscales"].items()},
    )


@cache
def load(code: str) -> Instrument:
    """The shipped instrument `code`. Raises FileNotFoundError when there is none."""
    return parse(tomllib.loads((FOLDER / f"{code.lower()}.toml").read_text(encoding="utf-8")))


def with_maxima(instrument: Instrument, item_maxima: Mapping[str, int]) -> Instrument:
    """The edition in which the named items end earlier (some editions cap agitation at 2)."""
    items = tuple(
        replace(item, maximum=min(item.maximum, item_maxima.get(item.code, item.maximum))) for item in instrument.items
    )
    edition = replace(instrument, items=items)
    return replace(edition, total_maximum=sum(max(item.maximum for item in group) for group in edition.groups))


def score(instrument: Instrument, items: Mapping[str, int | None], prorate: bool = False) -> Score:
    """Count and sum. `prorated`, only when asked and some items are missing: total × maximum / attainable."""
    values: dict[str, int] = {}
    attainable = 0
    for group in instrument.groups:
        rated = next((item for item in group if items.get(item.code) is not None), None)
        if rated is not None:
            values[rated.number.rstrip("AB")] = items[rated.code] or 0
            attainable += rated.maximum
    expected = len(instrument.groups)
    total = sum(values.values())
    complete = len(values) == expected
    return Score(
        answered=len(values),
        expected=expected,
        total=total if complete else None,
        prorated=total * instrument.total_maximum / attainable if prorate and values and not complete else None,
        subscales={
            name: sum(values[n] for n in numbers) if all(n in values for n in numbers) else None
            for name, numbers in instrument.subscales.items()
        },
    )


def problems(
    instrument: Instrument, items: Mapping[str, int | None], missing: Mapping[str, str]
) -> tuple[ItemProblem, ...]:
    """What is wrong with a rating, item by item: a value the item can't have, both alternatives rated, an
    unknown item, or an item that is neither rated nor given a reason."""
    found: list[ItemProblem] = []
    known = instrument.by_code
    reasons = {code for code, _ in instrument.missing_reasons}
    for code in (*items, *missing):
        if code not in known:
            found.append(ItemProblem(code, "This item is not part of %(name)s.", {"name": instrument.name}))
    for group in instrument.groups:
        rated = [item for item in group if items.get(item.code) is not None]
        why = [missing[item.code] for item in group if missing.get(item.code)]
        first = group[0].code
        if len(rated) > 1:
            numbers = " and ".join(item.number for item in rated)
            found.append(ItemProblem(first, "Rate only one of %(numbers)s.", {"numbers": numbers}))
        elif rated and why:
            found.append(ItemProblem(first, "This item has a value and a reason for being missing. Keep one.", {}))
        elif not rated and not why:
            found.append(ItemProblem(first, "Choose a value, or say why the item was not assessed.", {}))
        elif why and why[0] not in reasons:
            found.append(ItemProblem(first, "“%(reason)s” is not a reason of the list.", {"reason": why[0]}))
        found += [problem for item in rated if (problem := _out_of_range(item, items[item.code] or 0))]
    return tuple(found)


def _out_of_range(item: Item, value: int) -> ItemProblem | None:
    if 0 <= value <= item.maximum:
        return None
    if value == item.not_assessed:
        message = "%(value)s means “not assessed” here: mark the item as not assessed instead."
    else:
        message = "%(value)s is not possible: item %(number)s goes from 0 to %(maximum)s."
    return ItemProblem(item.code, message, {"value": value, "number": item.number, "maximum": item.maximum})
