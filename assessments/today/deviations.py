"""What deviations add to the work list: those to review at a site, and those to close."""

from django.urls import reverse
from django.utils.translation import gettext as _

from assessments.deviations.selectors import waiting_for
from assessments.deviations.text import rule_text, what_happened, where
from assessments.models import Deviation
from enrollment.today.action import Action
from enrollment.today.worklist import LIMIT
from trialsite.accounts.keyset import few
from trialsite.accounts.models import Study, User


def deviations_to_settle(user: User, study: Study) -> list[Action]:
    """Oldest first, of either no more than LIMIT and one."""
    what = {Deviation.Status.OPEN: _("Review a deviation"), Deviation.Status.REVIEWED: _("Close a deviation")}
    step = {Deviation.Status.OPEN: "review", Deviation.Status.REVIEWED: "close"}
    return [
        Action(
            participant=deviation.participant.code,
            what=what[status],
            why=": ".join(filter(None, (where(deviation), rule_text(deviation), what_happened(deviation)))),
            url=reverse("deviation_step", args=[deviation.pk, step[status]]),
            state="due",
            on=deviation.filed_at.date(),
        )
        for status, deviations in waiting_for(user, study)
        for deviation in few(deviations.order_by("filed_at", "pk"), LIMIT + 1)
    ]
