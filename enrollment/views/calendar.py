"""The site calendar: a month, the same as a list, and a feed without clinical or treatment content."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enrollment.calendar import entries_between, ics, month_of
from enrollment.forms import CalendarFilter
from enrollment.selectors import study_for
from enrollment.services.feed import feed_of, make_feed
from trialsite.accounts.http import Request
from trialsite.accounts.lists import list_file
from trialsite.accounts.policy import sites_where


@require_GET
def calendar(request: Request, study: str) -> HttpResponse:
    chosen = study_for(request.user, study, "calendar.view")
    sites = sites_where(request.user, "calendar.view", chosen)
    month = month_of(CalendarFilter(request.GET), sites)
    return render(request, "enrollment/calendar.html", {"month": month})


@require_POST
def calendar_file(request: Request, study: str) -> HttpResponseBase:
    """The month's list, as CSV."""
    chosen = study_for(request.user, study, "calendar.view")
    sites = sites_where(request.user, "calendar.view", chosen)
    month = month_of(CalendarFilter(request.GET), sites)
    header = ["day", "until", "participant", "what", "state", "site"]
    rows = [[e.on, e.until, e.participant, e.text, e.state, e.site] for e in month["list"]]
    return list_file(request, chosen, "calendar", "calendar.view", header, rows)


@require_POST
def feed_make(request: Request, study: str) -> HttpResponse:
    chosen = study_for(request.user, study, "calendar.view")
    token = make_feed(chosen, by=request.user)
    address = request.build_absolute_uri(reverse("feed", args=[token]))
    messages.success(
        request,
        _("Your calendar address, shown once: %(address)s An earlier address no longer works.")
        % {"address": address},
    )
    return redirect("calendar", study)


@login_not_required
@require_GET
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The address itself is the key: calendar programs cannot log in."""
    found = feed_of(token)
    if found is None:
        raise Http404
    sites = sites_where(found.user, "calendar.view", found.study)
    response = HttpResponse(
        ics(entries_between(sites, days=(timedelta(-31), timedelta(120)))), "text/calendar"
    )
    response["Content-Disposition"] = 'attachment; filename="calendar.ics"'
    return response
