"""The only writers of second ratings: rate again, correct that, and decide between two that are far apart."""

import uuid

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.domain.entry import AssessmentContent, AssessmentEntry, content_of
from assessments.models import Assessment, SecondRating
from assessments.rating.codec import put
from assessments.rating.second import RatingPair, pair_of, wants_second
from assessments.rating.services.drafts import discard_draft
from assessments.rating.services.entering import problems_of
from assessments.selectors import instrument_of
from enrollment.models import Visit
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.lib.errors import Conflict
from trialsite.lib.visible import is_visible


def rate_again(
    visit: Visit,
    instrument: str,
    entry: AssessmentEntry,
    *,
    by: User,
    form_token: uuid.UUID,
    reason: str = "",
) -> SecondRating:
    """Save the second rating of `instrument` at `visit`, by another person and rater than the first. A second send of the
    same form returns what it made. Raises ValidationError by field, and Conflict when there is one already."""
    participant = visit.participant
    second = SecondRating(
        participant=participant, visit=visit, instrument=instrument, entered_by=by, form_token=form_token
    )
    reason = reason or _("second rating entered")
    try:
        with authorised_change(by, "assessment.enter", participant.study, participant.site, reason=reason):
            content = _checked(visit, instrument, entry)
            _refuse_same_rater(visit, instrument, entry, by)
            put(content, second)
            second.save(force_insert=True)
            discard_draft(visit, instrument, by=by)
    except IntegrityError:
        saved = SecondRating.objects.filter(visit=visit, instrument=instrument).first()
        if saved is None:
            raise
        if saved.form_token == form_token:
            return saved
        raise Conflict(saved) from None
    return second


def correct_second(
    second: SecondRating, entry: AssessmentEntry, *, by: User, version: int, reason: str
) -> SecondRating:
    """Change a second rating, by who entered it, as long as nobody has adjudicated."""
    visit, participant = second.visit, second.visit.participant
    if second.entered_by_id != by.pk:
        raise PermissionDenied
    with authorised_change(by, "assessment.enter", participant.study, participant.site, reason=reason):
        content = _checked(visit, second.instrument, entry, reason=reason)
        saved = SecondRating.objects.select_for_update().get(pk=second.pk)
        if saved.version != version:
            raise Conflict(saved)
        if saved.adjudicated_total is not None:
            raise ValidationError(_("The two ratings are adjudicated: the second is not changed any more."))
        _refuse_same_rater(visit, second.instrument, entry, by)
        put(content, saved)
        saved.version = version + 1
        saved.save(force_update=True)
    return saved


def adjudicate(visit: Visit, instrument: str, total: int, *, by: User, reason: str) -> SecondRating:
    """Decide what counts as the total of two ratings that are far apart, or decide otherwise than before."""
    participant = visit.participant
    if not is_visible(reason):
        raise ValidationError({"reason": _("Give the reason for the adjudicated total.")})
    with authorised_change(by, "rating.adjudicate", participant.study, participant.site, reason=reason):
        second = SecondRating.objects.select_for_update().filter(visit=visit, instrument=instrument).first()
        if second is None:
            raise ValidationError(_("There is no second rating."))
        pair = pair_of(visit, instrument)
        _check_adjudicated(pair, visit, total)
        second.adjudicated_total = total
        second.adjudication_reason = reason.strip()
        second.adjudicated_by, second.adjudicated_at = by, timezone.now()
        second.version += 1
        second.save(force_update=True)
    return second


def _checked(
    visit: Visit, instrument: str, entry: AssessmentEntry, *, reason: str | None = None
) -> AssessmentContent:
    """What is to be saved of `entry`, or ValidationError by field."""
    if problems := problems_of(visit, instrument, entry, reason=reason):
        raise ValidationError(problems)
    if visit.status == Visit.Status.MISSED:
        raise ValidationError(
            _("This visit is marked as missed. Mark it as not missed before you enter a rating.")
        )
    return content_of(instrument_of(visit.participant.protocol.definition, instrument), entry)


def _check_adjudicated(pair: RatingPair, visit: Visit, total: int) -> None:
    if pair.comparison not in ("to_adjudicate", "adjudicated"):
        raise ValidationError(_("The two ratings are not far enough apart to be adjudicated."))
    instrument = instrument_of(visit.participant.protocol.definition, pair.use.code)
    if not instrument.total_minimum <= total <= instrument.total_maximum:
        limits = {"low": instrument.total_minimum, "high": instrument.total_maximum}
        raise ValidationError({"total": _("The total ranges from %(low)d to %(high)d.") % limits})


def _refuse_same_rater(visit: Visit, instrument: str, entry: AssessmentEntry, by: User) -> None:
    first = Assessment.objects.filter(visit=visit, instrument=instrument).first()
    if first is None or not wants_second(visit, instrument):
        raise ValidationError(
            _("The protocol asks for no second rating here, or the first is not saved yet.")
        )
    if first.entered_by_id == by.pk:
        raise ValidationError(_("You entered the first rating: another person enters the second."))
    if not entry.not_done and entry.rater.strip().casefold() == first.rater.strip().casefold():
        raise ValidationError(
            {"rater": _("This is the rater of the first rating. Another rates a second time.")}
        )
