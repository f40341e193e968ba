"""Kit contents, how far the lists go, and the lists themselves for a reason: for unblinded people alone."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from analysis.allocation.forms import KitForm, ListForm, PackingForm
from analysis.monitoring import closed as closed_reader
from analysis.monitoring.views import read_closed_schema
from enrollment.selectors import site_for, study_for
from enrollment.services import request_allocation_list
from enrollment.supply.selectors import shipment_for, shipments_at
from trialsite.accounts.http import Request
from trialsite.accounts.models import Study
from trialsite.accounts.policy import sites_where


@require_http_methods(["GET", "POST"])
def allocation(request: Request, study: str) -> HttpResponse:
    """By GET one kit is looked up, by POST the whole list is asked for: the database logs both."""
    trial = study_for(request.user, study, "allocation.view")
    lookup = KitForm(request.GET if "kit" in request.GET else None)
    form = ListForm(request.POST or None)
    context = {
        "lookup": lookup,
        "form": form,
        "lists": read_closed_schema(request, lambda key: closed_reader.lists(key, trial)),
        "sites": sites_where(request.user, "allocation.generate", trial),
        "shipments": shipments_at(sites_where(request.user, "allocation.view", trial)),
    }
    if lookup.is_valid():
        context |= _kit(request, trial, lookup.cleaned_data["kit"])
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        context["slots"] = read_closed_schema(
            request, lambda key: closed_reader.allocation_list(key, trial, reason)
        )
    return render(request, "analysis/allocation/allocation.html", context, status=422 if form.errors else 200)


def _kit(request: Request, study: Study, number: str) -> dict[str, Any]:
    """The kit as the database tells it (None: there is none on this person's lists), and what is in it in words."""
    kit = read_closed_schema(request, lambda key: closed_reader.kit(key, study, number))
    arms = {arm.code: arm for arm in study.protocols.latest().definition.arms}
    return {"kit": kit, "arm": arms.get(kit.arm) if kit else None}


@require_http_methods(["GET", "POST"])
def packing_list(request: Request, pk: int) -> HttpResponse:
    """What each kit of a shipment is to hold: by POST, with a reason, which the database logs."""
    shipment = shipment_for(request.user, pk, "allocation.view")
    form = PackingForm(request.POST or None)
    context: dict[str, Any] = {"shipment": shipment, "form": form, "kits": None}
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        kits = read_closed_schema(request, lambda key: closed_reader.packing_list(key, shipment, reason))
        arms = _arms(shipment.study)
        context["kits"] = [{"kit": kit.kit, "label": arms.get(kit.arm or "", "–")} for kit in kits]
    return render(request, "analysis/allocation/packing.html", context, status=422 if form.errors else 200)


@require_GET
def arm_stock(request: Request, study: str) -> HttpResponse:
    """The kits on hand by treatment; the database logs it."""
    trial = study_for(request.user, study, "allocation.view")
    rows = read_closed_schema(request, lambda key: closed_reader.stock_by_arm(key, trial))
    arms = _arms(trial)
    labelled = [
        {"site": row.site, "label": arms.get(row.arm or "", "–"), "free": row.free, "assigned": row.assigned}
        for row in rows
    ]
    return render(request, "analysis/allocation/stock.html", {"rows": labelled})


def _arms(study: Study) -> dict[str, str]:
    return {arm.code: arm.label for arm in study.protocols.latest().definition.arms}


@require_POST
def allocation_request(request: Request, study: str, site: str) -> HttpResponse:
    trial = study_for(request.user, study, "study.view")
    request_allocation_list(site_for(request.user, trial, site, "allocation.generate"), by=request.user)
    messages.success(request, _("The list is being generated; reload this page in a moment."))
    return redirect("allocation", study)
