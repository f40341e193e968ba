"""A rating dated after its participant withdrew: asked about before the save, kept with a comment, and a query without."""

from collections.abc import Iterable, Mapping
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assessments.domain.change import AssessmentChange
from enrollment.models import Visit
from trialsite.accounts.models import User
from trialsite.review.services import Finding, Place, settle_findings_at

# Its version changes only together with its rule.
AFTER_WITHDRAWAL, VERSION = "RATING-AFTER-WITHDRAWAL", "1"


def after_withdrawal(visit: Visit, performed_on: date | None) -> bool:
    left_on = visit.participant.left_on
    return bool(left_on and performed_on and performed_on > left_on)


def question_of_withdrawal(visit: Visit, performed_on: date | None) -> str:
    """What is asked before a rating of this date is saved; empty where it is not after the withdrawal."""
    left_on = visit.participant.left_on
    if not (left_on and performed_on and after_withdrawal(visit, performed_on)):
        return ""
    question = _("The participant withdrew on %(left)s, before %(on)s: is the date correct?")
    return question % {"left": date_format(left_on), "on": date_format(performed_on)}


def check_withdrawals(
    changes: Iterable[AssessmentChange], visits: Mapping[int, Visit], *, by: User, comment: str
) -> None:
    """Ratings were saved. `visits`: theirs, by id; `comment`: what answers the question about the date. Nothing is asked
    twice of one date."""
    findings = {}
    for change in changes:
        if change.asked_about_withdrawal:
            visit = visits[change.visit]
            place = Place(visit.participant, visit, change.instrument)
            findings[place] = _findings(visit, change.performed_on, comment)
    if findings:
        settle_findings_at(findings, checks=(AFTER_WITHDRAWAL,), by=by)


def _findings(visit: Visit, performed_on: date | None, comment: str) -> list[Finding]:
    if not after_withdrawal(visit, performed_on):
        return []
    text = _("The date of the rating is after the participant withdrew. Is it correct?")
    return [Finding(AFTER_WITHDRAWAL, VERSION, "", text, comment.strip())]
