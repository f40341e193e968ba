"""The day of an infusion as a protocol says it: what is recorded where, its times and their tolerances, its dose."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Protocol

from enrollment.protocol.codes import codes_once, known
from enrollment.protocol.deviations import DeviationRules, Tolerance
from trialsite.lib.document.limits import CODE, Bounds, TextLimit
from trialsite.lib.document.problems import Problem, display

Name = Annotated[str, TextLimit(20, CODE, "a code of letters, digits, _ or -")]
# A day has 1440 minutes.
Minutes = Annotated[int, Bounds(0, 1440, "minutes")]
Length = Annotated[int, Bounds(1, 1440, "minutes")]
Milligrams = Annotated[float, Bounds(0.001, 10_000, "mg")]


@dataclass(frozen=True, slots=True)
class TimedRating:
    """An instrument that is rated so many minutes after the start of the infusion."""

    instrument: Name
    minutes: Minutes
    tolerance: Minutes


@dataclass(frozen=True, slots=True)
class InfusionDay:
    """A visit of every period on which a capsule is followed by an infusion. All times are minutes."""

    visit: Name
    form: Name
    vital_signs: Name
    capsule_minutes: Minutes
    capsule_tolerance: Minutes
    infusion_minutes: Length
    infusion_tolerance: Minutes
    vital_signs_every: Length
    vital_signs_tolerance: Minutes
    vital_signs_until: Length
    dose_per_kg: Milligrams
    dose_step: Milligrams
    dose_maximum: Milligrams
    weight_days: Annotated[int, Bounds(0, 365, "days")]
    urine_screen: Name | None = None
    ratings: tuple[TimedRating, ...] = ()


class _Visit(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def instruments(self) -> Sequence[str]: ...
    @property
    def forms(self) -> Sequence[str]: ...


def problems(
    day: InfusionDay | None, visits: Sequence[_Visit], filed: DeviationRules | None
) -> Iterator[Problem]:
    """What of the day does not fit the visits of the protocol, the tolerances that file deviations, or itself."""
    if day is None:
        return
    for tolerance in filed.tolerances if filed else ():
        yield from _other_tolerance(day, tolerance)
    visit = {visit.code: visit for visit in visits}.get(day.visit)
    if visit is None:
        yield from known("infusion.visit", day.visit, [visit.code for visit in visits], "the code of a visit")
    else:
        forms = {"form": day.form, "vital_signs": day.vital_signs, "urine_screen": day.urine_screen}
        for key, code in forms.items():
            if code is not None:
                yield from known(f"infusion.{key}", code, visit.forms, "the code of a form of the visit")
        for position, rating in enumerate(day.ratings, start=1):
            key = f"infusion.ratings[{position}].instrument"
            yield from known(
                key, rating.instrument, visit.instruments, "the code of an instrument of the visit"
            )
    if day.ratings:
        yield from codes_once("infusion.ratings", "instrument", [rating.instrument for rating in day.ratings])
    yield from _sizes(day)


def _other_tolerance(day: InfusionDay, filed: Tolerance) -> Iterator[Problem]:
    """What files a deviation is what the page of the day calls outside."""
    own = {
        f"{day.form}.CAPSULE_TO_START": (day.capsule_minutes, day.capsule_tolerance),
        f"{day.form}.DURATION": (day.infusion_minutes, day.infusion_tolerance),
    }
    if filed.item not in own:
        return
    minutes, tolerance = own[filed.item]
    for name, bound in (("minimum", minutes - tolerance), ("maximum", minutes + tolerance)):
        if getattr(filed, name) != bound:
            key = f"deviations.tolerances.{filed.code}.{name}"
            yield Problem(key, display(getattr(filed, name)), f"{bound}, as infusion has it")


def _sizes(day: InfusionDay) -> Iterator[Problem]:
    """Numbers of the day that contradict each other."""
    if day.vital_signs_every > day.vital_signs_until:
        expected = f"at most vital_signs_until, {day.vital_signs_until}"
        yield Problem("infusion.vital_signs_every", display(day.vital_signs_every), expected)
    if 2 * day.vital_signs_tolerance > day.vital_signs_every:
        expected = "at most half of vital_signs_every: else one measurement could stand for two"
        yield Problem("infusion.vital_signs_tolerance", display(day.vital_signs_tolerance), expected)
    for name in ("capsule", "infusion"):
        minutes, tolerance = getattr(day, f"{name}_minutes"), getattr(day, f"{name}_tolerance")
        if tolerance > minutes:
            yield Problem(
                f"infusion.{name}_tolerance", display(tolerance), f"at most {name}_minutes, {minutes}"
            )
    if Decimal(str(day.dose_maximum)) % Decimal(str(day.dose_step)):
        expected = f"a multiple of dose_step, {day.dose_step:g}"
        yield Problem("infusion.dose_maximum", display(day.dose_maximum), expected)
