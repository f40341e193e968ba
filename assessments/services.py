"""The only writers of ratings: complete, correct, record as not done, and keep drafts."""

import uuid
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date, time

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.domain import checks
from assessments.domain import instrument as rules
from assessments.models import Assessment, Draft
from assessments.safety.services import raise_alerts
from assessments.selectors import instrument_of
from enrollment.domain.schedule import deviation_days
from enrollment.models import Participant, Visit
from enrollment.selectors import today_at
from enrollment.services import mark_performed, record_fact, take_back_performed
from enrollment.services.screening import SCREENING
from trialsite.accounts.acting import act
from trialsite.accounts.models import User
from trialsite.accounts.policy import authorise
from trialsite.audit.models import Event, Outbox
from trialsite.audit.outbox import ring
from trialsite.lib.errors import Conflict
from trialsite.review.services import Finding, Place, note_findings

# What _fill puts into a rating.
TYPED = (
    "status", "items", "missing", "total", "not_done_reason", "rater", "performed_on", "performed_time",
    "lookback_days",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A rating as it was typed: item code → whole number or None, and why an item is missing."""

    items: Mapping[str, int | None]
    missing: Mapping[str, str] = field(default_factory=dict)
    rater: str = ""
    performed_on: date | None = None
    performed_time: time | None = None
    lookback_days: int | None = None
    not_done_reason: str = ""


def complete(
    visit: Visit,
    instrument_code: str,
    entry: Entry,
    *,
    by: User,
    form_token: uuid.UUID,
    comment: str = "",
) -> Assessment:
    """Save the first rating of `instrument_code` at `visit`. `comment`: what answers its soft checks (`questions_of`).

    A second send of the same form (`form_token`) returns the record it made. Raises ValidationError by
    field, and Conflict when somebody else has entered this rating, or the same form was saved with other values.
    """
    participant = visit.participant
    assessment = Assessment(
        participant=participant,
        visit=visit,
        instrument=instrument_code,
        entered_by=by,
        form_token=form_token,
    )
    try:
        with act(by, "assessment.enter", participant.study, participant.site, reason=_("rating entered")):
            _check_open(visit)
            _fill(assessment, visit, entry)
            assessment.save(force_insert=True)
            _follow(assessment, visit, by, _("rating entered"), comment)
    except IntegrityError:
        saved = Assessment.objects.filter(visit=visit, instrument=instrument_code).first()
        if saved is None and Assessment.objects.filter(form_token=form_token).exists():
            raise ValidationError(
                _(
                    "This form was sent for another visit. Open the visit's form anew; what you typed is still here."
                )
            ) from None
        if saved is None:
            raise
        if saved.form_token == form_token and _says_the_same(saved, visit, entry):
            return saved
        raise Conflict(saved) from None
    return assessment


def correct(
    assessment: Assessment, entry: Entry, *, by: User, version: int, reason: str, comment: str = ""
) -> Assessment:
    """Change a saved rating. A second send of the same change, whose answer was lost, returns what it made.

    Raises Conflict when `version` is not the saved one, ValidationError by field.
    """
    visit = assessment.visit
    participant = visit.participant
    with act(by, "assessment.enter", participant.study, participant.site, reason=reason):
        saved = Assessment.objects.select_for_update().get(pk=assessment.pk)
        if saved.version != version:
            if saved.version == version + 1 and _was_sent_before(saved, visit, entry, by, reason):
                return saved
            raise Conflict(saved)
        _check_open(visit)
        _fill(saved, visit, entry, reason=reason)
        saved.version = version + 1
        saved.save(force_update=True)
        _follow(saved, visit, by, reason, comment)
    return saved


def _was_sent_before(saved: Assessment, visit: Visit, entry: Entry, by: User, reason: str) -> bool:
    """Whether what is saved came of this very change: the same person, reason and values."""
    made = Event.objects.filter(
        chain=f"participant:{saved.participant_id}",
        table_name=Assessment._meta.db_table,
        row_pk=str(saved.pk),
    ).latest("n")
    return (made.actor, made.reason) == (by.pk, reason.strip()) and _says_the_same(saved, visit, entry)


def _says_the_same(saved: Assessment, visit: Visit, entry: Entry) -> bool:
    """Whether `entry` is what is saved: nothing that was typed since the first send is lost in silence."""
    again = copy(saved)
    try:
        _fill(again, visit, entry)
    except ValidationError:
        return False
    return all(getattr(again, name) == getattr(saved, name) for name in TYPED)


def keep_draft(visit: Visit, instrument_code: str, fields: Mapping[str, str], *, by: User) -> Draft:
    """Keep what was typed so far. Not trial data: no audit, no reason, replaced by the next."""
    participant = visit.participant
    authorise(by, "assessment.enter", participant.study, participant.site)
    draft, _made = Draft.objects.update_or_create(
        user=by,
        visit=visit,
        instrument=instrument_code,
        defaults={"fields": dict(fields), "saved_at": timezone.now()},
    )
    return draft


def discard_draft(visit: Visit, instrument_code: str, *, by: User) -> None:
    Draft.objects.filter(user=by, visit=visit, instrument=instrument_code).delete()


def problems_of(
    visit: Visit, instrument_code: str, entry: Entry, *, reason: str | None = None
) -> dict[str, str]:
    """Everything that keeps `entry` from being saved: field → what to do. `reason`: for a change, why."""
    errors: dict[str, str] = {}
    if reason is not None and not reason.strip():
        errors["reason"] = _("You change a saved rating. Say why, for the audit trail.")
    if entry.not_done_reason.strip():
        return errors
    consented_on = visit.participant.consented_on
    if entry.performed_on is None:
        errors["performed_on"] = _("Give the date of the rating.")
    elif entry.performed_on > today_at(visit.participant.site):
        errors["performed_on"] = _("This date lies in the future. Check the date of the rating.")
    elif consented_on and entry.performed_on < consented_on:
        errors["performed_on"] = _("This date lies before the consent date. Check the date of the rating.")
    if not entry.rater.strip():
        errors["rater"] = _("Give the name of the rater.")
    instrument = instrument_of(visit.participant.protocol.rules, instrument_code)
    for problem in rules.problems(instrument, entry.items, entry.missing):
        errors.setdefault(f"item_{problem.item}", _(problem.message) % problem.params)
    return errors


def _fill(assessment: Assessment, visit: Visit, entry: Entry, *, reason: str | None = None) -> None:
    """Put `entry` into `assessment`, or raise ValidationError by field."""
    if errors := problems_of(visit, assessment.instrument, entry, reason=reason):
        raise ValidationError(errors)
    instrument = instrument_of(visit.participant.protocol.rules, assessment.instrument)
    assessment.instrument_version = instrument.version
    assessment.rater, assessment.lookback_days = entry.rater, entry.lookback_days
    assessment.performed_on, assessment.performed_time = entry.performed_on, entry.performed_time
    assessment.not_done_reason = entry.not_done_reason.strip()
    if assessment.not_done_reason:
        assessment.status = Assessment.Status.NOT_DONE
        assessment.items, assessment.missing, assessment.total = {}, {}, None
        return
    score = rules.score(instrument, entry.items)
    assessment.items = {code: value for code, value in entry.items.items() if value is not None}
    assessment.missing = {
        code: why for code, why in entry.missing.items() if why and code not in assessment.items
    }
    assessment.total = score.total
    assessment.status = Assessment.Status.ENTERED if score.total is None else Assessment.Status.COMPLETE


def findings_of(assessment: Assessment, visit: Visit) -> list[checks.Check]:
    """The soft edit checks that fire on a saved rating, each with its question in words."""
    found = checks.check(
        instrument_of(visit.participant.protocol.rules, assessment.instrument),
        assessment.items,
        assessment.missing,
        performed_on=assessment.performed_on,
        earliest_on=visit.earliest_on,
        latest_on=visit.latest_on,
    )
    return [check for check in found if check.severity == "soft"]


def questions_of(visit: Visit, entry: Entry, saved: Assessment | None = None) -> dict[str, str]:
    """What is asked about `entry` before it is saved: field → question. Nothing is asked twice: not about the date that
    stands in `saved` already."""
    on, first, last = entry.performed_on, visit.earliest_on, visit.latest_on
    if not (on and first and last) or entry.not_done_reason.strip() or (saved and saved.performed_on == on):
        return {}
    days = deviation_days(first, last, on)
    if not days:
        return {}
    words = {"days": abs(days), "first": date_format(first), "last": date_format(last), "on": date_format(on)}
    asked = (
        ngettext(
            "%(on)s is %(days)d day before the window (%(first)s – %(last)s): is the date right?",
            "%(on)s is %(days)d days before the window (%(first)s – %(last)s): is the date right?",
            abs(days),
        )
        if days < 0
        else ngettext(
            "%(on)s is %(days)d day after the window (%(first)s – %(last)s): is the date right?",
            "%(on)s is %(days)d days after the window (%(first)s – %(last)s): is the date right?",
            abs(days),
        )
    )
    return {"performed_on": asked % words}


def _follow(assessment: Assessment, visit: Visit, by: User, reason: str, comment: str) -> None:
    """What a saved rating brings with it: the visit took place, edit checks ask, safety alerts are raised, eligibility
    hears of the total, drafts go."""
    if assessment.status != Assessment.Status.NOT_DONE:
        mark_performed(visit, assessment.performed_on, by=by, reason=reason)
    elif assessment.version > 1 and not _others_done(assessment):
        take_back_performed(visit, by=by, reason=reason)
    found = [
        Finding(check.id, check.version, check.item, _(check.message) % check.params, comment.strip())
        for check in findings_of(assessment, visit)
    ]
    if found or assessment.version > 1:
        note_findings(Place(visit.participant, visit, assessment.instrument), found, by=by, reason=reason)
    instrument = instrument_of(visit.participant.protocol.rules, assessment.instrument)
    raise_alerts(Assessment.objects.filter(participant=assessment.participant_id), instrument)
    if visit.code == SCREENING:
        record_fact(
            visit.participant,
            f"{assessment.instrument.lower()}_total",
            assessment.total,
            by=by,
            source=f"{assessment.instrument} at screening, version {assessment.version}",
            reason=reason,
        )
    discard_draft(visit, assessment.instrument, by=by)
    ring(Outbox.Kind.RECOMPUTE)


def _others_done(assessment: Assessment) -> bool:
    """Whether another instrument was rated at the same visit."""
    others = Assessment.objects.filter(visit=assessment.visit_id).exclude(pk=assessment.pk)
    return others.exclude(status=Assessment.Status.NOT_DONE).exists()


def _check_open(visit: Visit) -> None:
    if visit.status == Visit.Status.MISSED:
        raise ValidationError(_("This visit is marked as missed. Take that back before you enter a rating."))
    if visit.code == SCREENING:
        # Its total may change who is eligible: before anything is written, as who randomises takes it.
        Participant.objects.select_for_update().get(pk=visit.participant_id)
