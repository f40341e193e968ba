"""Why a day is not possible, as pages say it."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment.domain.proposals import Obstacle

WEEKDAYS = {
    "1": gettext_lazy("Monday"),
    "2": gettext_lazy("Tuesday"),
    "3": gettext_lazy("Wednesday"),
    "4": gettext_lazy("Thursday"),
    "5": gettext_lazy("Friday"),
    "6": gettext_lazy("Saturday"),
    "7": gettext_lazy("Sunday"),
}
OBSTACLES: dict[Obstacle, object] = {
    "past": gettext_lazy("in the past"),
    "period_before": gettext_lazy("the previous period is not over"),
    "too_early": gettext_lazy("the minimum washout is not completed"),
    "late": gettext_lazy("after the maximum washout"),
    "weekday": gettext_lazy("the site does not work on this weekday"),
    "holiday": gettext_lazy("public holiday"),
    "closed": gettext_lazy("the site is closed"),
    "full": gettext_lazy("no place left"),
    "unavailable": gettext_lazy("the participant cannot come"),
}


def obstacle_text(kind: Obstacle, name: str) -> str:
    """ "public holiday: Memorial Day"."""
    words = str(OBSTACLES[kind])
    return _("%(words)s: %(name)s") % {"words": words, "name": name} if name else words
