"""The screening form: begun, saved, drafted."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enrollment.consents.selectors import versions_to_choose
from enrollment.models import Participant, ScreeningDraft
from enrollment.respond import add_errors
from enrollment.schedule.strips import strip_of
from enrollment.screening import services
from enrollment.screening.forms import AS_VALUE, NewParticipantForm, ScreeningForm
from enrollment.screening.presenters import conflicts_of
from enrollment.selectors import facts_of, participant_for, study_for
from trialsite.accounts.http import Request
from trialsite.accounts.policy import sites_where
from trialsite.lib.errors import Conflict


@require_http_methods(["GET", "POST"])
def participant_new(request: Request, study: str) -> HttpResponse:
    trial = study_for(request.user, study, "participant.screen")
    form = NewParticipantForm(
        request.POST or None,
        sites=sites_where(request.user, "participant.screen", trial),
        versions=versions_to_choose(trial),
    )
    if form.is_valid():
        try:
            participant = services.screen(by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(
                request,
                _("%(code)s is in screening. Next: complete the screening form.")
                % {"code": participant.code},
            )
            return redirect("screening", study, participant.code)
    return render(request, "enrollment/screening/participant_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
def screening(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.screen")
    criteria = participant.protocol.definition.criteria
    draft = ScreeningDraft.objects.filter(user=request.user, participant=participant).first()
    initial = _initial(participant) | (draft.fields if draft else {})
    versions = versions_to_choose(participant.study)
    form = ScreeningForm(request.POST or None, criteria=criteria, versions=versions, initial=initial)
    if form.is_valid():
        try:
            services.record_screening(
                participant, by=request.user, **form.recorded(), checklist=form.answers()
            )
        except ValidationError as error:
            add_errors(form, error)
        except Conflict as conflict:
            return _screening_conflict(request, participant, form, conflict)
        else:
            messages.success(request, _("Screening form saved."))
            return redirect("participant", study, code)
    context = {"participant": participant, "form": form, "draft": draft, "strip": strip_of(participant)}
    status = 422 if form.is_bound else 200
    return render(request, "enrollment/screening/screening.html", context, status=status)


@require_POST
def screening_draft(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.screen")
    versions = versions_to_choose(participant.study)
    form = ScreeningForm(None, criteria=participant.protocol.definition.criteria, versions=versions)
    draft = services.keep_screening_draft(participant, form.typed(request.POST), by=request.user)
    return JsonResponse({"saved": f"{timezone.localtime(draft.saved_at):%H:%M:%S}"})


@require_POST
def screening_draft_discard(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.screen")
    services.discard_screening_draft(participant, by=request.user)
    messages.info(request, _("The draft was discarded; saved data are unchanged."))
    return redirect("screening", study, code)


def _initial(participant: Participant) -> dict[str, object]:
    labels: dict[object, str] = {value: label for label, value in AS_VALUE.items()}
    facts_saved = facts_of(participant)
    names = (c.fact for c in participant.protocol.definition.criteria if c.kind == "confirm")
    facts = {f"check_{name}": labels[facts_saved[name]] for name in names if name in facts_saved}
    return {
        "consented_on": participant.consented_on,
        "consent_version": str(participant.consent_version_id or ""),
        "age": participant.age,
        "sex": participant.sex,
        "version": participant.version,
        **facts,
    }


def _screening_conflict(
    request: Request, participant: Participant, form: ScreeningForm, conflict: Conflict
) -> HttpResponse:
    rows = conflicts_of(form, _initial(conflict.current))
    # The form keeps what was typed; sending it again is a decision over the saved values.
    form.data = {**form.data, "version": str(conflict.current.version)}
    context = {"participant": participant, "form": form, "conflict": rows, "strip": strip_of(participant)}
    return render(request, "enrollment/screening/screening.html", context, status=409)
