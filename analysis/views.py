"""The dashboard, and exports."""

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from analysis.chart_pages import csv_file, dashboard_charts, svg_file
from analysis.dashboard import dashboard_page, serial_of
from analysis.exports import archive
from analysis.forms import ExportForm
from analysis.services.exports import record_export
from analysis.trajectory_filter import TrajectoryFilter
from enrollment.selectors import study_for
from trialsite.accounts.http import Request
from trialsite.accounts.policy import may, sites_where


@require_GET
def dashboard(request: Request, study: str) -> HttpResponse:
    """The whole page; for htmx only the figures, and 204 while they are the ones already shown."""
    chosen = study_for(request.user, study, "dashboard.view")
    if request.htmx and request.GET.get("serial") == str(serial_of(chosen)):
        return HttpResponse(status=204)
    sites = sites_where(request.user, "dashboard.view", chosen)
    choice = TrajectoryFilter(request.GET, sites=sites)
    context = dashboard_page(chosen, sites, choice.selection())
    context["filter"], context["charts"] = choice, dashboard_charts(context)
    context["may_open"] = may(request.user, "participant.view", chosen)
    context["may_adopt"] = may(request.user, "outcomes.adopt", chosen)
    template = "analysis/_figures.html" if request.htmx else "analysis/dashboard.html"
    return render(request, template, context)


@require_GET
def chart_download(request: Request, study: str, chart: str, kind: str) -> HttpResponse:
    """A chart of the blinded dashboard as its numbers (csv) or its drawing (svg)."""
    chosen = study_for(request.user, study, "dashboard.view")
    sites = sites_where(request.user, "dashboard.view", chosen)
    page = dashboard_page(chosen, sites, TrajectoryFilter(request.GET, sites=sites).selection())
    found = next((one for one in dashboard_charts(page) if one.slug == chart), None)
    if found is None or kind not in {"csv", "svg"}:
        raise Http404
    content, media = (svg_file(found), "image/svg+xml") if kind == "svg" else (csv_file(found), "text/csv")
    response = HttpResponse(content, f"{media}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study}-{chart}.{kind}"'
    return response


@require_http_methods(["GET", "POST"])
def export(request: Request, study: str) -> HttpResponse | StreamingHttpResponse:
    chosen = study_for(request.user, study, "export.blinded")
    form = ExportForm(request.POST or None)
    if form.is_valid():
        sites = sites_where(request.user, "export.blinded", chosen)
        record_export(chosen, by=request.user, via="browser", reason=form.cleaned_data["reason"])
        packed = archive.blinded(chosen, sites, by=request.user, profile=form.cleaned_data["profile"])
        response = StreamingHttpResponse(packed, "application/zip")
        response["Content-Disposition"] = f'attachment; filename="{study}-blinded.zip"'
        return response
    context = {"form": form, "exports": chosen.exports.select_related("taken_by")[:20]}
    return render(request, "analysis/export.html", context)
