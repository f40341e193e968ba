"""The site calendar: a month, the same as a list, and a feed without clinical or treatment content."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enrollment.calendar.entries import entries_between
from enrollment.calendar.forms import CalendarFilter
from enrollment.calendar.ics import ics
from enrollment.calendar.month import month_of
from enrollment.calendar.services import feed_of, make_feed
from enrollment.selectors import study_for
from trialsite.accounts.http import Request
from trialsite.accounts.lists import list_file
from trialsite.accounts.policy import sites_where


@require_GET
def calendar(request: Request, study: str) -> HttpResponse:
    trial = study_for(request.user, study, "calendar.view")
    sites = sites_where(request.user, "calendar.view", trial)
    month = month_of(CalendarFilter(request.GET), sites)
    keeps = sites_where(request.user, "schedule.plan", trial)
    return render(request, "enrollment/calendar/calendar.html", {"month": month, "keeps": keeps})


@require_POST
def calendar_file(request: Request, study: str) -> HttpResponseBase:
    """The month's list, as CSV."""
    trial = study_for(request.user, study, "calendar.view")
    sites = sites_where(request.user, "calendar.view", trial)
    month = month_of(CalendarFilter(request.GET), sites, limited=False)
    header = ["day", "until", "participant", "what", "state", "site"]
    rows = [[e.on, e.until, e.participant, e.text, e.state, e.site] for e in month.listed]
    return list_file(request, trial, "calendar", "calendar.view", header, rows)


@require_POST
def feed_make(request: Request, study: str) -> HttpResponse:
    trial = study_for(request.user, study, "calendar.view")
    token = make_feed(trial, by=request.user)
    address = request.build_absolute_uri(reverse("feed", args=[token]))
    messages.success(
        request,
        _("Your calendar address, shown only once: %(address)s Any earlier address no longer works.")
        % {"address": address},
    )
    return redirect("calendar", study)


@login_not_required
@require_GET
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The address itself is the key: calendar programs cannot log in."""
    subscription = feed_of(token)
    if subscription is None:
        raise Http404
    sites = sites_where(subscription.user, "calendar.view", subscription.study)
    response = HttpResponse(
        ics(entries_between(sites, days=(timedelta(-31), timedelta(120)))), "text/calendar"
    )
    response["Content-Disposition"] = 'attachment; filename="calendar.ics"'
    return response
