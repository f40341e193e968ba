"""The value of an item: its Python type, and how it is kept as JSON.

| type | value | JSON |
|---|---|---|
| integer, vas | int | 12 |
| decimal | Quantity | {"value": "70.50", "unit": "kg", "standard": "70.50"}, digits as typed |
| text, long_text | str | "text" |
| choice | str, a code of the list | "MILD" |
| choices | tuple of codes, in the list's order | ["A", "C"] |
| yes_no | bool | true |
| date | date | "2026-03-09" |
| partial_date | PartialDate | "2026-03-09", "2026-03" or "2026" |
| time | time | "14:05" |
| datetime | datetime with UTC offset | "2026-03-09T14:05+01:00" |
| calculated | Decimal, bool, str or date, by its `result` | "24.2", true, "text", "2026-03-09" |

Blank is no value (None, no key), zero is the value 0; "not done" and "unknown" are reasons, kept beside the values.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import TypeAlias, TypeVar

from assessments.domain.form import Form, Item, ItemType, Unit, decimal
from assessments.domain.partial_date import PartialDate
from trialsite.lib.days import EARLIEST_YEAR

Json: TypeAlias = bool | int | str | list[str] | dict[str, str]

# What people enter has fewer digits; what is computed of it is kept to so many.
MOST_DIGITS = 15
PLAIN_DIGITS = 40
CONTEXT = Context(prec=PLAIN_DIGITS, rounding=ROUND_HALF_UP)
# Digits after the point that a computed number has where the item does not say how many.
COMPUTED_DECIMALS = 4
LONGEST_TEXT = 200
LONGEST_LONG_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as it was given, with its unit ("" where the item has none), and the same in the standard unit."""

    value: Decimal
    unit: str
    standard: Decimal


Value: TypeAlias = (
    bool | int | Decimal | str | tuple[str, ...] | date | time | datetime | PartialDate | Quantity
)


class ValueProblemError(ValueError):
    """Why something is no value of an item. `message`: an English template to translate and fill with `params`."""

    def __init__(self, message: str, params: Mapping[str, object] | None = None) -> None:
        self.message = message
        self.params = dict(params or {})
        super().__init__(message % self.params)


def round_half_away(number: Decimal, digits: int) -> Decimal:
    """To so many digits after the point, a half away from zero.

    >>> round_half_away(Decimal("-2.5"), 0)
    Decimal('-3')
    """
    return number.quantize(Decimal(1).scaleb(-digits), context=CONTEXT)


def quantity(item: Item, value: Decimal, unit: str = "") -> Quantity:
    """`value` in one of the item's units (its first where none is named), and converted to the standard one.

    Raises ValueProblemError for a unit that the item does not have, and for more digits than it has.
    """
    own = item.unit(unit) if unit else next(iter(item.units), None)
    if unit and own is None:
        raise _no_unit(item, unit)
    _check_digits(item, value)
    if own is None or own is item.units[0]:
        return Quantity(value, own.code if own else "", value)
    return Quantity(value, own.code, converted(item, value, own))


def converted(item: Item, value: Decimal, unit: Unit) -> Decimal:
    """`value` of `unit` in the standard unit of the item, rounded half away to its `decimals`, else to at most 4.

    (value - offset) × factor / divisor.
    """
    difference = CONTEXT.subtract(value, decimal(unit.offset))
    exact = CONTEXT.divide(CONTEXT.multiply(difference, decimal(unit.factor)), decimal(unit.divisor))
    return rounded(item, exact)


def rounded(item: Item, number: Decimal) -> Decimal:
    """A computed number with the item's `decimals`, else with at most 4."""
    if item.decimals is not None:
        return round_half_away(number, item.decimals)
    exponent = number.as_tuple().exponent
    longer = isinstance(exponent, int) and -exponent > COMPUTED_DECIMALS
    return round_half_away(number, COMPUTED_DECIMALS) if longer else number


def longest(item: Item) -> int:
    """Characters that a text of the item may have."""
    return item.longest or (LONGEST_LONG_TEXT if item.type == "long_text" else LONGEST_TEXT)


def _no_unit(item: Item, unit: str) -> ValueProblemError:
    units = " or ".join(own.text() for own in item.units)
    message = "%(unit)s is not a unit of this item: use %(units)s." if units else "This item has no unit."
    return ValueProblemError(message, {"unit": unit, "units": units})


def _check_digits(item: Item, value: Decimal) -> None:
    exponent = value.as_tuple().exponent
    behind = max(0, -exponent) if isinstance(exponent, int) else MOST_DIGITS
    if item.decimals is not None and behind > item.decimals:
        message = (
            "Digits after the point: at most %(decimals)s." if item.decimals else "Write a whole number."
        )
        raise ValueProblemError(message, {"decimals": item.decimals})


def is_value(form: Form, item: Item, value: object) -> bool:
    """Whether `value` has the type that the item's values have; a code is one of its list."""
    try:
        return value is not None and from_json(form, item, to_json(value)) == value
    except ValueProblemError:
        return False


def to_json(value: object) -> Json:
    """As it is kept in a jsonb column. Raises ValueProblemError for what is no value of any item."""
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, tuple):
        return [str(code) for code in value]
    if isinstance(value, Quantity):
        return {"value": _plain(value.value), "unit": value.unit, "standard": _plain(value.standard)}
    if isinstance(value, PartialDate):
        return value.iso()
    if isinstance(value, datetime | time):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    raise ValueProblemError("This is no value.")


def iso(moment: datetime | time) -> str:
    """To the minute, or to the second where it is not a whole minute."""
    return moment.isoformat(timespec="seconds" if moment.second else "minutes")


def from_json(form: Form, item: Item, kept: object) -> Value:
    """The value kept as JSON. Raises ValueProblemError when it is none of the item, and nothing else."""
    try:
        return _FROM_JSON[item.type](form, item, kept)
    except ValueProblemError:
        raise
    except (ValueError, TypeError, KeyError, InvalidOperation, OverflowError):
        raise _no_value(item) from None


def _no_value(item: Item) -> ValueProblemError:
    return ValueProblemError("This is no value of an item of the type %(type)s.", {"type": item.type})


def _plain(number: Decimal) -> str:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) + len(number.as_tuple().digits) > 2 * PLAIN_DIGITS:
        raise ValueProblemError("This is no number of a form.")
    return f"{number:f}"


def _text_of(kept: object) -> str:
    if not isinstance(kept, str):
        raise TypeError
    return kept


def _number(kept: object) -> Decimal:
    text = _text_of(kept)
    number = Decimal(text)
    if _plain(number) != text:
        raise ValueError
    return number


def _integer(_form: Form, item: Item, kept: object) -> int:
    if isinstance(kept, bool) or not isinstance(kept, int) or abs(kept) >= 10**MOST_DIGITS:
        raise TypeError
    if item.type == "vas" and not 0 <= kept <= 100:
        raise ValueProblemError("Write a number from 0 to 100.")
    return kept


def _quantity(_form: Form, item: Item, kept: object) -> Quantity:
    if not isinstance(kept, dict) or set(kept) != {"value", "unit", "standard"}:
        raise TypeError
    unit = _text_of(kept["unit"])
    if item.unit(unit) is None if item.units else unit != "":
        raise _no_unit(item, unit)
    value = _number(kept["value"])
    _check_digits(item, value)
    return Quantity(value, unit, _number(kept["standard"]))


def _text(_form: Form, item: Item, kept: object) -> str:
    text = _text_of(kept)
    if not text.strip() or len(text) > longest(item) or "\0" in text:
        raise ValueError
    return text


def _choice(form: Form, item: Item, kept: object) -> str:
    code = _text_of(kept)
    if code not in {choice.code for choice in form.choices(item)}:
        raise ValueProblemError("“%(code)s” is not one of the choices.", {"code": code})
    return code


def _choices(form: Form, item: Item, kept: object) -> tuple[str, ...]:
    if not isinstance(kept, list) or not kept:
        raise TypeError
    codes = [_choice(form, item, code) for code in kept]
    order = [choice.code for choice in form.choices(item)]
    if codes != sorted(set(codes), key=order.index):
        raise ValueError
    return tuple(codes)


def _yes_no(_form: Form, _item: Item, kept: object) -> bool:
    if not isinstance(kept, bool):
        raise TypeError
    return kept


def _date(_form: Form, _item: Item, kept: object) -> date:
    day = _same(date.fromisoformat(_text_of(kept)), kept)
    if day.year < EARLIEST_YEAR:
        raise ValueError
    return day


def _partial_date(_form: Form, _item: Item, kept: object) -> PartialDate:
    return PartialDate.from_iso(_text_of(kept))


def _time(_form: Form, _item: Item, kept: object) -> time:
    clock = _same(time.fromisoformat(_text_of(kept)), kept)
    if clock.tzinfo is not None:
        raise ValueError
    return clock


def _datetime(_form: Form, _item: Item, kept: object) -> datetime:
    moment = _same(datetime.fromisoformat(_text_of(kept)), kept)
    if moment.utcoffset() is None:
        raise ValueError
    return moment


Moment = TypeVar("Moment", date, time, datetime)


def _same(value: Moment, kept: object) -> Moment:
    """`value`, when it is kept in the one way that we write it."""
    if to_json(value) != kept:
        raise ValueError
    return value


def _calculated(form: Form, item: Item, kept: object) -> Value:
    if item.result == "number":
        return _number(kept)
    if item.result == "text":
        return _text_of(kept)
    return _yes_no(form, item, kept) if item.result == "yes_no" else _date(form, item, kept)


def _heading(_form: Form, item: Item, _kept: object) -> Value:
    raise _no_value(item)


_FROM_JSON: Mapping[ItemType, Callable[[Form, Item, object], Value]] = {
    "integer": _integer,
    "vas": _integer,
    "decimal": _quantity,
    "text": _text,
    "long_text": _text,
    "choice": _choice,
    "choices": _choices,
    "yes_no": _yes_no,
    "date": _date,
    "partial_date": _partial_date,
    "time": _time,
    "datetime": _datetime,
    "calculated": _calculated,
    "heading": _heading,
}
