"""The investigator's decision on eligibility, and what may follow a screen failure."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment.consents.selectors import versions_to_choose
from enrollment.forms import ReasonForm
from enrollment.models import Participant
from enrollment.respond import add_errors
from enrollment.screening import services
from enrollment.screening.forms import ConfirmEligibilityForm, RescreenForm
from enrollment.screening.presenters import criteria_by_group
from enrollment.selectors import judged, judged_sha256, participant_for
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
    changed = form.is_bound and form["judged_on"].value() != now
    if changed:
        form.data = {**form.data, "judged_on": now}
        form.add_error(
            None,
            _("Values have changed since you opened this page; no decision was recorded. Review them again."),
        )
    form.initial["judged_on"] = now
    context = {
        "participant": participant,
        "form": form,
        "verdict": verdict,
        "criteria": criteria_by_group(participant.protocol.definition.criteria, verdict),
    }
    status = 409 if changed else 422 if form.errors else 200
    return render(request, "enrollment/screening/eligibility_confirm.html", context, status=status)


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
    message = (
        _("Signed: eligible. Next: randomise.")
        if decision.eligible
        else _("Signed: not eligible. Recorded as a screen failure.")
    )
    messages.success(request, message)
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
            messages.success(request, _("%(code)s has been returned to screening.") % {"code": code})
            return redirect("participant", study, code)
    context = {
        "participant": participant,
        "form": form,
        "question": _(
            "Was the screen failure of %(code)s recorded in error? The participant will be returned to screening."
        )
        % {"code": code},
        "button": _("Return to screening"),
    }
    return render(request, "enrollment/with_reason.html", context)


@require_http_methods(["GET", "POST"])
def rescreen(request: Request, study: str, code: str) -> HttpResponse:
    failure = participant_for(request.user, study, code, "participant.screen")
    versions = versions_to_choose(failure.study)
    form = RescreenForm(request.POST or None, initial={"sex": failure.sex}, versions=versions)
    if form.is_valid():
        try:
            participant = services.rescreen(failure, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            message = _("%(code)s is in screening. Next: complete the screening form.")
            messages.success(request, message % {"code": participant.code})
            return redirect("screening", study, participant.code)
    context = {
        "participant": failure,
        "form": form,
        "question": _("Re-screen %(code)s under a new code, linked to this one.") % {"code": code},
        "button": _("Start screening"),
    }
    return render(request, "enrollment/with_reason.html", context)
