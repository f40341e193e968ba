"""Whether the list of earlier treatments is complete."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment.domain.eligibility import TREATMENTS_COMPLETE
from enrollment.forms import ReasonForm
from enrollment.respond import say_errors
from enrollment.screening import services
from enrollment.selectors import participant_for
from trialsite.accounts.http import Request


@require_http_methods(["GET", "POST"])
def treatments_declare(request: Request, study: str, code: str) -> HttpResponse:
    """Confirm that the list is complete, or (with a reason) it is not after all."""
    participant = participant_for(request.user, study, code, "participant.screen")
    declared = participant.facts.filter(name=TREATMENTS_COMPLETE, value=1).exists()
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and (not declared or form.is_valid()):
        reason = form.cleaned_data["reason"] if declared else ""
        try:
            services.declare_treatments(participant, by=request.user, complete=not declared, reason=reason)
        except ValidationError as error:
            say_errors(request, error)
        return redirect("participant", study, code)
    context = {
        "participant": participant,
        "form": form if declared else None,
        "question": _("Is the list of treatments not complete?")
        if declared
        else _("Does the list include all previous treatments?"),
        "button": _("Yes, it is not complete") if declared else _("Yes, the list is complete"),
    }
    return render(request, "enrollment/with_reason.html", context)
