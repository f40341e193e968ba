"""Randomisation."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment.randomisation import services
from enrollment.respond import say_errors
from enrollment.selectors import participant_for
from trialsite.accounts.http import Request


@require_http_methods(["GET", "POST"])
def randomise(request: Request, study: str, code: str) -> HttpResponse:
    """Asked first, for it cannot be taken back: the place on the list is used."""
    participant = participant_for(request.user, study, code, "participant.randomise")
    if request.method == "POST":
        try:
            services.randomise(participant, by=request.user)
        except ValidationError as error:
            say_errors(request, error)
        else:
            message = _("%(code)s is randomised. Next: plan the first period.")
            messages.success(request, message % {"code": participant.code})
        return redirect("participant", study, code)
    context = {
        "participant": participant,
        "form": None,
        "question": _("Randomise %(code)s? This cannot be undone.") % {"code": participant.code},
        "button": _("Yes, randomise %(code)s") % {"code": participant.code},
    }
    return render(request, "enrollment/with_reason.html", context)
