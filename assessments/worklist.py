"""What ratings add to the work list: items that are still missing."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import Assessment
from enrollment.worklist import LIMIT, Action
from trialsite.accounts.models import Study, User
from trialsite.accounts.policy import sites_where


def items_missing(user: User, study: Study) -> list[Action]:
    """Saved ratings without a total, at sites where `user` enters data."""
    ratings = (
        Assessment.objects.filter(
            participant__site__in=sites_where(user, "assessment.enter", study),
            status=Assessment.Status.ENTERED,
        )
        .select_related("participant", "visit", "visit__period")
        .order_by("performed_on")[:LIMIT]
    )
    return [_action(rating) for rating in ratings]


def _action(rating: Assessment) -> Action:
    n = len(rating.missing)
    visit = rating.visit
    where = _("period %(n)d, ") % {"n": visit.period.number} if visit.period else ""
    return Action(
        participant=rating.participant.code,
        what=_("Complete the rating"),
        why=where + visit.label + ": " + ngettext("%(n)d item missing", "%(n)d items missing", n) % {"n": n},
        url=reverse("rating", args=[visit.pk, rating.instrument]),
        state="due",
        on=rating.performed_on,
    )
