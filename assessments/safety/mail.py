"""Mail about safety alerts: that there is one, where, and a link; neither a value nor a treatment."""

import logging

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from assessments.models.safety import SafetyAlert
from assessments.safety.selectors import ACKNOWLEDGE
from trialsite.accounts.models import Membership, Role
from trialsite.accounts.policy import POLICY

logger = logging.getLogger(__name__)


def send(alert: SafetyAlert, *, escalated: bool) -> None:
    """One message for all who are to be told, so that it is sent to all of them or to nobody."""
    recipients = recipients_of(alert, escalated=escalated)
    if not recipients:
        logger.warning("safety alert %d: nobody has an address for mail", alert.pk)
        return
    EmailMessage(
        _subject(alert, escalated=escalated), _body(alert, escalated=escalated), bcc=recipients
    ).send()


def recipients_of(alert: SafetyAlert, *, escalated: bool) -> list[str]:
    """Addresses of those who may acknowledge it, and of the monitors when it has waited for too long."""
    roles = POLICY[ACKNOWLEDGE] | ({Role.MONITOR} if escalated else set())
    members = Membership.objects.current().filter(
        Q(site=None) | Q(site=alert.site_id), study=alert.participant.study_id, role__in=roles
    )
    return sorted(set(members.exclude(user__email="").values_list("user__email", flat=True)))


def _subject(alert: SafetyAlert, *, escalated: bool) -> str:
    participant = alert.participant
    where = {"study": participant.study.code, "code": participant.code}
    if escalated:
        return _("%(study)s: safety alert for %(code)s not acknowledged") % where
    return _("%(study)s: safety alert for %(code)s") % where


def _body(alert: SafetyAlert, *, escalated: bool) -> str:
    participant = alert.participant
    address = reverse("participant", args=[participant.study.code, participant.code])
    lines = [
        _("Study %(study)s, site %(site)s, participant %(code)s.")
        % {"study": participant.study.code, "site": participant.site.code, "code": participant.code},
        _("This safety alert was not acknowledged in time. Please make sure that somebody acts now.")
        if escalated
        else _("There is a safety alert. Please act now, and acknowledge it by stating what was done."),
        f"{settings.PUBLIC_URL}{address}",
    ]
    return "\n\n".join(lines) + "\n"
