"""The list of deviations, the page of each, and what people say there."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.deviations import services
from assessments.deviations.forms import (
    DeviationCloseForm,
    DeviationFilter,
    DeviationReopenForm,
    DeviationReviewForm,
)
from assessments.deviations.lists import COLUMNS, deviation_table
from assessments.deviations.presenters import page_rows, steps_of
from assessments.deviations.selectors import CLOSE, REVIEW, VIEW, deviation_for, deviations_for
from assessments.deviations.text import rule_text, what_happened, where
from assessments.models import Deviation
from enrollment.models import ProtocolVersion
from enrollment.respond import add_errors
from enrollment.selectors import study_for
from trialsite.accounts.http import Request
from trialsite.accounts.keyset import page_of
from trialsite.accounts.lists import list_file
from trialsite.accounts.models import Study
from trialsite.accounts.policy import sites_where

PAGE = 50


@dataclass(frozen=True, slots=True)
class ReviewStep:
    """What somebody may do with a deviation: the action of the policy, its form, and its words."""

    action: str
    form: type[forms.Form]
    button: Promise
    done: Promise


STEPS = {
    "review": ReviewStep(
        REVIEW, DeviationReviewForm, gettext_lazy("Save the review"), gettext_lazy("The review is saved.")
    ),
    "close": ReviewStep(
        CLOSE,
        DeviationCloseForm,
        gettext_lazy("Close the deviation"),
        gettext_lazy("The deviation is closed."),
    ),
    "reopen": ReviewStep(
        CLOSE,
        DeviationReopenForm,
        gettext_lazy("Reopen the deviation"),
        gettext_lazy("The deviation is reopened; the site reviews it again."),
    ),
}


@require_GET
def deviation_list(request: Request, study: str) -> HttpResponse:
    trial = study_for(request.user, study, VIEW)
    deviation_filter, deviations = _filtered(request, trial)
    page = page_of(deviations, deviation_filter.keys, request.GET.get("after"), PAGE)
    context = {"filter": deviation_filter, "page": page, "rows": page_rows(page.rows)}
    return render(request, "assessments/deviations/list.html", context)


@require_POST
def deviation_file(request: Request, study: str) -> HttpResponseBase:
    trial = study_for(request.user, study, VIEW)
    _filter, deviations = _filtered(request, trial)
    return list_file(request, trial, "deviations", VIEW, COLUMNS, deviation_table(deviations))


def _filtered(request: Request, study: Study) -> tuple[DeviationFilter, QuerySet[Deviation]]:
    deviation_filter = DeviationFilter(request.GET, sites=sites_where(request.user, VIEW, study))
    return deviation_filter, deviation_filter.apply(deviations_for(request.user, study))


@require_GET
def deviation(request: Request, pk: int) -> HttpResponse:
    filed = deviation_for(request.user, pk, VIEW)
    context = {**_about(filed), "turns": filed.turns.select_related("written_by")}
    context["steps"] = steps_of(request.user, filed)
    return render(request, "assessments/deviations/deviation.html", context)


@require_http_methods(["GET", "POST"])
def deviation_step(request: Request, pk: int, step: str) -> HttpResponse:
    """Review, close or reopen; on a mistake the page keeps what was typed."""
    if step not in STEPS:
        raise Http404
    taken = STEPS[step]
    filed = deviation_for(request.user, pk, taken.action)
    form = taken.form(request.POST or None)
    if form.is_valid():
        try:
            _carry_out(step, filed, request, form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, str(taken.done))
            return redirect("deviation", filed.pk)
    context = {**_about(filed), "form": form, "button": taken.button}
    return render(request, "assessments/deviations/step.html", context, status=422 if form.is_bound else 200)


def _carry_out(step: str, filed: Deviation, request: Request, data: dict[str, str]) -> None:
    if step == "review":
        services.review_deviation(filed, by=request.user, text=data["text"], action=data["action"])
    elif step == "close":
        services.close_deviation(filed, by=request.user, text=data["text"])
    else:
        services.reopen_deviation(filed, by=request.user, text=data["text"])


def _about(filed: Deviation) -> dict[str, object]:
    participant = filed.participant
    participant.protocol = ProtocolVersion.objects.cached(participant.protocol_id)
    return {
        "deviation": filed,
        "participant": participant,
        "rule": rule_text(filed),
        "happened": what_happened(filed),
        "where": where(filed) or _("The participant"),
    }
