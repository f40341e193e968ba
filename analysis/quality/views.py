"""The page of rating quality, and the same as a file."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from analysis.outcomes.rules import protocol_in_force
from analysis.quality.page import COLUMNS, InstrumentQuality, csv_rows, quality_of
from enrollment.selectors import study_for
from trialsite.accounts.http import Request
from trialsite.accounts.lists import list_file
from trialsite.accounts.models import Study
from trialsite.accounts.policy import sites_where

VIEW = "quality.view"


@require_GET
def rating_quality(request: Request, study: str) -> HttpResponse:
    trial = study_for(request.user, study, VIEW)
    return render(
        request, "analysis/quality/quality.html", {"study": trial, "quality": _quality(request, trial)}
    )


@require_POST
def rating_quality_file(request: Request, study: str) -> HttpResponseBase:
    trial = study_for(request.user, study, VIEW)
    return list_file(request, trial, "rating-quality", VIEW, COLUMNS, csv_rows(_quality(request, trial)))


def _quality(request: Request, study: Study) -> list[InstrumentQuality]:
    sites = list(sites_where(request.user, VIEW, study))
    return quality_of(study, protocol_in_force(study).definition, sites)
