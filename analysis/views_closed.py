"""The closed report, its looks and decisions. What is shown, the database gave to this live session and logged."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from analysis import closed as closed_reader
from analysis.board import Section
from analysis.board_pages import live_page, look_page
from analysis.chart_pages import csv_file, svg_file
from analysis.chart_shapes import Chart
from analysis.forms import DecisionForm, EventsForm
from analysis.models import Look
from analysis.services.looks import decide, record_events, request_look
from enrollment.forms import ReasonForm
from enrollment.models import EnrollmentPause
from enrollment.selectors import study_for
from enrollment.services import resume_enrollment
from enrollment.views.respond import add_errors, say_errors
from trialsite.accounts.http import Request
from trialsite.accounts.models import Study
from trialsite.accounts.stepup import confirm
from trialsite.lib import refusals


@require_GET
def closed(request: Request, study: str) -> HttpResponse:
    """The live report; for htmx only the figures, and 204 while they are the ones already shown."""
    chosen = study_for(request.user, study, "closed.view")
    found = told(request, lambda key: closed_reader.report(key, chosen))
    if request.htmx and found and request.GET.get("serial") == str(found["serial"]):
        return HttpResponse(status=204)
    context = live_page(chosen, found)
    context["sections"] = _with_downloads(context["sections"], "closed_chart", study)
    if request.htmx:
        return render(request, "analysis/_closed_figures.html", context)
    context |= {"log": told(request, lambda key: closed_reader.views(key, chosen)), "form": ReasonForm()}
    return render(request, "analysis/closed.html", context)


@require_GET
def look(request: Request, study: str, number: int) -> HttpResponse:
    """A frozen look: the report of its cut, the decision or the way to it."""
    chosen = study_for(request.user, study, "closed.view")
    context = _look_context(request, chosen, number)
    context["sections"] = _with_downloads(context["sections"], "look_chart", study, number)
    context["log"] = told(request, lambda key: closed_reader.views(key, chosen))
    return render(request, "analysis/look.html", context)


@require_GET
def closed_chart(request: Request, study: str, chart: str, kind: str) -> HttpResponse:
    chosen = study_for(request.user, study, "closed.view")
    found = told(request, lambda key: closed_reader.report(key, chosen))
    return _chart(live_page(chosen, found)["sections"], chart, kind, f"{study}-closed")


@require_GET
def look_chart(request: Request, study: str, number: int, chart: str, kind: str) -> HttpResponse:
    chosen = study_for(request.user, study, "closed.view")
    return _chart(_look_context(request, chosen, number)["sections"], chart, kind, f"{study}-look-{number}")


@require_POST
def look_request(request: Request, study: str, number: int) -> HttpResponse:
    chosen = study_for(request.user, study, "look.take")
    try:
        request_look(chosen, number, by=request.user)
    except ValidationError as error:
        say_errors(request, error)
    else:
        messages.success(
            request, _("The unblinded worker freezes the data of this look; reload in a moment.")
        )
    return redirect("closed", study)


@require_http_methods(["GET", "POST"])
def look_decide(request: Request, study: str, number: int) -> HttpResponse:
    """What the board needs to decide: the serious events reported to it, and its decision, signed with the password."""
    chosen = study_for(request.user, study, "look.decide")
    context = _look_context(request, chosen, number)
    reporting = request.POST.get("act") == "events"
    events = EventsForm(request.POST if reporting else None)
    form = DecisionForm(request.POST if request.POST and not reporting else None)
    if events.is_valid() and _reported(request, chosen, number, events):
        return redirect("look_decide", study, number)
    if form.is_valid() and _signed(request, chosen, number, form):
        messages.success(
            request, _("Signed. Blinded people are told the word of the decision, nothing else.")
        )
        return redirect("look", study, number)
    return render(request, "analysis/look_decide.html", {**context, "form": form, "events": events},
                  status=422 if form.errors or events.errors else 200)  # fmt: skip


@require_GET
def look_pdf(request: Request, study: str, number: int) -> HttpResponse:
    """The report as the unblinded worker printed it; the database logs the download."""
    chosen = study_for(request.user, study, "closed.view")
    content = told(request, lambda key: closed_reader.printed(key, chosen, number))
    if content is None:
        raise Http404
    response = HttpResponse(content, "application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{study}-look-{number}.pdf"'
    response["Digest"] = f"sha-256={hashlib.sha256(content).hexdigest()}"
    return response


@require_GET
def look_cut(request: Request, study: str, number: int) -> HttpResponse:
    """The frozen rows, byte for byte what was hashed."""
    chosen = study_for(request.user, study, "closed.view")
    found = told(request, lambda key: closed_reader.look(key, chosen, number))
    if found is None:
        raise Http404
    response = HttpResponse(found["cut"], "application/json")
    response["Content-Disposition"] = f'attachment; filename="{study}-look-{number}-cut.json"'
    return response


@require_POST
def resume(request: Request, study: str) -> HttpResponse:
    """Lift the pause, with a reason."""
    chosen = study_for(request.user, study, "enrollment.pause")
    form = ReasonForm(request.POST)
    pause = EnrollmentPause.objects.filter(study=chosen, lifted_at=None).first()
    if pause is None:
        messages.info(request, _("Enrolment is not paused."))
    elif form.is_valid():
        resume_enrollment(pause, by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, _("Enrolment goes on."))
    else:
        messages.error(
            request, _("Say why enrolment goes on; the audit trail keeps it. Blinded people can read it.")
        )
    return redirect("closed", study)


def told(request: Request, read: Callable[[str], Any]) -> Any:
    """What the database gives to this live session. Its own refusal is a 404 here; a fault stays one, an outage too."""
    try:
        return read(request.session.session_key or "")
    except DatabaseError as error:
        if refusals.code(error) != refusals.NOT_ALLOWED:
            raise
        raise Http404 from error


def _look_context(request: Request, study: Study, number: int) -> dict[str, Any]:
    found = told(request, lambda key: closed_reader.look(key, study, number))
    public = Look.objects.filter(study=study, number=number).select_related("protocol", "decided_by").first()
    if found is None or public is None:
        raise Http404
    live = told(request, lambda key: closed_reader.report(key, study))
    return look_page(public, found, live)


def _reported(request: Request, study: Study, number: int, form: EventsForm) -> bool:
    try:
        found = record_events(
            study.looks.get(number=number), by=request.user, session_key=request.session.session_key or "",
            events=form.cleaned_data["events"], source=form.cleaned_data["source"],
        )  # fmt: skip
    except ValidationError as error:
        add_errors(form, error)
        return False
    said = (
        _("Entered: the safety boundary is reached.")
        if found["stops"]
        else _("Entered: the safety boundary is not reached.")
    )
    messages.success(request, said)
    return True


def _signed(request: Request, study: Study, number: int, form: DecisionForm) -> bool:
    refused = confirm(request, form.cleaned_data["password"])
    if refused:
        form.add_error("password", refused)
        return False
    chosen = {name: form.cleaned_data[name] for name in ("recommendation", "decision", "reason")}
    try:
        decide(
            study.looks.get(number=number), by=request.user, session_key=request.session.session_key or "",
            **chosen,
        )  # fmt: skip
    except ValidationError as error:
        add_errors(form, error)
        return False
    return True


def _with_downloads(sections: list[Section], name: str, *where: object) -> list[Section]:
    def address(chart: Chart, kind: str) -> str:
        return reverse(name, args=[*where, chart.slug, kind])

    return [
        replace(
            section,
            charts=tuple(
                replace(chart, csv_url=address(chart, "csv"), svg_url=address(chart, "svg"))
                for chart in section.charts
            ),
        )
        for section in sections
    ]


def _chart(sections: list[Section], slug: str, kind: str, name: str) -> HttpResponse:
    chart = next((one for section in sections for one in section.charts if one.slug == slug), None)
    if chart is None or kind not in {"csv", "svg"}:
        raise Http404
    content, media = (svg_file(chart), "image/svg+xml") if kind == "svg" else (csv_file(chart), "text/csv")
    response = HttpResponse(content, f"{media}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{slug}.{kind}"'
    return response
