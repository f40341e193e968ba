"""The fields of a casebook that stand outside its visits: consent, age and sex, criteria; the days of the treatments.

Queries and source verification name them as they name the items of a rating, with no visit: by form and field.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.casebook.records import Answer, FormRecord
from enrollment.domain.eligibility import TREATMENTS_COMPLETE
from enrollment.models import Participant
from enrollment.protocol.treatments import FAILED_TREATMENTS
from trialsite.audit.models import Event
from trialsite.audit.trail import Change, changes

SCREENING, DOSING = "screening", "dosing"
PERSON = ("consented_on", "consent_version", "age", "sex")
TABLES = ("enrollment_participant", "enrollment_fact", "enrollment_period")


def labels(participant: Participant) -> dict[str, dict[str, str]]:
    """Form → field → what people call it."""
    protocol = participant.protocol.definition
    return {
        SCREENING: {
            "consented_on": _("Consent date"),
            "consent_version": _("Consent version signed"),
            "age": _("Age"),
            "sex": _("Sex"),
            **(
                {TREATMENTS_COMPLETE: _("List of treatments complete")}
                if FAILED_TREATMENTS in {c.fact for c in protocol.criteria}
                else {}
            ),
            **{c.fact: c.name for c in protocol.criteria if c.kind == "confirm" and c.fact != "consent"},
        },
        DOSING: {
            str(period.number): f"{protocol.dosing_label} {period.number}" for period in protocol.periods
        },
    }


def form_label(participant: Participant, form: str) -> str:
    return _("Screening") if form == SCREENING else participant.protocol.definition.dosing_label


def forms_of(participant: Participant) -> list[FormRecord]:
    """Each form with its fields as they stand and their changes, like a row of a visit's page."""
    values = _values(participant)
    history = list(_history(participant))
    return [
        FormRecord(
            code=form,
            label=form_label(participant, form),
            answers=[
                Answer(code=code, name=label, value=values[form].get(code)) for code, label in fields.items()
            ],
            history=[change for change in history if change.form == form],
        )
        for form, fields in labels(participant).items()
        if form == SCREENING or participant.randomised_at
    ]


def _values(participant: Participant) -> dict[str, dict[str, str | None]]:
    facts = {fact.name: _yes_no(fact.value) for fact in participant.facts.all()}
    return {
        SCREENING: {
            **facts,
            "consented_on": _day(participant.consented_on),
            "consent_version": _consent(participant),
            "age": None if participant.age is None else str(participant.age),
            "sex": participant.get_sex_display() or None,
        },
        DOSING: {str(period.number): _day(period.dosed_on) for period in participant.periods.all()},
    }


def _history(participant: Participant) -> Iterator[Change]:
    """What was changed after it was first given, newest first, under the names that the forms give it."""
    answered = labels(participant)[SCREENING].keys() - {*PERSON}
    facts = {str(fact.pk): fact.name for fact in participant.facts.all() if fact.name in answered}
    versions = {str(each.pk): str(each) for each in participant.study.consent_versions.all()}
    periods = {str(period.pk): str(period.number) for period in participant.periods.all()}
    events = Event.objects.filter(chain=f"participant:{participant.pk}", op="U", table_name__in=TABLES)
    for change in changes(events.order_by("-n")):
        if change.old is None:
            continue
        match change.form, change.field:
            case "participant", name if name in PERSON:
                yield replace(change, form=SCREENING)
            case "participant", "consent_version_id":
                old, new = versions.get(str(change.old)), versions.get(str(change.new))
                yield replace(change, form=SCREENING, field="consent_version", old=old, new=new)
            case "fact", "value" if fact := facts.get(change.record):
                old, new = _yes_no(change.old), _yes_no(change.new)
                yield replace(change, form=SCREENING, field=fact, old=old, new=new)
            case "period", "dosed_on":
                yield replace(change, form=DOSING, field=periods[change.record])


def _consent(participant: Participant) -> str | None:
    """Of who consented without a text on record, just that; none is invented."""
    if participant.consent_version is not None:
        return str(participant.consent_version)
    return _("version not recorded") if participant.consented_on else None


def _day(day: date | None) -> str | None:
    return None if day is None else date_format(day)


def _yes_no(value: Any) -> str | None:
    return None if value is None else _("yes") if value else _("no")
