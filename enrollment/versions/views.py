"""The versions of a study's protocol and what each changed."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from enrollment.versions.selectors import versions_for
from trialsite.accounts.http import Request


@require_GET
def protocol_versions(request: Request, study: str) -> HttpResponse:
    trial, versions = versions_for(request.user, study)
    return render(
        request, "enrollment/versions/protocol_versions.html", {"study": trial, "versions": versions}
    )
