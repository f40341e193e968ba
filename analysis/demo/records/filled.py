"""A form filled in, as values; and what it is filled in from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class FilledForm:
    """One record as it is typed. `answers`: item → text; `missing`: item → reason; `comments`: (item, check) → why the
    value is kept; `not_done`: why there is none of it."""

    form: str
    answers: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    comments: Mapping[tuple[str, str], str] = field(default_factory=dict)
    not_done: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """A participant as the forms see them. `weight` in kg; `pounds`: their site weighs in pounds."""

    code: str
    consented_on: date
    sex: str
    age: int
    weight: Decimal
    systolic: int
    diastolic: int
    pulse: int
    pounds: bool

    @property
    def can_be_pregnant(self) -> bool:
        return self.sex == "F" and self.age < 52


@dataclass(frozen=True, slots=True)
class RatedVisit:
    """A visit that took place. `total` and `suicidality` are those of its HAM-D, `baseline` the total before the infusion
    of its period; `kit` only on the day of an infusion."""

    code: str
    day: date
    total: int
    suicidality: int
    period: int | None = None
    baseline: int | None = None
    kit: str = ""

    def at(self, minutes: int) -> str:
        """So many minutes after midnight, as people type it."""
        return f"{self.day.isoformat()} {minutes // 60:02d}:{minutes % 60:02d}"
