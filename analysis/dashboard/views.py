"""The dashboard, and exports."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from analysis.dashboard.charts import csv_file, dashboard_charts, svg_file
from analysis.dashboard.page import dashboard_page, serial_of
from analysis.dashboard.trajectory_filter import TrajectoryFilter
from enrollment.selectors import study_for
from trialsite.accounts.http import Request
from trialsite.accounts.policy import may, sites_where


@require_GET
def dashboard(request: Request, study: str) -> HttpResponse:
    """The whole page; for htmx only the figures, and 204 while they are the ones already shown."""
    trial = study_for(request.user, study, "dashboard.view")
    if request.htmx and request.GET.get("serial") == str(serial_of(trial)):
        return HttpResponse(status=204)
    sites = sites_where(request.user, "dashboard.view", trial)
    choice = TrajectoryFilter(request.GET, sites=sites)
    page = dashboard_page(trial, sites, choice.selection(), reader=request.user)
    context = {
        "study": trial,
        "page": page,
        "filter": choice,
        "charts": dashboard_charts(page),
        "may_open": may(request.user, "participant.view", trial),
        "may_adopt": may(request.user, "outcomes.adopt", trial),
    }
    template = "analysis/dashboard/_figures.html" if request.htmx else "analysis/dashboard/dashboard.html"
    return render(request, template, context)


@require_GET
def chart_download(request: Request, study: str, chart: str, kind: str) -> HttpResponse:
    """A chart of the blinded dashboard as its numbers (csv) or its drawing (svg)."""
    trial = study_for(request.user, study, "dashboard.view")
    sites = sites_where(request.user, "dashboard.view", trial)
    page = dashboard_page(
        trial, sites, TrajectoryFilter(request.GET, sites=sites).selection(), reader=request.user
    )
    drawn = next((drawn for drawn in dashboard_charts(page) if drawn.slug == chart), None)
    if drawn is None or kind not in {"csv", "svg"}:
        raise Http404
    content, media = (svg_file(drawn), "image/svg+xml") if kind == "svg" else (csv_file(drawn), "text/csv")
    response = HttpResponse(content, f"{media}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study}-{chart}.{kind}"'
    return response
