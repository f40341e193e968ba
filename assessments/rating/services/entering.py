"""Entering and correcting an assessment, and what keeps it from being saved."""

import uuid
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.utils.translation import gettext as _

from assessments.domain.change import AssessmentChange
from assessments.domain.entry import (
    AssessmentContent,
    AssessmentEntry,
    content_of,
    date_problems,
    entry_problems,
)
from assessments.models import Assessment
from assessments.rating.codec import content_in, put
from assessments.rating.second import rates_second
from assessments.rating.services.drafts import discard_draft
from assessments.rating.services.effects import Effects
from assessments.selectors import instrument_of
from assessments.timing.selectors import timing_of
from assessments.timing.text import question_before_saving
from assessments.timing.withdrawal import question_of_withdrawal
from enrollment.models import Participant, Visit
from enrollment.screening.services.screening import SCREENING
from enrollment.selectors import today_at
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.audit.models import Event
from trialsite.lib.errors import Conflict
from trialsite.lib.visible import is_visible


def complete(
    visit: Visit,
    instrument_code: str,
    entry: AssessmentEntry,
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
        with authorised_change(
            by, "assessment.enter", participant.study, participant.site, reason=_("rating entered")
        ):
            content = _checked(visit, instrument_code, entry)
            _check_open(visit)
            put(content, assessment)
            assessment.save(force_insert=True)
            _apply_effects(assessment, visit, None, by, comment)
    except IntegrityError:
        saved = _saved_before(visit, instrument_code, form_token)
        if saved is None:
            raise
        if saved.form_token == form_token and content_in(saved) == content:
            return saved
        raise Conflict(saved) from None
    return assessment


def _saved_before(visit: Visit, instrument_code: str, form_token: uuid.UUID) -> Assessment | None:
    """What stands in the way of a first rating. Raises ValidationError where it is of another visit."""
    saved = Assessment.objects.filter(visit=visit, instrument=instrument_code).first()
    if saved is None and Assessment.objects.filter(form_token=form_token).exists():
        raise ValidationError(
            _(
                "This form was submitted for another visit. Open the form of this visit again; your entries are"
                " still here."
            )
        )
    return saved


def correct(
    assessment: Assessment, entry: AssessmentEntry, *, by: User, version: int, reason: str, comment: str = ""
) -> Assessment:
    """Change a saved rating. A second send of the same change, whose answer was lost, returns what it made.

    Raises Conflict when `version` is not the saved one, ValidationError by field, and PermissionDenied for who is to rate
    the interview a second time.
    """
    visit = assessment.visit
    participant = visit.participant
    with authorised_change(by, "assessment.enter", participant.study, participant.site, reason=reason):
        if rates_second(visit, assessment, by):
            raise PermissionDenied("who is to rate a second time does not change the first")
        content = _checked(visit, assessment.instrument, entry, reason=reason)
        saved = Assessment.objects.select_for_update().get(pk=assessment.pk)
        if saved.version != version:
            if saved.version == version + 1 and _was_sent_before(saved, content, by, reason):
                return saved
            raise Conflict(saved)
        _check_open(visit)
        dated_before = None if saved.status == Assessment.Status.NOT_DONE else saved.performed_on
        put(content, saved)
        saved.version = version + 1
        saved.save(force_update=True)
        _apply_effects(saved, visit, dated_before, by, comment)
    return saved


def _was_sent_before(saved: Assessment, content: AssessmentContent, by: User, reason: str) -> bool:
    """Whether what is saved came of this very change: the same user, reason and values."""
    event = Event.objects.filter(
        chain=f"participant:{saved.participant_id}",
        table_name=Assessment._meta.db_table,
        row_pk=str(saved.pk),
    ).latest("n")
    return (event.actor, event.reason) == (by.pk, reason.strip()) and content_in(saved) == content


def problems_of(
    visit: Visit, instrument_code: str, entry: AssessmentEntry, *, reason: str | None = None
) -> dict[str, list[str]]:
    """Everything that keeps `entry` from being saved: attribute of the entry, code of an item, or "reason" → what to do.
    `reason`: for a change, why."""
    participant = visit.participant
    problems: dict[str, list[str]] = {}
    if reason is not None and not is_visible(reason):
        problems["reason"] = [_("You are changing a saved rating. Give the reason for the audit trail.")]
    instrument = instrument_of(participant.protocol.definition, instrument_code)
    today = today_at(participant.site)
    for problem in entry_problems(instrument, entry, today=today, consented_on=participant.consented_on):
        problems[problem.name] = [_(problem.message) % problem.params]
    return problems


def _checked(
    visit: Visit, instrument_code: str, entry: AssessmentEntry, *, reason: str | None = None
) -> AssessmentContent:
    """What is to be saved of `entry`, or ValidationError by field."""
    if problems := problems_of(visit, instrument_code, entry, reason=reason):
        raise ValidationError(problems)
    return content_of(instrument_of(visit.participant.protocol.definition, instrument_code), entry)


def questions_of(visit: Visit, entry: AssessmentEntry, saved: Assessment | None = None) -> dict[str, str]:
    """What is asked about `entry` before it is saved: attribute → question. Nothing is asked twice: not about the date that
    stands in `saved` already; nor about one that cannot be, which no answer makes right."""
    on = entry.performed_on
    if on is None or entry.not_done or (saved and saved.performed_on == on):
        return {}
    participant = visit.participant
    if any(date_problems(on, today=today_at(participant.site), consented_on=participant.consented_on)):
        return {}
    questions = [
        text for text in (question_before_saving(visit, on), question_of_withdrawal(visit, on)) if text
    ]
    return {"performed_on": " ".join(questions)} if questions else {}


def _apply_effects(
    assessment: Assessment, visit: Visit, dated_before: date | None, by: User, comment: str
) -> None:
    done = assessment.status != Assessment.Status.NOT_DONE
    performed_on = assessment.performed_on if done else None
    change = AssessmentChange(
        participant=visit.participant_id,
        visit=visit.pk,
        period=visit.period.number if visit.period else None,
        instrument=assessment.instrument,
        version=assessment.version,
        done=done,
        itemised=bool(assessment.items),
        total=assessment.total,
        performed_on=performed_on,
        dated_before=dated_before,
        timing=timing_of(visit, performed_on),
        timing_before=timing_of(visit, dated_before),
        left_on=visit.participant.left_on,
    )
    effects = Effects()
    effects.note([change])
    effects.apply(by=by, comment=comment)
    discard_draft(visit, assessment.instrument, by=by)


def _check_open(visit: Visit) -> None:
    if visit.status == Visit.Status.MISSED:
        raise ValidationError(
            _("This visit is marked as missed. Mark it as not missed before you enter a rating.")
        )
    if visit.code == SCREENING:
        # Its total may change who is eligible: before anything is written, as who randomises takes it.
        Participant.objects.select_for_update().get(pk=visit.participant_id)
