"""Who runs the study keeps its consent texts, and since when each is approved at a site."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enrollment.consents.selectors import lock_consent_version
from enrollment.consents.text import LANGUAGES
from enrollment.domain import plausible
from enrollment.models import ConsentApproval, ConsentVersion, Participant
from enrollment.schedule.services.effects import course_changed
from enrollment.selectors import today_at
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Site, Study, User
from trialsite.lib.errors import Conflict
from trialsite.lib.visible import is_visible

MANAGE = "consent.manage"


def add_consent_version(
    study: Study, *, by: User, label: str, language: str, dated_on: date
) -> ConsentVersion:
    """A text of `study` in one language. Raises ValidationError by field."""
    with authorised_change(by, MANAGE, study, reason=_("consent version entered")):
        version = ConsentVersion(study=study, entered_by=by)
        return _write(version, label=label, language=language, dated_on=dated_on)


def correct_consent_version(
    consent_version: ConsentVersion,
    *,
    by: User,
    version: int,
    label: str,
    language: str,
    dated_on: date,
    reason: str,
) -> ConsentVersion:
    """What was entered of a text was wrong. A new text is a version of its own. Raises ValidationError by field, Conflict
    when `version` is old."""
    _require(reason)
    with authorised_change(by, MANAGE, consent_version.study, reason=reason):
        saved = lock_consent_version(consent_version)
        if saved.version != version:
            raise Conflict(saved)
        saved.version += 1
        written = _write(saved, label=label, language=language, dated_on=dated_on)
        _judge_again(written, by=by)
        return written


def approve_consent_version(
    consent_version: ConsentVersion,
    site: Site,
    *,
    by: User,
    version: int,
    approved_on: date,
    reason: str = "",
) -> ConsentApproval:
    """Since when the text may be used at `site`; a saved day is corrected with a reason. Who signed it there is judged by
    that day from now on. `version`: of the approval as it was seen, 0 for none. Raises ValidationError by field, or
    Conflict."""
    today = today_at(site)
    if approved_on > today:
        raise ValidationError({"approved_on": _("The approval date is in the future. Check the date.")})
    if plausible.before_any_trial(approved_on, today):
        message = _("The approval date is more than ten years ago. Check the year.")
        raise ValidationError({"approved_on": message})
    if site.study_id != consent_version.study_id:
        raise ValidationError(_("This site is of another study."))
    why = reason or _("approval of a consent version entered")
    with authorised_change(by, MANAGE, consent_version.study, reason=why):
        lock_consent_version(consent_version)
        saved = consent_version.approvals.filter(site=site).first()
        if (saved.version if saved else 0) != version:
            raise Conflict(saved)
        if saved:
            _require(reason)
        approval = saved or ConsentApproval(
            study=consent_version.study,
            consent_version=consent_version,
            site=site,
            version=0,
            entered_by=by,
        )
        approval.approved_on = approved_on
        approval.version += 1
        approval.save()
        _judge_again(consent_version, by=by, site=site)
        return approval


def _write(version: ConsentVersion, *, label: str, language: str, dated_on: date) -> ConsentVersion:
    if not is_visible(label):
        raise ValidationError({"label": _("Enter the version as it is printed on the text.")})
    if language not in LANGUAGES:
        raise ValidationError({"language": _("Choose the language of the text.")})
    version.label, version.language, version.dated_on = label.strip(), language, dated_on
    try:
        with transaction.atomic():
            version.save()
    except IntegrityError:
        message = _("There is a version of this name and language already.")
        raise ValidationError({"label": message}) from None
    return version


def _judge_again(consent_version: ConsentVersion, *, by: User, site: Site | None = None) -> None:
    signed = Participant.objects.filter(consent_version=consent_version)
    if site is not None:
        signed = signed.filter(site=site)
    course_changed(list(signed.values_list("pk", flat=True)), by=by)


def _require(reason: str) -> None:
    if not is_visible(reason):
        raise ValidationError({"reason": _("Give the reason for the change.")})
