"""The investigator's decision on eligibility, and what may follow a screen failure."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment import services
from enrollment.forms import ConfirmEligibilityForm, ReasonForm, RescreenForm
from enrollment.models import Participant
from enrollment.presenters import page_of
from enrollment.selectors import judged, judged_sha256, participant_for
from enrollment.views.respond import add_errors
from trialsite.accounts.http import Request
from trialsite.accounts.stepup import confirm
from trialsite.lib.errors import Conflict


@require_http_methods(["GET", "POST"])
def eligibility_confirm(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "eligibility.confirm")
    verdict, _facts = judged(participant)
    form = ConfirmEligibilityForm(request.POST or None, may_be_eligible=verdict.verdict == "eligible")
    if form.is_valid() and _decided(request, form, participant):
        return redirect("participant", study, code)
    # What changes from here on will not be decided on.
    now = judged_sha256(participant)
    changed = form.is_bound and form["shown"].value() != now
    if changed:
        form.data = {**form.data.dict(), "shown": now}  # type: ignore[attr-defined]
        form.add_error(
            None, _("Values were changed after you opened this page; nothing was decided. Read them again.")
        )
    form.initial["shown"] = now
    context = {"form": form, **page_of(participant, request.user)}
    status = 409 if changed else 422 if form.errors else 200
    return render(request, "enrollment/eligibility_confirm.html", context, status=status)


def _decided(request: Request, form: ConfirmEligibilityForm, participant: Participant) -> bool:
    data = form.cleaned_data
    if refused := confirm(request, data.pop("password")):
        form.add_error("password", refused)
        return False
    try:
        decision = services.confirm_eligibility(participant, by=request.user, **data)
    except ValidationError as error:
        add_errors(form, error)
        return False
    except Conflict:
        return False
    said = (
        _("Signed: eligible. Next: randomise.")
        if decision.eligible
        else _("Signed: not eligible. Recorded as a screen failure.")
    )
    messages.success(request, said)
    return True


@require_http_methods(["GET", "POST"])
def screening_reopen(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "eligibility.confirm")
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            services.reopen_screening(participant, by=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("%(code)s is in screening again.") % {"code": code})
            return redirect("participant", study, code)
    context = {
        "participant": participant,
        "form": form,
        "question": _("Was the screen failure of %(code)s an error? The participant goes back to screening.")
        % {"code": code},
        "button": _("Back to screening"),
    }
    return render(request, "enrollment/with_reason.html", context)


@require_http_methods(["GET", "POST"])
def rescreen(request: Request, study: str, code: str) -> HttpResponse:
    failed = participant_for(request.user, study, code, "participant.screen")
    form = RescreenForm(request.POST or None, initial={"sex": failed.sex})
    if form.is_valid():
        try:
            participant = services.rescreen(failed, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            said = _("%(code)s is in screening. Next: complete the screening form.")
            messages.success(request, said % {"code": participant.code})
            return redirect("screening", study, participant.code)
    context = {
        "participant": failed,
        "form": form,
        "question": _("Screen %(code)s again, under a new code that is linked to this one.") % {"code": code},
        "button": _("Begin screening"),
    }
    return render(request, "enrollment/with_reason.html", context)
