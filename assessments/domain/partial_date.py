"""Dates of which the day, or the month too, may be unknown: ISO 8601 with reduced precision."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from trialsite.lib.days import EARLIEST_YEAR, MONTHS, NotADayError, day_text, read

_ISO = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_YEAR = r"(?P<year>[0-9]{4})"
_MONTH = r"(?P<month>[0-9]{1,2}|[^\W\d_]{3,9})"
_UNKNOWN = r"(?:un|unk|uk|nk|\?{1,3}|--?|xx)"
_GAP = r"[\s./,-]*"
# What is known, month before year or year before month, with or without marks for what is not.
_TYPED = [
    re.compile(rf"(?:{_UNKNOWN}{_GAP}){{0,2}}{_YEAR}", re.IGNORECASE),
    re.compile(rf"{_YEAR}(?:{_GAP}{_UNKNOWN}){{1,2}}", re.IGNORECASE),
    re.compile(rf"(?:{_UNKNOWN}{_GAP})?{_MONTH}{_GAP}{_YEAR}", re.IGNORECASE),
    re.compile(rf"{_YEAR}{_GAP}{_MONTH}(?:{_GAP}{_UNKNOWN})?", re.IGNORECASE),
]


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day, a month, or a year. Raises ValueError for one that is in no calendar, or a day without its month."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise ValueError("a day without its month")
        if self.year < EARLIEST_YEAR:
            raise ValueError("a year before any trial")
        date(self.year, self.month or 1, self.day or 1)

    @classmethod
    def of(cls, day: date) -> "PartialDate":
        """The day, known as a whole."""
        return cls(day.year, day.month, day.day)

    @property
    def earliest(self) -> date:
        """The first day that it can be."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        """The last day that it can be."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    @property
    def whole(self) -> date | None:
        """The day itself, where it is known."""
        return None if self.day is None else self.earliest

    def iso(self) -> str:
        """ "2026-03-09", "2026-03" or "2026"; what `from_iso` takes back."""
        return self.earliest.isoformat()[: 4 if self.month is None else 7 if self.day is None else 10]

    def text(self) -> str:
        """ "9 Mar 2026", "Mar 2026" or "2026"; what `typed` takes back."""
        if self.month is None:
            return str(self.year)
        return day_text(self.earliest) if self.day else f"{MONTHS[self.month - 1][:3].title()} {self.year}"

    @classmethod
    def from_iso(cls, text: str) -> "PartialDate":
        """Raises ValueError when `text` is none."""
        match = _ISO.fullmatch(text)
        if match is None:
            raise ValueError("no date of ISO 8601")
        year, month, day = match.groups()
        return cls(int(year), int(month) if month else None, int(day) if day else None)

    @classmethod
    def typed(cls, text: str) -> "PartialDate":
        """What somebody wrote: a whole day in any unambiguous order, or Mar 2026, 03/2026, 2026-03, UN Mar 2026, 2026.

        Raises NotADayError, with the days that it can be where it can be two.
        """
        text = text.strip()
        for pattern in _TYPED:
            if match := pattern.fullmatch(text):
                return _with_month(match.groupdict())
        return cls.of(read(text))


def _with_month(parts: dict[str, str | None]) -> PartialDate:
    month = parts.get("month")
    try:
        return PartialDate(int(parts["year"] or 0), _month(month) if month else None)
    except ValueError as error:
        raise NotADayError from error


def _month(text: str) -> int:
    """The number of the month that `text` names. Raises ValueError when it names none, or two."""
    if text.isdecimal():
        return int(text)
    if text.lower() == "sept":
        return 9
    (number,) = [n for n, name in enumerate(MONTHS, 1) if name.startswith(text.lower())]
    return number
