"""Dates as people type them, in any order that can mean one day only, and as they are shown: 9 Mar 2026."""

import re
from datetime import date

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
EARLIEST_YEAR = 1900
_PART = re.compile(r"[0-9]+|[^\W\d_]+")
_ORDINAL = re.compile(r"(?<=[0-9])(st|nd|rd|th)\b", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s.,/\-]*")


class NotADayError(ValueError):
    """The text names no day, or could name two: `days` holds them."""

    def __init__(self, days: tuple[date, ...] = ()) -> None:
        super().__init__("ambiguous" if days else "not a day")
        self.days = days


def day_text(day: date) -> str:
    """ "9 Mar 2026"; what `read` takes back."""
    return f"{day.day} {MONTHS[day.month - 1][:3].title()} {day.year}"


def read(text: str) -> date:
    """The one day that `text` names; NotADayError when there is none, or more than one.

    Taken: a month in words beside two numbers in any order (9 Mar 2026, March 9, 2026, 2026 Mar 9, 9mar2026); three
    numbers with the year first (2026-03-09, 20260309); three numbers with the year last, where only one of day-month and
    month-day is a day, or both are the same (31/12/2026, 5.5.2026). A year has four digits.

    >>> read("9 March 2026") == read("2026-03-09") == read("Mar 9, 2026")
    True
    """
    parts = _parts(text)
    words = [part for part in parts if not part.isdecimal()]
    numbers = [part for part in parts if part.isdecimal()]
    if len(words) == 1 and len(numbers) == 2:
        return _with_word(words[0], numbers)
    if words or len(numbers) != 3:
        raise NotADayError
    first, second, third = numbers
    if len(first) == 4:
        return _only(_day(first, second, third))
    return _only(_day(third, second, first), _day(third, first, second))


def _parts(text: str) -> list[str]:
    text = _ORDINAL.sub("", text.strip())
    if re.fullmatch(r"[0-9]{8}", text):
        return [text[:4], text[4:6], text[6:]]
    if _SEPARATORS.fullmatch(_PART.sub("", text)) is None or len(text) > 40:
        raise NotADayError
    return _PART.findall(text)


def _with_word(word: str, numbers: list[str]) -> date:
    months = [n for n, name in enumerate(MONTHS, 1) if len(word) >= 3 and name.startswith(word.lower())]
    if word.lower() == "sept":
        months = [9]
    if len(months) != 1:
        raise NotADayError
    month = str(months[0])
    return _only(*(_day(year, month, day) for year, day in (numbers, reversed(numbers))))


def _day(year: str, month: str, day: str) -> date | None:
    if len(year) != 4 or len(month) > 2 or len(day) > 2 or int(year) < EARLIEST_YEAR:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _only(*days: date | None) -> date:
    candidates = sorted({day for day in days if day})
    if len(candidates) != 1:
        raise NotADayError(tuple(candidates))
    return candidates[0]
