"""Adverse events: their list, the list as a file, and one of them on paper."""

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from assessments.casebook.views import pdf_file
from assessments.entry.reading import record_readings
from assessments.entry.selectors import record_for
from assessments.events.clock import FORM, SERIOUS, clock_of
from assessments.events.filters import EventFilter
from assessments.events.listing import COLUMNS, event_rows, event_table, with_places
from assessments.events.report import EventReport, event_report
from assessments.models import Record
from enrollment.selectors import study_for
from trialsite.accounts.http import Request
from trialsite.accounts.keyset import page_of
from trialsite.accounts.lists import list_file
from trialsite.accounts.models import Study
from trialsite.accounts.policy import sites_where
from trialsite.accounts.services import record_list
from trialsite.review.selectors import ReviewStatus

VIEW = "assessment.view"
PAGE = 50


@require_GET
def event_list(request: Request, study: str) -> HttpResponse:
    trial = study_for(request.user, study, VIEW)
    event_filter, records = _events(request, trial)
    page = page_of(with_places(records), event_filter.keys, request.GET.get("after"), PAGE)
    context = {"filter": event_filter, "page": page, "rows": list(event_rows(page.rows))}
    return render(request, "assessments/events/event_list.html", context)


@require_POST
def event_file(request: Request, study: str) -> HttpResponseBase:
    trial = study_for(request.user, study, VIEW)
    _event_filter, records = _events(request, trial)
    return list_file(request, trial, "adverse_events", VIEW, COLUMNS, event_table(records))


@require_POST
def event_paper(request: Request, pk: int) -> HttpResponse:
    """Who took it is recorded before a byte leaves, as of a list."""
    record, place = record_for(request.user, pk, VIEW)
    if record.form != FORM:
        raise Http404
    participant = place.participant
    name = f"adverse event {record.repeat_key} of {participant.code}"
    record_list(participant.study, by=request.user, action=VIEW, name=name, filters="")
    [row] = record_readings([record], ReviewStatus(), request.user)
    clock = clock_of(record) if record.items.get(SERIOUS) is True else None
    report = EventReport(row, clock, timezone.now(), request.user.printed_name)
    return pdf_file(
        event_report(report), f"{participant.study.code}-{participant.code}-event-{record.repeat_key}"
    )


def _events(request: Request, study: Study) -> tuple[EventFilter, QuerySet[Record]]:
    sites = sites_where(request.user, VIEW, study)
    event_filter = EventFilter(request.GET, sites=sites)
    here = Record.objects.filter(participant__study=study, participant__site__in=list(sites))
    return event_filter, event_filter.apply(here)
