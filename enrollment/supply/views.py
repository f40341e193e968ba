"""The kits at the sites: stock, shipments, each kit, and a kit given in another's place."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enrollment.models import Kit, WrongKit
from enrollment.respond import add_errors
from enrollment.selectors import site_for, study_for, today_at
from enrollment.supply import services
from enrollment.supply.forms import CloseForm, KitFilter, MoveForm, ReceiveForm, SendForm
from enrollment.supply.selectors import (
    balances,
    kit_for,
    kits_for,
    shipment_for,
    shipments_coming,
    stocks_for,
    supply_rule,
    wrong_kit_for,
    wrong_kits_waiting_for,
)
from enrollment.supply.text import HEADER, table_of
from trialsite.accounts.http import Request
from trialsite.accounts.keyset import page_of
from trialsite.accounts.lists import list_file
from trialsite.accounts.policy import may, sites_where

# Act → the service, the question, the button.
MOVES: Mapping[str, tuple[Callable[..., Kit], Any, Any]] = {
    "return": (services.return_kit, gettext_lazy("Record kit %(kit)s as returned"), gettext_lazy("Returned")),
    "destroy": (
        services.destroy_kit,
        gettext_lazy("Record kit %(kit)s as destroyed"),
        gettext_lazy("Destroyed"),
    ),
    "put-back": (
        services.put_back_kit,
        gettext_lazy("Record that kit %(kit)s is there after all"),
        gettext_lazy("It is there"),
    ),
}


@require_GET
def supply(request: Request, study: str) -> HttpResponse:
    trial = study_for(request.user, study, "supply.view")
    filters = KitFilter(request.GET, sites=sites_where(request.user, "supply.view", trial))
    context = {
        "filter": filters,
        "page": page_of(
            filters.apply(kits_for(request.user, trial)), filters.keys, request.GET.get("after"), 25
        ),
        "stocks": stocks_for(request.user, trial),
        "rule": supply_rule(trial),
        "shipments": shipments_coming(request.user, trial),
        "wrong": wrong_kits_waiting_for(request.user, trial),
        "may_see_participants": may(request.user, "participant.view", trial),
    }
    return render(request, "enrollment/supply/supply.html", context)


@require_POST
def supply_file(request: Request, study: str) -> HttpResponseBase:
    """The kits under the filters of their page, as CSV."""
    trial = study_for(request.user, study, "supply.view")
    filters = KitFilter(request.GET, sites=sites_where(request.user, "supply.view", trial))
    rows = table_of(filters.apply(kits_for(request.user, trial)))
    return list_file(request, trial, "kits", "supply.view", HEADER, rows)


@require_http_methods(["GET", "POST"])
def supply_send(request: Request, study: str, site: str) -> HttpResponse:
    trial = study_for(request.user, study, "study.view")
    where = site_for(request.user, trial, site, "supply.send")
    rule = supply_rule(trial)
    proposal = balances([where])[where].proposal(rule) if rule else 0
    form = SendForm(request.POST or None, initial={"sets": proposal or None})
    if form.is_valid():
        try:
            services.request_supply(where, form.cleaned_data["sets"], by=request.user)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(
                request,
                _("The kits are being numbered. The packing list is on the allocation page in a moment."),
            )
            return redirect("supply", study)
    context = {"form": form, "site": where, "proposal": proposal}
    return render(request, "enrollment/supply/send.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def shipment(request: Request, pk: int) -> HttpResponse:
    sent = shipment_for(request.user, pk, "supply.record")
    numbers = list(sent.kits.values_list("number", flat=True))
    form = ReceiveForm(request.POST or None, numbers=numbers, initial={"received_on": today_at(sent.site)})
    if form.is_valid():
        try:
            services.receive_shipment(sent, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(
                request, _("Received. The kits are on hand at site %(site)s.") % {"site": sent.site}
            )
            return redirect("supply", sent.study.code)
    context = {"form": form, "shipment": sent, "numbers": numbers}
    return render(request, "enrollment/supply/shipment.html", context, status=422 if form.errors else 200)


@require_GET
def kit(request: Request, study: str, number: str) -> HttpResponse:
    trial = study_for(request.user, study, "study.view")
    row = kit_for(request.user, trial, number, "supply.view")
    context = {
        "kit": row,
        "may_record": may(request.user, "supply.record", trial, row.site),
        "may_see_participants": may(request.user, "participant.view", trial, row.site),
        "replaced_by": Kit.objects.filter(replaces=row).first(),
    }
    return render(request, "enrollment/supply/kit.html", context)


@require_http_methods(["GET", "POST"])
def kit_move(request: Request, study: str, number: str, act: str) -> HttpResponse:
    trial = study_for(request.user, study, "study.view")
    row = kit_for(request.user, trial, number, "supply.record")
    service, question, button = MOVES[act]
    form = MoveForm(request.POST or None, initial={"on": today_at(row.site), "version": row.version})
    if form.is_valid():
        try:
            service(row, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return redirect("kit", study, number)
    return _move_page(request, row, form, question, button)


@require_http_methods(["GET", "POST"])
def kit_replace(request: Request, study: str, number: str) -> HttpResponse:
    trial = study_for(request.user, study, "study.view")
    row = kit_for(request.user, trial, number, "supply.record")
    form = MoveForm(request.POST or None, initial={"version": row.version})
    del form.fields["on"]
    if form.is_valid():
        try:
            services.ask_replacement(row, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Another kit is being assigned; reload this page in a moment."))
            return redirect("kit", study, number)
    question = gettext_lazy("Assign another kit in the place of kit %(kit)s")
    return _move_page(request, row, form, question, gettext_lazy("Assign another kit"))


def _move_page(request: Request, kit: Kit, form: MoveForm, question: Any, button: Any) -> HttpResponse:
    context = {"kit": kit, "form": form, "question": question % {"kit": kit.number}, "button": button}
    return render(request, "enrollment/supply/move.html", context, status=422 if form.errors else 200)


@require_GET
def wrong_kit(request: Request, pk: int) -> HttpResponse:
    return _wrong(request, wrong_kit_for(request.user, pk, "wrong_kit.view"), CloseForm())


@require_POST
def wrong_kit_close(request: Request, pk: int) -> HttpResponse:
    wrong = wrong_kit_for(request.user, pk, "wrong_kit.close")
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            services.close_wrong_kit(wrong, by=request.user, action=form.cleaned_data["action"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Closed. What was done is kept in the participant's record."))
            return redirect("wrong_kit", pk)
    return _wrong(request, wrong, form)


def _wrong(request: Request, wrong: WrongKit, form: CloseForm) -> HttpResponse:
    study, site = wrong.participant.study, wrong.participant.site
    given = Kit.objects.filter(study=study, number=wrong.given).select_related("period__participant").first()
    context = {
        "wrong": wrong,
        "participant": wrong.participant,
        "form": form,
        "given": given,
        "may_close": may(request.user, "wrong_kit.close", study, site),
        "may_see_kits": may(request.user, "supply.view", study, site),
        "may_see_participants": may(request.user, "participant.view", study, site),
    }
    return render(request, "enrollment/supply/wrong_kit.html", context, status=422 if form.errors else 200)
