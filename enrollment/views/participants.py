"""Participants: the list, the page of one, and screening."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enrollment import casebook, services
from enrollment.folding import unfolded
from enrollment.forms import (
    AS_VALUE,
    NewParticipantForm,
    ReasonForm,
    ScreeningForm,
    TreatmentForm,
)
from enrollment.listing import ParticipantFilter, table_of
from enrollment.models import FailedTreatment, Participant, ScreeningDraft
from enrollment.presenters import page_of, strip_of, strips_of, treatments_of
from enrollment.selectors import facts_of, participant_for, participants_for, study_for
from enrollment.standing import beside, review_of
from enrollment.views.respond import add_errors, say_errors
from trialsite.accounts.http import Request
from trialsite.accounts.lists import list_file
from trialsite.accounts.policy import sites_where
from trialsite.lib.errors import Conflict


@require_GET
def participant_list(request: Request, study: str) -> HttpResponse:
    chosen = study_for(request.user, study, "participant.view")
    asked = ParticipantFilter(request.GET, sites=sites_where(request.user, "participant.view", chosen))
    page = Paginator(asked.apply(participants_for(request.user, chosen)), 25).get_page(
        request.GET.get("page")
    )
    context = {
        "filter": asked,
        "page": page,
        "strips": strips_of(page.object_list),
        "may_screen": sites_where(request.user, "participant.screen", chosen).exists(),
    }
    template = "enrollment/_participant_rows.html" if request.htmx else "enrollment/participant_list.html"
    return render(request, template, context)


@require_POST
def participants_file(request: Request, study: str) -> HttpResponseBase:
    """The list under the filters of its page, as CSV."""
    chosen = study_for(request.user, study, "participant.view")
    asked = ParticipantFilter(request.GET, sites=sites_where(request.user, "participant.view", chosen))
    header, rows = table_of(asked.apply(participants_for(request.user, chosen)))
    return list_file(request, chosen, "participants", "participant.view", header, rows)


@require_http_methods(["GET", "POST"])
def participant_new(request: Request, study: str) -> HttpResponse:
    chosen = study_for(request.user, study, "participant.screen")
    form = NewParticipantForm(
        request.POST or None, sites=sites_where(request.user, "participant.screen", chosen)
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
    return render(request, "enrollment/participant_new.html", {"form": form})


@require_GET
def participant_detail(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.view")
    context = page_of(participant, request.user) | review_of(participant, None, request.user)
    context["casebook"] = casebook.forms_of(participant)
    beside(context["casebook"], context["standing"])
    context["open"] = unfolded(context)
    context["correctable"] = (
        context["may"]["participant_screen"]
        and participant.status != Participant.Status.SCREENING
        and not context["standing"].locked
    )
    return render(request, "enrollment/participant_detail.html", context)


@require_http_methods(["GET", "POST"])
def screening(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.screen")
    criteria = participant.protocol.rules.criteria
    draft = ScreeningDraft.objects.filter(user=request.user, participant=participant).first()
    initial = _initial(participant) | (draft.fields if draft else {})
    form = ScreeningForm(request.POST or None, criteria=criteria, initial=initial)
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.record_screening(
                participant,
                by=request.user,
                version=data["version"],
                consented_on=data["consented_on"],
                age=data["age"],
                sex=data["sex"],
                checklist=form.answers(),
                reason=data["reason"],
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
    return render(request, "enrollment/screening.html", context, status=status)


@require_POST
def screening_draft(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.screen")
    form = ScreeningForm(None, criteria=participant.protocol.rules.criteria)
    kept = services.keep_screening_draft(participant, form.typed(request.POST), by=request.user)
    return JsonResponse({"saved": f"{timezone.localtime(kept.saved_at):%H:%M:%S}"})


@require_POST
def screening_draft_discard(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.screen")
    services.discard_screening_draft(participant, by=request.user)
    messages.info(request, _("The draft is thrown away; saved data are as they were."))
    return redirect("screening", study, code)


def _initial(participant: Participant) -> dict[str, object]:
    words: dict[object, str] = {value: word for word, value in AS_VALUE.items()}
    facts = {
        f"check_{name}": words[value]
        for name, value in facts_of(participant).items()
        if value in (True, False)
    }
    return {
        "consented_on": participant.consented_on,
        "age": participant.age,
        "sex": participant.sex,
        "version": participant.version,
        **facts,
    }


def _screening_conflict(
    request: Request, participant: Participant, form: ScreeningForm, conflict: Conflict
) -> HttpResponse:
    saved = _initial(conflict.current)
    rows = [
        {
            "label": field.label,
            "mine": field.value(),
            "saved": field.field.prepare_value(saved.get(field.name)),
        }
        for field in form
        if field.name not in {"version", "reason"}
        and str(field.value() or "") != str(field.field.prepare_value(saved.get(field.name)) or "")
    ]
    # The form keeps what was typed; sending it again is a decision over the saved values.
    form.data = {**form.data.dict(), "version": str(conflict.current.version)}  # type: ignore[attr-defined]
    context = {"participant": participant, "form": form, "conflict": rows, "strip": strip_of(participant)}
    return render(request, "enrollment/screening.html", context, status=409)


@require_http_methods(["GET", "POST"])
def treatment_add(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.screen")
    form = TreatmentForm(request.POST or None)
    if form.is_valid():
        try:
            services.add_treatment(participant, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Treatment added."))
            return redirect("treatment_add" if "another" in request.POST else "participant", study, code)
    context = {"participant": participant, "form": form, **treatments_of(participant)}
    return render(request, "enrollment/treatment_add.html", context)


@require_http_methods(["GET", "POST"])
def treatments_declare(request: Request, study: str, code: str) -> HttpResponse:
    """The list is complete, or (with a reason) it is not after all."""
    participant = participant_for(request.user, study, code, "participant.screen")
    declared = treatments_of(participant)["treatments_complete"]
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and (not declared or form.is_valid()):
        reason = form.cleaned_data["reason"] if declared else ""
        try:
            services.declare_treatments(participant, by=request.user, complete=not declared, reason=reason)
        except ValidationError as error:
            say_errors(request, error)
        return redirect("treatment_add" if declared else "participant", study, code)
    context = {
        "participant": participant,
        "form": form if declared else None,
        "question": _("Take back that the list of treatments is complete?")
        if declared
        else _("Does the list name every earlier treatment? Treatments listed: %(n)d.")
        % {"n": participant.treatments.filter(removed=False).count()},
        "button": _("Take it back") if declared else _("Yes, the list is complete"),
    }
    return render(request, "enrollment/with_reason.html", context)


@require_http_methods(["GET", "POST"])
def treatment_remove(request: Request, study: str, code: str, pk: int) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.screen")
    treatment = get_object_or_404(FailedTreatment, pk=pk, participant=participant, removed=False)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            services.remove_treatment(treatment, by=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Treatment taken off the list. The audit trail keeps it."))
            return redirect("participant", study, code)
    context = {
        "participant": participant,
        "form": form,
        "question": _("Take %(name)s off the list of treatments?") % {"name": treatment.name},
        "button": _("Take off the list"),
    }
    return render(request, "enrollment/with_reason.html", context)


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
            said = _("%(code)s is randomised. Next: plan the first period.")
            messages.success(request, said % {"code": participant.code})
        return redirect("participant", study, code)
    context = {
        "participant": participant,
        "form": None,
        "question": _("Randomise %(code)s? This cannot be taken back.") % {"code": participant.code},
        "button": _("Yes, randomise %(code)s") % {"code": participant.code},
    }
    return render(request, "enrollment/with_reason.html", context)


@require_http_methods(["GET", "POST"])
def withdraw(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.withdraw")
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            services.withdraw(participant, by=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("%(code)s has left the study. Entered data stay.") % {"code": code})
            return redirect("participant", study, code)
    context = {
        "participant": participant,
        "form": form,
        "question": _("Record that %(code)s leaves the study?") % {"code": code},
        "button": _("Record the withdrawal"),
    }
    return render(request, "enrollment/with_reason.html", context)
