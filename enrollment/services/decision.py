"""The investigator's decision on eligibility, signed; and the way back from a screen failure made in error."""

from dataclasses import asdict

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from enrollment.domain import eligibility
from enrollment.facts import locked
from enrollment.models import EligibilityDecision, Participant
from enrollment.selectors import judged, judged_sha256
from trialsite.accounts.acting import act
from trialsite.accounts.models import User
from trialsite.lib.errors import Conflict

MEANING = {
    True: "I have read the criteria and the values they were judged on, and decide: eligible",
    False: "I have read the criteria and the values they were judged on, and decide: not eligible",
}


def confirm_eligibility(
    participant: Participant, *, by: User, eligible: bool = True, reason: str = "", shown: str | None = None
) -> EligibilityDecision:
    """Decide, and sign the decision: the caller has just confirmed the password.

    Eligible needs every criterion known and met; not eligible is the investigator's to say at any time, with a reason.
    `shown`: selectors.judged_sha256 of what the person read; None when nobody read a page. Raises Conflict when values
    have changed since, and ValidationError.
    """
    with act(
        by,
        "eligibility.confirm",
        participant.study,
        participant.site,
        reason=reason or "eligibility confirmed",
    ):
        saved = locked(participant)
        if saved.status != Participant.Status.SCREENING:
            raise ValidationError(
                _("Screening of %(code)s is closed (%(status)s); the decision stands.")
                % {"code": saved.code, "status": saved.get_status_display()}
            )
        if shown is not None and shown != judged_sha256(saved):
            raise Conflict(saved)
        verdict, facts = judged(saved)
        _check_decision(verdict, eligible, reason)
        decision = EligibilityDecision.objects.create(
            participant=saved,
            eligible=eligible,
            criteria=[asdict(result) for result in verdict.results],
            facts=facts,
            comment=reason.strip(),
            decided_by=by,
            printed_name=by.printed_name,
            meaning=MEANING[eligible],
        )
        saved.status = Participant.Status.ELIGIBLE if eligible else Participant.Status.SCREEN_FAILED
        if not eligible:
            not_met = [_(result.message) % result.params for result in verdict.not_met]
            saved.left_reason = "; ".join([*not_met, reason.strip()])
        saved.version += 1
        saved.save()
    return decision


def reopen_screening(participant: Participant, *, by: User, reason: str) -> None:
    """A screen failure was made in error: back to screening. The decision stays on record; another one follows."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the screen failure was an error.")})
    with act(by, "eligibility.confirm", participant.study, participant.site, reason=reason):
        saved = locked(participant)
        if saved.status != Participant.Status.SCREEN_FAILED:
            raise ValidationError(_("Only a screen failure goes back to screening."))
        if again := Participant.objects.filter(rescreen_of=saved).first():
            raise ValidationError(
                _("This person was screened again as %(code)s; go on there.") % {"code": again.code}
            )
        saved.status, saved.left_reason = Participant.Status.SCREENING, ""
        saved.version += 1
        saved.save()


def _check_decision(verdict: eligibility.Verdict, eligible: bool, reason: str) -> None:
    if eligible and verdict.unknown:
        raise ValidationError(_("Some criteria are not known yet. Complete them before you confirm."))
    if eligible and verdict.verdict != "eligible":
        raise ValidationError(_("Not every criterion is met: nobody is enrolled against the protocol."))
    if not eligible and not reason.strip():
        raise ValidationError({"reason": _("Say why the participant is not eligible.")})
