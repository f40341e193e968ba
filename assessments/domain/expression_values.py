"""What an expression computes with, and how: three-valued, in decimals, over dates that may be known in part.

None is "unknown": a value that is missing, or a result that cannot be told. It is neither true nor false. `&&` and `||`
follow Kleene's logic, as CEL's do with errors and unknowns; every other operator and function of an unknown is unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import TypeAlias

from assessments.domain.partial_date import PartialDate
from assessments.domain.values import Quantity, Value, round_half_away
from trialsite.lib.days import EARLIEST_YEAR

# Enough for every sum of what people enter, with bounded time; what leaves it is unknown.
MOST_DAYS = 1_000_000
ARITHMETIC = Context(prec=34, Emax=60, Emin=-60, traps=[DivisionByZero, InvalidOperation, Overflow])


@dataclass(frozen=True, slots=True)
class Missing:
    """No value, and the code of the reason ("" where none is given)."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a form that repeats: item → its value."""

    values: "Mapping[str, Known | Missing | None]"


Elements: TypeAlias = tuple[str, ...] | tuple[Decimal, ...] | tuple[PartialDate, ...] | tuple[Row, ...]
Known: TypeAlias = Decimal | bool | str | Elements | PartialDate | time | datetime
Result: TypeAlias = Known | None


MISSING = Missing()


def known(value: Value) -> Result:
    """The value of an item as expressions see it: numbers as decimals in the standard unit, days as partial dates.

    Unknown for a day before 1900, which no item has.
    """
    if isinstance(value, Quantity):
        return value.standard
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return PartialDate.of(value) if value.year >= EARLIEST_YEAR else None
    return value


def both(left: Result, right: Result) -> Result:
    """Kleene's and: false where either is false, else unknown where either is unknown."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: Result, right: Result) -> Result:
    """Kleene's or: true where either is true, else unknown where either is unknown."""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def negation(operand: Result) -> Result:
    """Not; unknown of an unknown."""
    return None if operand is None else not operand


def arithmetic(operator: str) -> Callable[[Decimal, Decimal], Decimal | None]:
    """+, -, * and /; unknown for a division by zero, or a number beyond 60 digits."""
    operation = {
        "+": ARITHMETIC.add,
        "-": ARITHMETIC.subtract,
        "*": ARITHMETIC.multiply,
        "/": ARITHMETIC.divide,
    }[operator]

    def compute(left: Decimal, right: Decimal) -> Decimal | None:
        try:
            return operation(left, right)
        except (DivisionByZero, InvalidOperation, Overflow):
            return None

    return compute


def equal(left: Known, right: Known) -> bool | None:
    """Whether they are the same; of dates known in part, unknown unless they cannot be."""
    if isinstance(left, PartialDate) and isinstance(right, PartialDate):
        if left.latest < right.earliest or right.latest < left.earliest:
            return False
        return True if left.whole and right.whole else None
    return left == right


def before(left: Known, right: Known) -> bool | None:
    """Whether `left` is less, or earlier; of dates known in part, unknown where they can be in either order."""
    if isinstance(left, PartialDate) and isinstance(right, PartialDate):
        if left.latest < right.earliest:
            return True
        return False if left.earliest >= right.latest else None
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return left < right
    if isinstance(left, datetime) and isinstance(right, datetime):
        return left < right
    if isinstance(left, time) and isinstance(right, time):
        return left < right
    return None


def comparison(operator: str) -> Callable[[Known, Known], bool | None]:
    """==, !=, <, <=, > and >= of two known values."""
    return {
        "==": equal,
        "!=": lambda left, right: _not(equal(left, right)),
        "<": before,
        ">": lambda left, right: before(right, left),
        "<=": lambda left, right: _not(before(right, left)),
        ">=": lambda left, right: _not(before(left, right)),
    }[operator]


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def contains(element: Result, elements: Sequence[Result]) -> Result:
    """Whether one of the elements is `element`."""
    answer: Result = False
    for other in elements:
        answer = either(answer, None if element is None or other is None else equal(element, other))
    return answer


def days_between(start: PartialDate, end: PartialDate) -> Decimal | None:
    """Days from `start` to `end`, negative where it is earlier; unknown unless both days are known."""
    first, last = start.whole, end.whole
    return Decimal((last - first).days) if first and last else None


def years_between(start: PartialDate, end: PartialDate) -> Decimal | None:
    """Whole years from `start` to `end`, as an age is counted; known as soon as both ends of what can be agree.

    >>> years_between(PartialDate(1980), PartialDate(2026, 3, 9)) is None
    True
    """
    fewest = _years(start.latest, end.earliest)
    return Decimal(fewest) if fewest == _years(start.earliest, end.latest) else None


def _years(start: date, end: date) -> int:
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


def minutes_between(start: datetime | time, end: datetime | time) -> Decimal | None:
    """Minutes from `start` to `end`: of moments, over changes of the clock too; of times, of one day."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        passed = end - start
    elif isinstance(start, time) and isinstance(end, time):
        passed = _since_midnight(end) - _since_midnight(start)
    else:
        return None
    return ARITHMETIC.divide(Decimal(passed // timedelta(seconds=1)), Decimal(60))


def _since_midnight(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)


def day_of(moment: datetime) -> PartialDate | None:
    """The day of a moment at the site."""
    try:
        return PartialDate.of(moment.date())
    except ValueError:
        return None


def rounded(number: Decimal, digits: Decimal) -> Decimal | None:
    """To so many digits after the point, a half away from zero; unknown where it has too many digits for that."""
    try:
        return round_half_away(number, int(digits))
    except InvalidOperation:
        return None


def total(*numbers: Decimal | tuple[Decimal, ...]) -> Decimal | None:
    """Their sum; of an empty list 0."""
    add = arithmetic("+")
    result: Decimal | None = Decimal(0)
    for number in _several(numbers):
        result = None if result is None else add(result, number)
    return result


def least(*numbers: Decimal | tuple[Decimal, ...]) -> Decimal | None:
    """Of numbers, or a list of them; unknown of an empty list."""
    return min(_several(numbers), default=None)


def greatest(*numbers: Decimal | tuple[Decimal, ...]) -> Decimal | None:
    """Of numbers, or a list of them; unknown of an empty list."""
    return max(_several(numbers), default=None)


def _several(numbers: Sequence[Decimal | tuple[Decimal, ...]]) -> Sequence[Decimal]:
    """The numbers, be they arguments or one list."""
    return [part for number in numbers for part in (number if isinstance(number, tuple) else (number,))]


def earliest(dates: tuple[PartialDate, ...]) -> PartialDate | None:
    """The date that no other lies before; unknown where dates known in part leave that open, or there is none."""
    return next(
        (day for day in dates if all(other == day or before(other, day) is False for other in dates)), None
    )


def latest(dates: tuple[PartialDate, ...]) -> PartialDate | None:
    """The date that lies before no other; unknown where dates known in part leave that open, or there is none."""
    return next(
        (day for day in dates if all(other == day or before(day, other) is False for other in dates)), None
    )


def year_of(day: PartialDate) -> Decimal:
    """Its year, also where no more is known of it."""
    return Decimal(day.year)


def moved(day: PartialDate, days: Decimal) -> PartialDate | None:
    """So many days later; unknown unless the day is known, the days are whole, and it stays in the calendar."""
    start = day.whole
    if start is None or days % 1 or abs(days) > MOST_DAYS:
        return None
    try:
        end = start + timedelta(days=int(days))
        return PartialDate.of(end) if end.year >= EARLIEST_YEAR else None
    except (OverflowError, ValueError):
        return None


def size(elements: Elements) -> Decimal:
    """How many there are."""
    return Decimal(len(elements))


def distinct(elements: Elements) -> Elements:
    """Each once, in the order of their first."""
    return tuple(dict.fromkeys(elements))  # type: ignore[return-value]
