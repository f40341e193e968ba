"""What is in a kit, how far the lists go, and the lists themselves for a reason: for unblinded people alone."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from analysis import closed as closed_reader
from analysis.forms import KitForm, ListForm
from analysis.views_closed import told
from enrollment.selectors import site_for, study_for
from enrollment.services import request_allocation_list
from trialsite.accounts.http import Request
from trialsite.accounts.models import Study
from trialsite.accounts.policy import sites_where


@require_http_methods(["GET", "POST"])
def allocation(request: Request, study: str) -> HttpResponse:
    """By GET one kit is looked up, by POST the whole list is asked for: the database logs both."""
    chosen = study_for(request.user, study, "allocation.view")
    lookup = KitForm(request.GET if "kit" in request.GET else None)
    form = ListForm(request.POST or None)
    context = {
        "lookup": lookup,
        "form": form,
        "lists": told(request, lambda key: closed_reader.lists(key, chosen)),
        "sites": sites_where(request.user, "allocation.generate", chosen),
    }
    if lookup.is_valid():
        context |= _kit(request, chosen, lookup.cleaned_data["kit"])
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        context["slots"] = told(request, lambda key: closed_reader.allocation_list(key, chosen, reason))
    return render(request, "analysis/allocation.html", context, status=422 if form.errors else 200)


def _kit(request: Request, study: Study, number: str) -> dict[str, Any]:
    """The kit as the database tells it (None: there is none on this person's lists), and what is in it in words."""
    kit = told(request, lambda key: closed_reader.kit(key, study, number))
    arms = {arm.code: arm for arm in study.protocols.latest().rules.arms}
    return {"kit": kit, "arm": arms.get(kit["arm"]) if kit else None}


@require_POST
def allocation_request(request: Request, study: str, site: str) -> HttpResponse:
    chosen = study_for(request.user, study, "study.view")
    request_allocation_list(site_for(request.user, chosen, site, "allocation.generate"), by=request.user)
    messages.success(request, _("The list is being made; reload this page in a moment."))
    return redirect("allocation", study)
