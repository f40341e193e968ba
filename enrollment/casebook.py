"""The fields of a casebook that stand outside its visits: consent, person and criteria; the days of the treatments.

Queries and source verification name them as they name the items of a rating, with no visit: by form and field.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.facts import COMPLETE, COUNT
from enrollment.models import Participant
from trialsite.audit.models import Event
from trialsite.audit.trail import Change, changes

SCREENING, DOSING = "screening", "dosing"
PERSON, TREATMENTS = ("consented_on", "age", "sex"), "treatments"
TABLES = ("enrollment_participant", "enrollment_fact", "enrollment_failedtreatment", "enrollment_period")


def labels(participant: Participant) -> dict[str, dict[str, str]]:
    """Form → field → what people call it."""
    rules = participant.protocol.rules
    return {
        SCREENING: {
            "consented_on": _("Consent date"),
            "age": _("Age"),
            "sex": _("Sex"),
            TREATMENTS: _("Treatments that did not help"),
            **(
                {COMPLETE: _("List of treatments complete")}
                if COUNT in {c.fact for c in rules.criteria}
                else {}
            ),
            **{c.fact: c.name for c in rules.criteria if c.kind == "confirm" and c.fact != "consent"},
        },
        DOSING: {str(period.number): f"{rules.dosing_label} {period.number}" for period in rules.periods},
    }


def form_label(participant: Participant, form: str) -> str:
    return _("Screening") if form == SCREENING else participant.protocol.rules.dosing_label


def forms_of(participant: Participant) -> list[dict[str, Any]]:
    """Each form with its fields as they stand and their changes, like a row of a visit's page."""
    values = _values(participant)
    history = list(_history(participant))
    return [
        {
            "code": form,
            "label": form_label(participant, form),
            "answers": [
                {"code": code, "name": label, "value": values[form].get(code)}
                for code, label in fields.items()
            ],
            "history": [change for change in history if change.form == form],
        }
        for form, fields in labels(participant).items()
        if form == SCREENING or participant.randomised_at
    ]


def _values(participant: Participant) -> dict[str, dict[str, str | None]]:
    facts = {fact.name: _yes_no(fact.value) for fact in participant.facts.all()}
    tried = sum(not treatment.removed for treatment in participant.treatments.all())
    return {
        SCREENING: {
            **facts,
            "consented_on": _day(participant.consented_on),
            "age": None if participant.age is None else str(participant.age),
            "sex": participant.get_sex_display() or None,
            TREATMENTS: _("%(n)d, in the list below") % {"n": tried} if tried else None,
        },
        DOSING: {str(period.number): _day(period.dosed_on) for period in participant.periods.all()},
    }


def _history(participant: Participant) -> Iterator[Change]:
    """What was changed after it was first given, newest first, under the names that the forms give it."""
    asked = labels(participant)[SCREENING].keys() - {*PERSON, TREATMENTS}
    facts = {str(fact.pk): fact.name for fact in participant.facts.all() if fact.name in asked}
    periods = {str(period.pk): str(period.number) for period in participant.periods.all()}
    treatments = {str(treatment.pk): treatment.name for treatment in participant.treatments.all()}
    events = Event.objects.filter(chain=f"participant:{participant.pk}", op="U", table_name__in=TABLES)
    for change in changes(events.order_by("-n")):
        if change.old is None:
            continue
        match change.form, change.field:
            case "participant", name if name in PERSON:
                yield replace(change, form=SCREENING)
            case "fact", "value" if fact := facts.get(change.record):
                old, new = _yes_no(change.old), _yes_no(change.new)
                yield replace(change, form=SCREENING, field=fact, old=old, new=new)
            case "failedtreatment", "removed":
                off = _("taken off the list") if change.new else _("on the list again")
                yield replace(
                    change, form=SCREENING, field=TREATMENTS, old=treatments[change.record], new=off
                )
            case "failedtreatment", _field:
                yield replace(change, form=SCREENING, field=TREATMENTS)
            case "period", "dosed_on":
                yield replace(change, form=DOSING, field=periods[change.record])


def _day(day: date | None) -> str | None:
    return None if day is None else date_format(day)


def _yes_no(value: Any) -> str | None:
    return None if value is None else _("yes") if value else _("no")
