"""What stands still, as pages say it."""

from collections.abc import Iterable

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment.models import EnrollmentPause
from trialsite.accounts.models import Study

WORDS = {
    "screening": gettext_lazy("screening"),
    "randomisation": gettext_lazy("randomisation"),
    "dosing": gettext_lazy("dosing"),
}


def standing_sentence(study: Study) -> str:
    """ "Screening and dosing are halted since 26 Nov 2026: …"; empty while nothing is."""
    pause = EnrollmentPause.objects.filter(study=study, lifted_at=None).first()
    if pause is None:
        return ""
    sentence = _("Halted since %(day)s: %(activities)s. %(reason)s Visits after dosing continue.")
    values = {
        "day": date_format(pause.paused_at),
        "activities": activities(pause.halts),
        "reason": pause.reason,
    }
    return sentence % values


def activities(halts: Iterable[str]) -> str:
    """ "screening, randomisation, dosing"."""
    return ", ".join(str(WORDS[activity]) for activity in halts)
