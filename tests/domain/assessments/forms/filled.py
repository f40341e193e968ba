"""Shipped forms, filled in on a day."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from assessments.domain.evaluate import Evaluation, evaluate
from assessments.domain.form_file import load
from assessments.domain.values import Quantity

TODAY = date(2026, 3, 9)
PACIFIC = timezone(timedelta(hours=-7))


def filled(
    code: str, values: Mapping[str, Any], missing: Mapping[str, str] | None = None, **keys: Any
) -> Evaluation:
    """The shipped form with these values and reasons, on 9 March 2026."""
    return evaluate(load(code), values, missing, today=TODAY, **keys)


def problems(
    code: str, values: Mapping[str, Any], missing: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """What is refused: item, and the check or the rule."""
    evaluation = filled(code, values, missing)
    return [(problem.item, problem.check or problem.rule) for problem in evaluation.problems]


def findings(
    code: str, values: Mapping[str, Any], missing: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """What is asked about: item and check."""
    return [(finding.item, finding.check) for finding in filled(code, values, missing).findings]


def without(values: Mapping[str, Any], *codes: str) -> dict[str, Any]:
    """The values but those."""
    return {code: value for code, value in values.items() if code not in codes}


def at(hour: int, minute: int = 0) -> datetime:
    """A moment of that day at the site."""
    return datetime(2026, 3, 9, hour, minute, tzinfo=PACIFIC)


def amount(number: str, unit: str, standard: str | None = None) -> Quantity:
    """A number with its unit, and in the standard unit where that is another."""
    return Quantity(Decimal(number), unit, Decimal(standard or number))
