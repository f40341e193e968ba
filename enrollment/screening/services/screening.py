"""Screening: consent, age and sex, the checklist; and who is screened again."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

from enrollment.consents.selectors import lock_consent_version
from enrollment.dates import check_consent, why
from enrollment.halts.selectors import halted
from enrollment.models import ConsentVersion, Participant, Visit
from enrollment.protocol.treatments import FAILED_TREATMENTS
from enrollment.schedule.services.effects import course_changed
from enrollment.screening.facts import treatments_complete, write_facts
from enrollment.screening.services.drafts import discard_screening_draft
from enrollment.selectors import facts_of, locked
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Site, User
from trialsite.lib.errors import Conflict
from trialsite.lib.visible import is_visible

SCREENING = "SCREENING"


def screen(
    site: Site,
    *,
    by: User,
    consented_on: date,
    age: int,
    sex: str,
    consent_version: ConsentVersion | None = None,
    kept_because: str = "",
) -> Participant:
    """Begin screening a participant at `site`; they get the site's next code. `consent_version`: the text that was signed,
    where it is known; `kept_because`: why an improbable consent date is right. Raises ValidationError by field."""
    with authorised_change(by, "participant.screen", site.study, site, reason=kept_because):
        return _screen(
            site, consented_on, age, sex, by=by, consent_version=consent_version, kept_because=kept_because
        )


def rescreen(
    failed: Participant,
    *,
    by: User,
    consented_on: date,
    age: int,
    sex: str,
    reason: str,
    consent_version: ConsentVersion | None = None,
    kept_because: str = "",
) -> Participant:
    """Screen a screen failure again, under the site's next code and linked to the old one. Once: who fails again is
    screened again from there. Raises ValidationError by field."""
    reason = _visible_reason(reason, _("Give the reason for re-screening."))
    with authorised_change(
        by, "participant.screen", failed.study, failed.site, reason=why(reason, kept_because)
    ):
        saved = locked(failed)
        if saved.status != Participant.Status.SCREEN_FAILED:
            raise ValidationError(_("Only a screen failure can be re-screened."))
        if again := Participant.objects.filter(rescreen_of=saved).first():
            raise ValidationError(_("This participant was re-screened as %(code)s.") % {"code": again.code})
        if saved.consented_on and consented_on < saved.consented_on:
            message = _("This date is before the consent for the earlier screening. Check the date.")
            raise ValidationError({"consented_on": message})
        return _screen(
            saved.site,
            consented_on,
            age,
            sex,
            by=by,
            consent_version=consent_version,
            kept_because=kept_because,
            rescreen_of=saved,
        )


def _screen(
    site: Site,
    consented_on: date,
    age: int,
    sex: str,
    *,
    by: User,
    consent_version: ConsentVersion | None,
    kept_because: str,
    rescreen_of: Participant | None = None,
) -> Participant:
    if halted(site.study_id, "screening"):
        raise ValidationError(
            _("Enrolment in this study is paused. No participant can be screened until it is resumed.")
        )
    _hold_consent(consent_version, site)
    _check_participant(consented_on, age, sex, site, kept_because=kept_because)
    with connection.cursor() as cursor:
        # Two participants at one site at once must not get one code.
        cursor.execute("select pg_advisory_xact_lock(hashtext('participant.code'), %s)", [site.pk])
    number = Participant.objects.filter(site=site).count() + 1
    participant = Participant.objects.create(
        study=site.study,
        site=site,
        protocol=site.study.protocols.latest(),
        code=f"{site.code}-{number:03d}",
        consented_on=consented_on,
        consent_version=consent_version,
        age=age,
        sex=sex,
        rescreen_of=rescreen_of,
    )
    Visit.objects.create(
        participant=participant, code=SCREENING, label=_("Screening"), planned_on=consented_on
    )
    write_facts(participant, {"age": age, "consent": True}, source="screening form")
    if consent_version is not None:
        course_changed([participant.pk], by=by)
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
    consent_version: ConsentVersion | None = None,
    reason: str = "",
    kept_because: str = "",
) -> None:
    """Save the screening form, also after the decision. `checklist`: fact name → yes, no or not yet known;
    `kept_because`: why an improbable consent date is right.

    Raises Conflict when `version` is not the saved one, ValidationError by field: a day that cannot be or is asked about,
    a changed value without a reason.
    """
    message = why(reason, kept_because)
    with authorised_change(by, "participant.screen", participant.study, participant.site, reason=message):
        _hold_consent(consent_version, participant.site)
        saved = locked(participant)
        if saved.version != version:
            raise Conflict(saved)
        _check_participant(consented_on, age, sex, saved.site, saved=saved, kept_because=kept_because)
        facts = {"age": age, "consent": True, **checklist}
        changes_saved_value = (
            (saved.consented_on, saved.age, saved.sex) != (consented_on, age, sex)
            or saved.consent_version not in (None, consent_version)
            or any(
                value is not None and facts.get(name, value) != value
                for name, value in facts_of(saved).items()
            )
        )
        if changes_saved_value and not is_visible(reason):
            raise ValidationError(
                {"reason": _("You are changing a saved value. Give the reason for the audit trail.")}
            )
        saved.consented_on, saved.age, saved.sex, saved.version = consented_on, age, sex, version + 1
        saved.consent_version = consent_version
        saved.save()
        write_facts(saved, facts, source="screening form")
        course_changed([saved.pk], by=by)
        discard_screening_draft(saved, by=by)


def record_fact(participant: Participant, name: str, value: float | None, *, source: str) -> None:
    """What another room measured or counted, for eligibility: the HAM-D total comes this way, and what criteria name of
    forms. Part of the change that measured it, whose caller has authorised."""
    if name == FAILED_TREATMENTS and not treatments_complete(participant):
        value = None
    write_facts(participant, {name: value}, source=source)


def _hold_consent(consent_version: ConsentVersion | None, site: Site) -> None:
    """Whether it was approved is no matter here: what was signed is recorded, and its deviation files itself."""
    if consent_version is None:
        return
    if consent_version.study_id != site.study_id:
        raise ValidationError({"consent_version": _("Choose a consent version of this study.")})
    lock_consent_version(consent_version)


def _check_participant(
    consented_on: date,
    age: int,
    sex: str,
    site: Site,
    *,
    saved: Participant | None = None,
    kept_because: str,
) -> None:
    errors: dict[str, Any] = {}
    try:
        check_consent(consented_on, site, saved=saved, kept_because=kept_because)
    except ValidationError as error:
        errors |= error.error_dict
    if not 0 <= age <= 120:
        errors["age"] = _("Age must be between 0 and 120 years.")
    if sex not in Participant.Sex.values:
        errors["sex"] = _("Choose one of: %(choices)s.") % {
            "choices": ", ".join(map(str, Participant.Sex.labels))
        }
    if errors:
        raise ValidationError(errors)


def _visible_reason(reason: str, otherwise: str) -> str:
    if not is_visible(reason):
        raise ValidationError({"reason": otherwise})
    return reason.strip()
