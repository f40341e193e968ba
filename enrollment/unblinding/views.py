"""Emergency unblinding: password again, a reason, and a page to print."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from enrollment.respond import add_errors
from enrollment.selectors import participant_for
from enrollment.unblinding import services
from enrollment.unblinding.forms import UnblindForm
from trialsite.accounts.http import Request
from trialsite.accounts.secondfactor import authenticator_of
from trialsite.accounts.stepup import confirm


@require_http_methods(["GET", "POST"])
def unblind(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.unblind")
    asks_code = authenticator_of(request.user) is not None
    form = UnblindForm(request.POST or None, asks_code=asks_code)
    if form.is_valid():
        data = form.cleaned_data
        refused = confirm(request, data["password"], data.get("code"))
        if refused:
            form.add_error(refused.field, refused)
        else:
            try:
                kits = services.unblind(
                    participant,
                    by=request.user,
                    reason=data["reason"],
                    session_key=request.session.session_key or "",
                )
            except ValidationError as error:
                add_errors(form, error)
            else:
                arms = {arm.code: arm for arm in participant.protocol.definition.arms}
                rows = [(row, arms.get(row.arm or "")) for row in kits]
                context = {"participant": participant, "rows": rows, "reason": data["reason"]}
                return render(request, "enrollment/unblinding/unblinded.html", context)
    return render(request, "enrollment/unblinding/unblind.html", {"participant": participant, "form": form})
