"""Screening: consent, the person, the checklist; and who is screened again."""

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Min
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.facts import locked, write_facts
from enrollment.models import EnrollmentPause, Participant, Visit
from enrollment.selectors import facts_of, today_at
from enrollment.services.drafts import discard_screening_draft
from trialsite.accounts.acting import act
from trialsite.accounts.models import Site, User
from trialsite.lib.errors import Conflict

SCREENING = "SCREENING"


def screen(site: Site, *, by: User, consented_on: date, age: int, sex: str) -> Participant:
    """Begin screening a person at `site`; they get the site's next code. Raises ValidationError by field."""
    with act(by, "participant.screen", site.study, site):
        return _screen(site, consented_on, age, sex)


def rescreen(
    failed: Participant, *, by: User, consented_on: date, age: int, sex: str, reason: str
) -> Participant:
    """Screen a screen failure again, under the site's next code and linked to the old one. Once: who fails again is
    screened again from there. Raises ValidationError by field."""
    reason = _said(reason, _("Say why the person is screened again."))
    with act(by, "participant.screen", failed.study, failed.site, reason=reason):
        saved = locked(failed)
        if saved.status != Participant.Status.SCREEN_FAILED:
            raise ValidationError(_("Only a screen failure is screened again."))
        if again := Participant.objects.filter(rescreen_of=saved).first():
            raise ValidationError(_("This person was screened again as %(code)s.") % {"code": again.code})
        if saved.consented_on and consented_on < saved.consented_on:
            said = _("This day lies before the consent to the earlier screening. Check the date.")
            raise ValidationError({"consented_on": said})
        return _screen(saved.site, consented_on, age, sex, rescreen_of=saved)


def _screen(
    site: Site, consented_on: date, age: int, sex: str, *, rescreen_of: Participant | None = None
) -> Participant:
    if EnrollmentPause.objects.filter(study=site.study, lifted_at=None).exists():
        raise ValidationError(
            _("Enrolment of this study is paused. Nobody can be screened until it is resumed.")
        )
    _check_person(consented_on, age, sex, site)
    with connection.cursor() as cursor:
        # Two people at one site at once must not get one code.
        cursor.execute("select pg_advisory_xact_lock(hashtext('participant.code'), %s)", [site.pk])
    number = Participant.objects.filter(site=site).count() + 1
    participant = Participant.objects.create(
        study=site.study,
        site=site,
        protocol=site.study.protocols.latest(),
        code=f"{site.code}-{number:03d}",
        consented_on=consented_on,
        age=age,
        sex=sex,
        rescreen_of=rescreen_of,
    )
    Visit.objects.create(
        participant=participant, code=SCREENING, label=_("Screening"), planned_on=consented_on
    )
    write_facts(participant, {"age": age, "consent": True}, source="screening form")
    return participant


def record_screening(
    participant: Participant,
    *,
    by: User,
    version: int,
    consented_on: date,
    age: int,
    sex: str,
    checklist: Mapping[str, bool | None],
    reason: str = "",
) -> None:
    """Save the screening form, also after the decision. `checklist`: fact name → yes, no or not yet known.

    Raises Conflict when `version` is not the saved one, ValidationError when a changed value has no reason.
    """
    with act(by, "participant.screen", participant.study, participant.site, reason=reason):
        saved = locked(participant)
        if saved.version != version:
            raise Conflict(saved)
        _check_person(consented_on, age, sex, saved.site)
        if (first := _first_done(saved)) and consented_on > first:
            said = _("What was done on %(day)s lies before this consent date. Check both dates.")
            raise ValidationError({"consented_on": said % {"day": date_format(first)}})
        facts = {"age": age, "consent": True, **checklist}
        changes_saved_value = (saved.consented_on, saved.age, saved.sex) != (consented_on, age, sex) or any(
            value is not None and facts.get(name, value) != value for name, value in facts_of(saved).items()
        )
        if changes_saved_value and not reason.strip():
            raise ValidationError({"reason": _("You change a saved value. Say why, for the audit trail.")})
        saved.consented_on, saved.age, saved.sex, saved.version = consented_on, age, sex, version + 1
        saved.save()
        write_facts(saved, facts, source="screening form")
        discard_screening_draft(saved, by=by)


def record_fact(
    participant: Participant, name: str, value: float | None, *, by: User, source: str, reason: str = ""
) -> None:
    """What another room measured, for eligibility: the HAM-D total comes this way."""
    with act(
        by, "assessment.enter", participant.study, participant.site, reason=reason or f"{source} recorded"
    ):
        write_facts(participant, {name: value}, source=source)


def _check_person(consented_on: date, age: int, sex: str, site: Site) -> None:
    errors = {}
    if consented_on > today_at(site):
        errors["consented_on"] = _("The consent date lies in the future. Check the date.")
    if not 0 <= age <= 120:
        errors["age"] = _("An age lies between 0 and 120 years.")
    if sex not in Participant.Sex.values:
        errors["sex"] = _("Choose one of: %(choices)s.") % {
            "choices": ", ".join(map(str, Participant.Sex.labels))
        }
    if errors:
        raise ValidationError(errors)


def _first_done(participant: Participant) -> date | None:
    """The first day on which a visit took place or a treatment was given."""
    visits = participant.visits.aggregate(first=Min("performed_on"))["first"]
    given = participant.periods.aggregate(first=Min("dosed_on"))["first"]
    return min((day for day in (visits, given) if day), default=None)


def _said(reason: str, otherwise: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": otherwise})
    return reason.strip()
