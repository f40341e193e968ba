"""A participant leaves the study, and the way back."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment.forms import ReasonForm
from enrollment.respond import add_errors
from enrollment.selectors import participant_for
from enrollment.withdrawal import services
from enrollment.withdrawal.forms import WithdrawForm
from trialsite.accounts.http import Request


@require_http_methods(["GET", "POST"])
def withdraw(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.withdraw")
    form = WithdrawForm(request.POST or None)
    if form.is_valid():
        try:
            services.withdraw(participant, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(
                request, _("%(code)s has left the study. Data already entered are kept.") % {"code": code}
            )
            return redirect("participant", study, code)
    context = {
        "participant": participant,
        "form": form,
        "question": _("Record the withdrawal of %(code)s?") % {"code": code},
        "button": _("Record the withdrawal"),
    }
    return render(request, "enrollment/with_reason.html", context)


@require_http_methods(["GET", "POST"])
def withdrawal_take_back(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.withdraw")
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            services.take_back_withdrawal(participant, by=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The withdrawal of %(code)s has been reversed.") % {"code": code})
            return redirect("participant", study, code)
    context = {
        "participant": participant,
        "form": form,
        "question": _("Reverse the withdrawal of %(code)s? To correct its date, record it again afterwards.")
        % {"code": code},
        "button": _("Reverse the withdrawal"),
    }
    return render(request, "enrollment/with_reason.html", context)
