"""The investigator's decision on eligibility, signed; and the way back from a screen failure made in error."""

from dataclasses import asdict

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from enrollment.domain import eligibility
from enrollment.models import EligibilityDecision, Participant
from enrollment.selectors import judged, judged_sha256, locked
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.lib import refusals
from trialsite.lib.errors import Conflict
from trialsite.lib.visible import is_visible
from trialsite.review.signing import refusal_of

MEANING = {
    True: "I have reviewed the criteria and the underlying values; my decision: eligible",
    False: "I have reviewed the criteria and the underlying values; my decision: not eligible",
}


def confirm_eligibility(
    participant: Participant,
    *,
    by: User,
    eligible: bool = True,
    reason: str = "",
    judged_on: str | None = None,
) -> EligibilityDecision:
    """Decide, and sign the decision: the caller has just confirmed the password.

    Eligible needs every criterion known and met; not eligible is the investigator's to say at any time, with a reason.
    `judged_on`: selectors.judged_sha256 of what the user read; None when nobody read a page. Raises Conflict when values
    have changed since, and ValidationError.
    """
    with authorised_change(
        by,
        "eligibility.confirm",
        participant.study,
        participant.site,
        reason=reason or "eligibility confirmed",
    ):
        saved = locked(participant)
        _check_open(saved, judged_on)
        verdict, facts = judged(saved)
        _check_decision(verdict, eligible, reason)
        decision = _sign(
            EligibilityDecision(
                participant=saved,
                eligible=eligible,
                criteria=[asdict(result) for result in verdict.results],
                facts=facts,
                comment=reason.strip(),
                decided_by=by,
                meaning=MEANING[eligible],
            )
        )
        saved.status = Participant.Status.ELIGIBLE if eligible else Participant.Status.SCREEN_FAILED
        if not eligible:
            not_met = [_(result.message) % result.params for result in verdict.not_met]
            saved.left_reason = "; ".join([*not_met, reason.strip()])
        saved.version += 1
        saved.save()
    return decision


def _sign(decision: EligibilityDecision) -> EligibilityDecision:
    """Who, when, the name and the confirmation it rests on are set by the database, which refuses without one."""
    try:
        with transaction.atomic():
            decision.save(force_insert=True)
    except DatabaseError as error:
        if refusals.code(error) == refusals.NOT_ALLOWED:
            raise PermissionDenied("eligibility.confirm") from error
        rest = decision.participant.protocol.definition.signing_rest_hours
        raise refusal_of(error, decision.decided_by, rest) from error
    decision.refresh_from_db()
    return decision


def reopen_screening(participant: Participant, *, by: User, reason: str) -> None:
    """A screen failure was made in error: back to screening. The decision stays on record; another one follows."""
    if not is_visible(reason):
        raise ValidationError({"reason": _("Give the reason for reversing the screen failure.")})
    with authorised_change(by, "eligibility.confirm", participant.study, participant.site, reason=reason):
        saved = locked(participant)
        if saved.status != Participant.Status.SCREEN_FAILED:
            raise ValidationError(_("Only a screen failure can be returned to screening."))
        if again := Participant.objects.filter(rescreen_of=saved).first():
            raise ValidationError(
                _("This participant was re-screened as %(code)s; continue there.") % {"code": again.code}
            )
        saved.status, saved.left_reason = Participant.Status.SCREENING, ""
        saved.version += 1
        saved.save()


def _check_open(saved: Participant, judged_on: str | None) -> None:
    if saved.status != Participant.Status.SCREENING:
        raise ValidationError(
            _("Screening of %(code)s is closed (%(status)s); the decision is final.")
            % {"code": saved.code, "status": saved.get_status_display()}
        )
    if judged_on is not None and judged_on != judged_sha256(saved):
        raise Conflict(saved)


def _check_decision(verdict: eligibility.Verdict, eligible: bool, reason: str) -> None:
    if eligible and verdict.unknown:
        raise ValidationError(
            _("Some criteria are not known yet. Complete them before confirming eligibility.")
        )
    if eligible and verdict.verdict != "eligible":
        raise ValidationError(
            _("Not all criteria are met: a participant cannot be enrolled contrary to the protocol.")
        )
    if not eligible and not is_visible(reason):
        raise ValidationError({"reason": _("Give the reason why the participant is not eligible.")})
