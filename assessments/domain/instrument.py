"""Rating instruments: their items, which values an item may have, and the total.

HAM-D17 total: the sum of all 17 items, 0 to 52; no total while an item is missing, for no canonical rule
for missing items exists. Hamilton (1960), doi:10.1136/jnnp.23.1.56.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).resolve().parent.parent / "instruments"

UNEXPLAINED = "Choose a value, or give the reason why the item was not assessed."
Rule = Literal["unknown", "alternatives", "value_and_reason", "unexplained", "reason", "range"]


@dataclass(frozen=True, slots=True)
class RatingAnchor:
    """What one value of an item stands for; `text` is empty where the wording is protected."""

    value: int
    text: str


@dataclass(frozen=True, slots=True)
class InstrumentItem:
    """`alternative`: items that share it are ways to rate one thing; one of them is rated.
    `not_assessed`: a code of the paper form that means missing. `cdisc_name`, `cdisc_code`: test name and
    concept code of the CDISC terminology."""

    code: str
    number: str
    name: str
    maximum: int
    anchors: tuple[RatingAnchor, ...]
    alternative: str = ""
    not_assessed: int | None = None
    cdisc_name: str = ""
    cdisc_code: str = ""

    @property
    def choices(self) -> list[tuple[int, str]]:
        """(value, wording) for each value the item may have."""
        return [(anchor.value, anchor.text) for anchor in self.anchors]


@dataclass(frozen=True, slots=True)
class AlertRule:
    """The item to watch: an alert at `minimum` points, or `rise` points above the rating before."""

    item: str
    minimum: int
    rise: int


@dataclass(frozen=True, slots=True)
class Implausible:
    """Two values that hardly go together, as the instrument's file has it: `item` at most `at_most`, `beside` at least
    `at_least`. `why`: what people read. Nobody is refused; a monitor looks into it."""

    item: str
    at_most: int
    beside: str
    at_least: int
    why: str

    def concerns(self, items: Mapping[str, int]) -> bool:
        """Whether both items are rated."""
        return self.item in items and self.beside in items

    def holds(self, items: Mapping[str, int]) -> bool:
        return (
            self.concerns(items) and items[self.item] <= self.at_most and items[self.beside] >= self.at_least
        )


@dataclass(frozen=True, slots=True)
class Instrument:
    """`missing_reasons`: (code, label); `bands`: (lowest total, label), ascending; `subscales`: name to item
    numbers, where alternatives go by their common number. `by_code` and `groups` are derived: a group is what
    is rated once, an item or its alternatives together (17 of HAM-D17's 18 item codes)."""

    code: str
    name: str
    version: str
    items: tuple[InstrumentItem, ...]
    total_code: str
    total_maximum: int
    missing_reasons: tuple[tuple[str, str], ...]
    bands: tuple[tuple[int, str], ...]
    subscales: Mapping[str, tuple[str, ...]]
    total_minimum: int = 0
    cdisc_category: str = ""
    # Subscale → what people call it.
    subscale_names: Mapping[str, str] = field(default_factory=dict)
    alert: AlertRule | None = None
    implausible: tuple[Implausible, ...] = ()
    by_code: Mapping[str, InstrumentItem] = field(init=False, repr=False, compare=False)
    groups: tuple[tuple[InstrumentItem, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        groups: dict[str, tuple[InstrumentItem, ...]] = {}
        for item in self.items:
            key = item.alternative or item.number
            groups[key] = (*groups.get(key, ()), item)
        object.__setattr__(self, "by_code", {item.code: item for item in self.items})
        object.__setattr__(self, "groups", tuple(groups.values()))

    @property
    def protected(self) -> bool:
        """Rated by item number, from the licensed form: no value has a wording here."""
        return not any(anchor.text for item in self.items for anchor in item.anchors)

    @property
    def short_name(self) -> str:
        """As it stands in a sentence: "HAM-D" of "HAM-D, 17 items"."""
        return self.name.partition(",")[0]


@dataclass(frozen=True, slots=True)
class Score:
    """`total` is None unless every item was rated; so is each subscale unless all of its items were.
    `prorated` stands in for a total only where a protocol says so."""

    answered: int
    expected: int
    total: int | None
    prorated: Decimal | None
    subscales: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class ItemProblem:
    """`message` is an English template for the reader to translate and fill with `params`."""

    item: str
    message: str
    params: dict[str, object]
    rule: Rule


def parse(document: Mapping[str, Any]) -> Instrument:
    """An instrument from its file's tables. Raises KeyError or TypeError on a key missing or too many."""
    return Instrument(
        code=document["code"],
        name=document["name"],
        version=document["version"],
        items=tuple(InstrumentItem(**{**item, "anchors": _anchors(item)}) for item in document["items"]),
        total_code=document["total_code"],
        total_maximum=document["total_maximum"],
        missing_reasons=tuple((reason["code"], reason["label"]) for reason in document["missing_reasons"]),
        bands=tuple((band["minimum"], band["label"]) for band in document["bands"]),
        subscales={name: tuple(numbers) for name, numbers in document["subscales"].items()},
        total_minimum=document.get("total_minimum", 0),
        cdisc_category=document.get("cdisc_category", ""),
        subscale_names=document.get("subscale_names", {}),
        alert=AlertRule(**document["alert"]) if "alert" in document else None,
        implausible=tuple(Implausible(**rule) for rule in document.get("implausible", ())),
    )


def _anchors(item: Mapping[str, Any]) -> tuple[RatingAnchor, ...]:
    """One anchor per value; a file without wordings (a protected scale) gives empty ones."""
    texts: Sequence[str] = item.get("anchors") or [""] * (item["maximum"] + 1)
    return tuple(RatingAnchor(value, text) for value, text in enumerate(texts))


@cache
def load(code: str) -> Instrument:
    """The shipped instrument `code`. Raises FileNotFoundError when there is none."""
    if not code.isalnum():
        raise FileNotFoundError(f"no instrument {code!r}")
    return parse(tomllib.loads((FOLDER / f"{code.lower()}.toml").read_text(encoding="utf-8")))


def shipped() -> dict[str, Instrument]:
    """Every shipped instrument, by code."""
    instruments = (load(path.stem.upper()) for path in sorted(FOLDER.glob("*.toml")))
    return {instrument.code: instrument for instrument in instruments}


def catalogue() -> dict[str, dict[str, int]]:
    """Code of each shipped instrument → code of each item → its highest value."""
    return {
        code: {item.code: item.maximum for item in instrument.items} for code, instrument in shipped().items()
    }


def with_maxima(instrument: Instrument, item_maxima: Mapping[str, int]) -> Instrument:
    """The edition in which the named items (by code) end earlier; some editions cap agitation at 2.

    Raises ValueError for an item the instrument doesn't have, or a maximum that is not one of its values.
    """
    for code, maximum in item_maxima.items():
        item = instrument.by_code.get(code)
        if item is None or not 1 <= maximum <= item.maximum:
            raise ValueError(f"{instrument.code} has no item {code} that can end at {maximum}")
    items = tuple(_ending_at(item, item_maxima.get(item.code, item.maximum)) for item in instrument.items)
    edition = replace(instrument, items=items)
    highest = sum(max(item.maximum for item in group) for group in edition.groups)
    return replace(edition, total_maximum=highest)


def _ending_at(item: InstrumentItem, maximum: int) -> InstrumentItem:
    return replace(item, maximum=maximum, anchors=item.anchors[: maximum + 1])


@dataclass(frozen=True, slots=True)
class Prorating:
    """What a protocol allows where items are missing: a prorated total with at most `most_missing` of them missing, rounded
    half up to so many `decimals`."""

    most_missing: int
    decimals: int


def score(
    instrument: Instrument, items: Mapping[str, int | None], prorating: Prorating | None = None
) -> Score:
    """Count and sum, from item code to value.

    Not counted as answered, so never in a total: a missing value, one the item can't have (also the "not
    assessed" code of the paper form), and alternatives that are both rated. `prorated`, only with `prorating` and not more
    items missing than it allows: sum × highest total / highest sum of the answered items, which is the mean of the answered
    items times their number where all have one maximum.
    """
    values: dict[str, int] = {}
    attainable = 0
    for group in instrument.groups:
        rated = [(item, value) for item in group if (value := items.get(item.code)) is not None]
        if len(rated) == 1 and 0 <= rated[0][1] <= rated[0][0].maximum:
            item, value = rated[0]
            values[item.alternative or item.number] = value
            attainable += item.maximum
    total = sum(values.values())
    complete = len(values) == len(instrument.groups)
    missing = len(instrument.groups) - len(values)
    wanted = prorating is not None and attainable and 0 < missing <= prorating.most_missing
    return Score(
        answered=len(values),
        expected=len(instrument.groups),
        total=total if complete else None,
        prorated=_rounded(total * instrument.total_maximum, attainable, prorating)
        if wanted and prorating
        else None,
        subscales={
            name: sum(values[n] for n in numbers) if all(n in values for n in numbers) else None
            for name, numbers in instrument.subscales.items()
        },
    )


def _rounded(numerator: int, denominator: int, prorating: Prorating) -> Decimal:
    """Half up, of the exact fraction."""
    scaled = (2 * numerator * 10**prorating.decimals + denominator) // (2 * denominator)
    return Decimal(scaled).scaleb(-prorating.decimals)


def band(instrument: Instrument, total: int | None) -> str | None:
    """The label of the severity band that `total` lies in; None without a total."""
    if total is None:
        return None
    return next((label for minimum, label in reversed(instrument.bands) if total >= minimum), None)


def problems(
    instrument: Instrument, items: Mapping[str, int | None], missing: Mapping[str, str]
) -> tuple[ItemProblem, ...]:
    """What is wrong with a rating, item by item: a value the item can't have, both alternatives rated, an
    unknown item, or an item that is neither rated nor given a reason."""
    problems_found: list[ItemProblem] = []
    for code in dict.fromkeys((*items, *missing)):
        if code not in instrument.by_code:
            problems_found.append(
                ItemProblem(code, "This item is not part of %(name)s.", {"name": instrument.name}, "unknown")
            )
    reasons = {code for code, _ in instrument.missing_reasons}
    for group in instrument.groups:
        problems_found += _group_problems(group, items, missing)
        problems_found += [
            ItemProblem(
                item.code, "“%(reason)s” is not one of the listed reasons.", {"reason": why}, "reason"
            )
            for item in group
            if (why := missing.get(item.code)) and why not in reasons
        ]
    return tuple(problems_found)


def _group_problems(
    group: Sequence[InstrumentItem], items: Mapping[str, int | None], missing: Mapping[str, str]
) -> list[ItemProblem]:
    rated = [(item, value) for item in group if (value := items.get(item.code)) is not None]
    group_problems = [problem for item, value in rated if (problem := _out_of_range(item, value))]
    first = group[0].code
    explained = any(missing.get(item.code) for item in group)
    if len(rated) > 1:
        params: dict[str, object] = {"numbers": " and ".join(item.number for item, _ in rated)}
        group_problems.append(ItemProblem(first, "Rate only one of %(numbers)s.", params, "alternatives"))
    elif rated and explained:
        message = "This item has both a value and a reason for being missing. Keep only one."
        group_problems.append(ItemProblem(first, message, {}, "value_and_reason"))
    elif not rated and not explained:
        group_problems.append(ItemProblem(first, UNEXPLAINED, {}, "unexplained"))
    return group_problems


def _out_of_range(item: InstrumentItem, value: int) -> ItemProblem | None:
    if 0 <= value <= item.maximum:
        return None
    if value == item.not_assessed:
        message = "%(value)s means “not assessed” here: mark the item as not assessed instead."
    else:
        message = "%(value)s is not possible: item %(number)s ranges from 0 to %(maximum)s."
    params: dict[str, object] = {"value": value, "number": item.number, "maximum": item.maximum}
    return ItemProblem(item.code, message, params, "range")
