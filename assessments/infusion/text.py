"""What the page of an infusion day says of the steps that are due, and of what was outside a tolerance."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from assessments.domain.infusion_day import DayCourse, DueStep, ToleranceBreach, tolerance_breaches
from assessments.infusion.steps import STEPS
from enrollment.protocol.infusion import InfusionDay


def due_text(due: DueStep, zone: ZoneInfo) -> tuple[str, str]:
    """What to do, and from when to when."""
    title = due.subject or str(STEPS[due.step].title)
    if due.at is None:
        return title, ""
    at, tolerance = due.at.astimezone(zone), timedelta(minutes=due.tolerance)
    if not due.tolerance:
        return title, f"{at:%H:%M}"
    return title, _("%(at)s, from %(from)s to %(until)s") % {
        "at": f"{at:%H:%M}",
        "from": f"{at - tolerance:%H:%M}",
        "until": f"{at + tolerance:%H:%M}",
    }


def breach_lines(protocol: InfusionDay, course: DayCourse) -> tuple[str, ...]:
    return tuple(_breach_line(breach) for breach in tolerance_breaches(protocol, course))


def _breach_line(breach: ToleranceBreach) -> str:
    sentences = {
        "capsule": _(
            "The infusion started %(actual)s minutes after the capsule; planned: %(planned)s ± %(tolerance)s."
        ),
        "infusion": _("The infusion took %(actual)s minutes; planned: %(planned)s ± %(tolerance)s."),
        "weight": _("The weight was %(actual)s days old; the protocol allows %(tolerance)s."),
        "vital_signs": _("No vital signs at minute %(planned)s ± %(tolerance)s."),
        "rating": _("%(subject)s was rated at minute %(actual)s; planned: %(planned)s ± %(tolerance)s."),
    }
    return sentences[breach.rule] % {
        "actual": breach.actual,
        "planned": breach.planned,
        "tolerance": breach.tolerance,
        "subject": breach.subject,
    }
