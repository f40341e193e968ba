"""The export: what it holds is chosen, and it streams."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from analysis.exports import archive
from analysis.exports.forms import ExportForm
from analysis.exports.services import record_export
from enrollment.selectors import study_for
from trialsite.accounts.http import Request
from trialsite.accounts.policy import sites_where


@require_http_methods(["GET", "POST"])
def export(request: Request, study: str) -> HttpResponse | StreamingHttpResponse:
    current_study = study_for(request.user, study, "export.blinded")
    form = ExportForm(request.POST or None)
    if form.is_valid():
        sites = sites_where(request.user, "export.blinded", current_study)
        record_export(current_study, by=request.user, via="browser", reason=form.cleaned_data["reason"])
        packed = archive.blinded(current_study, sites, by=request.user, profile=form.cleaned_data["profile"])
        response = StreamingHttpResponse(packed, "application/zip")
        response["Content-Disposition"] = f'attachment; filename="{study}-blinded.zip"'
        return response
    context = {"form": form, "exports": current_study.exports.select_related("taken_by")[:20]}
    return render(request, "analysis/exports/export.html", context)
