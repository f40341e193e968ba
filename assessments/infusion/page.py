"""The page of an infusion day: what is next, the steps with their fields, the vital signs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.domain.infusion_day import DayCourse, Dose, dose_of, due_steps
from assessments.domain.values import Quantity
from assessments.entry.checking import evaluation_of
from assessments.entry.codec import item_field, new_token, read_fields, saved_text
from assessments.entry.page import ItemRow, record_page
from assessments.entry.selectors import FormPlace, values_of
from assessments.infusion.plot import Measurement, Plot, measurement, plot_of
from assessments.infusion.selectors import (
    DayPlace,
    DayRecords,
    course_of,
    day_of,
    last_weight,
    measured_at,
    records_of_day,
)
from assessments.infusion.steps import MEASURED, MEASURED_BEFORE, STEPS, Step
from assessments.infusion.text import breach_lines, due_text
from assessments.infusion.typed import dated
from assessments.language import form_language
from assessments.models import Record
from trialsite.lib.days import day_text

# Items that are asked where another has a value: field → (field, value).
ASKED_WHEN = {
    "item_WHY_NOT_GIVEN": "item_GIVEN=N",
    "item_AMOUNT": "item_WHOLE_DOSE=N",
    "item_WHY_NOT_WHOLE": "item_WHOLE_DOSE=N",
    "item_POSITIVE_FOR": "item_DRUGS=POSITIVE",
    "item_PREGNANCY": "item_PREGNANCY_POSSIBLE=Y",
    "item_EXPLANATION": "item_DRUGS=POSITIVE|item_OPIOIDS=POSITIVE",
    "item_OTHER_DRUG": "item_POSITIVE_FOR=OTHER",
}


@dataclass(frozen=True, slots=True)
class StepRow:
    """A field of a step. `was`: as it is saved; `when`: the answers that it is asked for, as the script reads them."""

    row: ItemRow
    was: str
    was_reason: str
    was_unit: str
    when: str
    is_moment: bool


@dataclass(frozen=True, slots=True)
class StepView:
    """One section of the page. `at`: when it took place; `saved`: whether anything of it is; `questions`: what its answers
    leave open, by field."""

    code: str
    title: str
    rows: tuple[StepRow, ...]
    done: bool
    saved: bool
    at: str
    moment: int | None
    url: str
    token: str
    questions: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class DueView:
    """What is to be done. `moment`: milliseconds of the epoch, None where it has no time."""

    code: str
    subject: str
    title: str
    text: str
    moment: int | None
    tolerance: int
    url: str


@dataclass(frozen=True, slots=True)
class DayPage:
    place: DayPlace
    records: DayRecords
    day: date
    course: DayCourse
    steps: Mapping[str, StepView]
    due: tuple[DueView, ...]
    breaches: tuple[str, ...]
    rows: tuple[tuple[Measurement, Record], ...]
    plot: Plot | None
    dose: Dose | None
    weight: tuple[Quantity, date] | None
    now: int
    midnight: int

    @property
    def in_order(self) -> tuple[StepView, ...]:
        return tuple(self.steps.values())

    @property
    def is_today(self) -> bool:
        return self.day == timezone.now().astimezone(self.place.zone).date()

    @property
    def checked_as_it_stands(self) -> bool:
        """Whether what the second person confirmed is what is saved now."""
        check, weight, drawn = (
            self.records.dose_check, self.records.value("WEIGHT"), self.records.value("DRAWN")
        )  # fmt: skip
        return bool(
            check
            and isinstance(weight, Quantity)
            and isinstance(drawn, Quantity)
            and (round(weight.standard, 2), self.records.value("WEIGHT_DATE"), round(drawn.standard, 3))
            == (check.weight, check.weighed_on, check.drawn)
        )


def day_page(place: DayPlace, day: date | None = None) -> DayPage:
    """`day`: another date than the one that follows from what is recorded."""
    records = records_of_day(place)
    course, on = course_of(place, records), day or day_of(place, records)
    form, measured = place.vital_signs.form, []
    for row in records.rows:
        if at := measured_at(row):
            measured.append((measurement(form, at.astimezone(place.zone), values_of(row)), row))
    weight = records.value("WEIGHT")
    return DayPage(
        place=place,
        records=records,
        day=on,
        course=course,
        steps={code: _step(place, records, course, code, on) for code in STEPS if _belongs(place, code)},
        due=tuple(_due(place, course)),
        breaches=breach_lines(place.protocol, course),
        rows=tuple(measured),
        plot=plot_of(
            form,
            [row for row, _record in measured],
            course,
            place.protocol.vital_signs_until,
            form_language(),
        ),
        dose=dose_of(weight.standard, place.protocol) if isinstance(weight, Quantity) else None,
        weight=last_weight(place),
        now=_milliseconds(timezone.now()),
        midnight=_milliseconds(datetime.combine(on, time(), place.zone)),
    )


def _belongs(place: DayPlace, code: str) -> bool:
    return code != "screens" or place.urine_screen is not None


def _due(place: DayPlace, course: DayCourse) -> list[DueView]:
    views = []
    for due in due_steps(place.protocol, course):
        title, text = due_text(due, place.zone)
        url = f"#step-rating-{due.subject}" if due.subject else f"#step-{due.step}"
        moment = _milliseconds(due.at) if due.at else None
        views.append(DueView(due.step, due.subject, title, text, moment, due.tolerance, url))
    return views


def _step(place: DayPlace, records: DayRecords, course: DayCourse, code: str, day: date) -> StepView:
    step, record, at = _source(place, records, code)
    text = _shown_text(place, saved_text(record) if record else {}, at, day)
    if code == "weight" and "item_WEIGHT" not in text:
        text |= _weight_before(place)
    entry = read_fields(at.form, dated(at.form, text, day), place.zone).entry
    evaluation = evaluation_of(at, entry, language=form_language())
    page = record_page(at, text, evaluation, saved=record, token="", asked=bool(record))
    wanted = step.items or (
        (MEASURED_BEFORE if code == "before" else MEASURED) if step.target == "vital_signs" else ()
    )
    rows = [row for section in page.sections for row in section.rows]
    chosen = [row for row in rows if row.code in wanted] if wanted else rows
    kept = _shown_text(place, saved_text(record), at, day) if record else {}
    moment = values_of(record).get(step.moment) if record and step.moment else None
    when = moment if isinstance(moment, datetime) else None
    concerned = {row.code for row in chosen} | set(step.asks)
    return StepView(
        code=code,
        title=str(step.title),
        rows=tuple(
            StepRow(
                replace(row, shown=True, questions=()),
                kept.get(row.field, ""),
                kept.get(row.reason_field, ""),
                kept.get(row.unit_field, ""),
                ASKED_WHEN.get(row.field, ""),
                row.code in (step.moment, "TIME"),
            )
            for row in sorted(chosen, key=lambda row: wanted.index(row.code) if wanted else 0)
        ),
        done=code in course.done,
        saved=any(kept.get(row.field) or kept.get(row.reason_field) for row in chosen),
        at=f"{when.astimezone(place.zone):%H:%M}" if when else "",
        moment=_milliseconds(when) if when else None,
        url=reverse("infusion_step", args=[place.visit.pk, code]),
        token=new_token(),
        questions=tuple(
            question
            for row in rows
            if row.code in concerned
            for question in row.questions
            if not question.answer
        ),
    )


def _source(place: DayPlace, records: DayRecords, code: str) -> tuple[Step, Record | None, FormPlace]:
    step = STEPS[code]
    if step.target == "vital_signs":
        return step, None, place.vital_signs
    if step.target == "urine_screen" and place.urine_screen:
        return step, records.urine_screen, place.urine_screen
    return step, records.form, place.form


def _shown_text(place: DayPlace, text: Mapping[str, str], at: FormPlace, day: date) -> dict[str, str]:
    """Moments of the day as times alone, as they are typed here."""
    shorter = dict(text)
    for item in at.form.items:
        field = item_field(item.code)
        prefix = f"{day_text(day)} "
        if item.type == "datetime" and text.get(field, "").startswith(prefix):
            shorter[field] = text[field].removeprefix(prefix)[:5]
    return shorter


def _weight_before(place: DayPlace) -> dict[str, str]:
    """The weight that vital signs have already: it is not asked for twice."""
    measurement_before = last_weight(place)
    if measurement_before is None:
        return {}
    weight, day = measurement_before
    unit = {"unit_WEIGHT": weight.unit} if weight.unit else {}
    return {"item_WEIGHT": f"{weight.value:f}", "item_WEIGHT_DATE": day_text(day), **unit}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def calculation(dose: Dose, page: DayPage) -> str:
    """The dose, step by step, in words."""
    protocol = page.place.protocol
    sentence = _("%(weight)s kg × %(per)s mg/kg = %(exact)s mg, rounded to %(step)s mg: %(rounded)s mg") % {
        "weight": _plain(dose.weight),
        "per": f"{protocol.dose_per_kg:g}",
        "exact": _plain(dose.exact),
        "step": f"{protocol.dose_step:g}",
        "rounded": _plain(dose.rounded),
    }
    if dose.limited:
        return _("%(sum)s; the maximum is less: %(dose)s mg") % {"sum": sentence, "dose": _plain(dose.dose)}
    return sentence


def weight_age(page: DayPage) -> timedelta | None:
    weighed = page.records.value("WEIGHT_DATE")
    return page.day - weighed if isinstance(weighed, date) else None


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
