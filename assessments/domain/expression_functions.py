"""The functions that an expression may call. Each answers unknown where one of its arguments is unknown.

`has`, `reason`, `today`, `now` and `distinct` are not among them: they are about names, the time, and lists of any kind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from assessments.domain import expression_values as values
from assessments.domain.expression_values import Result
from enrollment.domain.brands import substance_of

Kind = Literal[
    "number", "yes_no", "text", "texts", "date", "time", "datetime", "numbers", "dates", "rows", "row", "any"
]
# How messages call them.
KIND_TEXT: Mapping[Kind, str] = {
    "number": "a number",
    "yes_no": "yes or no",
    "text": "a text",
    "texts": "several choices",
    "date": "a date",
    "time": "a time",
    "datetime": "a date with time",
    "numbers": "several numbers",
    "dates": "several dates",
    "rows": "rows of a form",
    "row": "a row",
    "any": "a value",
}
MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class ExpressionFunction:
    """`overloads`: the kinds of its parameters, in each way that it may be called; `variadic`: the last one repeats."""

    overloads: tuple[tuple[Kind, ...], ...]
    result: Kind
    compute: Callable[..., Result]
    variadic: bool = False

    def parameters(self, overload: tuple[Kind, ...], count: int) -> tuple[Kind, ...]:
        """The kinds of `count` arguments."""
        missing = count - len(overload)
        return overload + overload[-1:] * missing if self._repeats(overload) else overload

    def expected(self, name: str) -> str:
        """How it is called, in words: "days(a date, a date)"."""
        ways = [
            ", ".join([*(KIND_TEXT[kind] for kind in overload), *(["…"] if self._repeats(overload) else [])])
            for overload in self.overloads
        ]
        return " or ".join(f"{name}({way})" for way in ways)

    def _repeats(self, overload: tuple[Kind, ...]) -> bool:
        """A list stands alone."""
        return self.variadic and overload[-1] == "number"


NUMBERS: tuple[tuple[Kind, ...], ...] = (("number",), ("numbers",))

FUNCTIONS: Mapping[str, ExpressionFunction] = {
    "days": ExpressionFunction((("date", "date"),), "number", values.days_between),
    "years": ExpressionFunction((("date", "date"),), "number", values.years_between),
    "minutes": ExpressionFunction(
        (("datetime", "datetime"), ("time", "time")), "number", values.minutes_between
    ),
    "date": ExpressionFunction((("datetime",),), "date", values.day_of),
    "year": ExpressionFunction((("date",),), "number", values.year_of),
    "sum": ExpressionFunction(NUMBERS, "number", values.total, variadic=True),
    "min": ExpressionFunction(NUMBERS, "number", values.least, variadic=True),
    "max": ExpressionFunction(NUMBERS, "number", values.greatest, variadic=True),
    "earliest": ExpressionFunction((("dates",),), "date", values.earliest),
    "latest": ExpressionFunction((("dates",),), "date", values.latest),
    "round": ExpressionFunction((("number", "number"),), "number", values.rounded),
    "substance": ExpressionFunction((("text",),), "text", substance_of),
    "size": ExpressionFunction((("texts",), ("numbers",), ("dates",), ("rows",)), "number", values.size),
}
# Of names, of lists of either kind, and of nothing.
SPECIAL = ("has", "reason", "distinct", "today", "now")
