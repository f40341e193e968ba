"""The list of participants, and the page of each."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from enrollment.casebook.review_status import review_of
from enrollment.participants.listing import ParticipantFilter, table_of
from enrollment.participants.page import page_of
from enrollment.schedule.strips import strips_of
from enrollment.selectors import participant_for, participants_for, study_for
from trialsite.accounts.http import Request
from trialsite.accounts.keyset import page_of as page_of_list
from trialsite.accounts.lists import list_file
from trialsite.accounts.policy import sites_where


@require_GET
def participant_list(request: Request, study: str) -> HttpResponse:
    trial = study_for(request.user, study, "participant.view")
    filters = ParticipantFilter(request.GET, sites=sites_where(request.user, "participant.view", trial))
    page = page_of_list(
        filters.apply(participants_for(request.user, trial)), filters.keys, request.GET.get("after"), 25
    )
    context = {
        "filter": filters,
        "page": page,
        "strips": strips_of(page.rows),
        "may_screen": sites_where(request.user, "participant.screen", trial).exists(),
    }
    template = "enrollment/participants/_rows.html" if request.htmx else "enrollment/participants/list.html"
    return render(request, template, context)


@require_POST
def participants_file(request: Request, study: str) -> HttpResponseBase:
    """The list under the filters of its page, as CSV."""
    trial = study_for(request.user, study, "participant.view")
    filters = ParticipantFilter(request.GET, sites=sites_where(request.user, "participant.view", trial))
    header, rows = table_of(filters.apply(participants_for(request.user, trial)))
    return list_file(request, trial, "participants", "participant.view", header, rows)


@require_GET
def participant_detail(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "participant.view")
    review = review_of(participant, None, request.user)
    page = page_of(participant, request.user, review.status)
    context = {
        "page": page,
        "participant": participant,
        "strip": page.strip,
        "review": review,
        "review_may": review.may,
    }
    return render(request, "enrollment/participants/detail.html", context)
