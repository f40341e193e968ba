"""The closed report, its looks and decisions. What is shown, the database gave to this live session and logged."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from analysis.charts.shapes import Chart
from analysis.dashboard.charts import csv_file, svg_file
from analysis.models import Look
from analysis.monitoring import closed as closed_reader
from analysis.monitoring.forms import DecisionForm, EventsForm
from analysis.monitoring.pages import LookPage, live_page, look_page
from analysis.monitoring.sections import ReportSection
from analysis.monitoring.serious import recorded_events
from analysis.monitoring.services.looks import decide, record_events, request_look
from enrollment.forms import ReasonForm
from enrollment.models import EnrollmentPause
from enrollment.respond import add_errors, say_errors
from enrollment.selectors import study_for
from enrollment.services import resume_enrollment
from trialsite.accounts.http import Request
from trialsite.accounts.models import Study
from trialsite.accounts.stepup import confirm
from trialsite.lib import refusals

Answer = TypeVar("Answer")


@require_GET
def closed(request: Request, study: str) -> HttpResponse:
    """The live report; for htmx only the figures, and 204 while they are the ones already shown."""
    trial = study_for(request.user, study, "closed.view")
    report = read_closed_schema(request, lambda key: closed_reader.report(key, trial))
    if request.htmx and report and request.GET.get("serial") == str(report.serial):
        return HttpResponse(status=204)
    page = live_page(trial, report)
    context = {
        "study": trial,
        "page": page,
        "sections": _with_downloads(page.sections, "closed_chart", study),
        "form": ReasonForm(),
    }
    if request.htmx:
        return render(request, "analysis/monitoring/_closed_figures.html", context)
    log = read_closed_schema(request, lambda key: closed_reader.views(key, trial))
    return render(request, "analysis/monitoring/closed.html", context | {"log": log})


@require_GET
def look(request: Request, study: str, number: int) -> HttpResponse:
    """A frozen look: the report of its cut, the decision or the way to it."""
    trial = study_for(request.user, study, "closed.view")
    page = _look_page(request, trial, number)
    context = {
        "study": trial,
        "page": page,
        "sections": _with_downloads(page.sections, "look_chart", study, number),
        "log": read_closed_schema(request, lambda key: closed_reader.views(key, trial)),
    }
    return render(request, "analysis/monitoring/look.html", context)


@require_GET
def closed_chart(request: Request, study: str, chart: str, kind: str) -> HttpResponse:
    trial = study_for(request.user, study, "closed.view")
    report = read_closed_schema(request, lambda key: closed_reader.report(key, trial))
    return _chart(live_page(trial, report).sections, chart, kind, f"{study}-closed")


@require_GET
def look_chart(request: Request, study: str, number: int, chart: str, kind: str) -> HttpResponse:
    trial = study_for(request.user, study, "closed.view")
    return _chart(_look_page(request, trial, number).sections, chart, kind, f"{study}-look-{number}")


@require_POST
def look_request(request: Request, study: str, number: int) -> HttpResponse:
    trial = study_for(request.user, study, "look.take")
    try:
        request_look(trial, number, by=request.user)
    except ValidationError as error:
        say_errors(request, error)
    else:
        messages.success(request, _("The data of this look are being frozen; reload in a moment."))
    return redirect("closed", study)


@require_http_methods(["GET", "POST"])
def look_decide(request: Request, study: str, number: int) -> HttpResponse:
    """What the board needs to decide: the serious events reported to it, and its decision, signed with the password."""
    trial = study_for(request.user, study, "look.decide")
    page = _look_page(request, trial, number)
    reporting = request.POST.get("act") == "events"
    events = EventsForm(request.POST if reporting else None, initial=_proposed(page))
    form = DecisionForm(request.POST if request.POST and not reporting else None)
    if events.is_valid() and _reported(request, trial, number, events):
        return redirect("look_decide", study, number)
    if form.is_valid() and _signed(request, trial, number, form):
        messages.success(request, _("Signed. Blinded users see only the decision itself."))
        return redirect("look", study, number)
    return render(
        request,
        "analysis/monitoring/look_decide.html",
        {"study": trial, "page": page, "form": form, "events": events},
        status=422 if form.errors or events.errors else 200,
    )


@require_GET
def look_pdf(request: Request, study: str, number: int) -> HttpResponse:
    """The report as the unblinded worker printed it; the database logs the download."""
    trial = study_for(request.user, study, "closed.view")
    content = read_closed_schema(request, lambda key: closed_reader.printed(key, trial, number))
    if content is None:
        raise Http404
    response = HttpResponse(content, "application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{study}-look-{number}.pdf"'
    response["Digest"] = f"sha-256={hashlib.sha256(content).hexdigest()}"
    return response


@require_GET
def look_cut(request: Request, study: str, number: int) -> HttpResponse:
    """The frozen rows, byte for byte what was hashed."""
    trial = study_for(request.user, study, "closed.view")
    frozen_look = read_closed_schema(request, lambda key: closed_reader.look(key, trial, number))
    if frozen_look is None:
        raise Http404
    response = HttpResponse(frozen_look.cut, "application/json")
    response["Content-Disposition"] = f'attachment; filename="{study}-look-{number}-cut.json"'
    return response


@require_POST
def resume(request: Request, study: str) -> HttpResponse:
    """Lift the pause, with a reason."""
    trial = study_for(request.user, study, "enrollment.pause")
    form = ReasonForm(request.POST)
    pause = EnrollmentPause.objects.filter(study=trial, lifted_at=None).first()
    if pause is None:
        messages.info(request, _("Enrolment is not paused."))
    elif form.is_valid():
        resume_enrollment(pause, by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, _("Enrolment has been resumed."))
    else:
        messages.error(
            request,
            _(
                "Give the reason for resuming enrolment; it is kept in the audit trail, which blinded users can read."
            ),
        )
    return redirect("closed", study)


def read_closed_schema(request: Request, read: Callable[[str], Answer]) -> Answer:
    """What the database gives to this live session. Its own refusal is a 404 here; a fault stays one, an outage too."""
    try:
        return read(request.session.session_key or "")
    except DatabaseError as error:
        if refusals.code(error) != refusals.NOT_ALLOWED:
            raise
        raise Http404 from error


def _look_page(request: Request, study: Study, number: int) -> LookPage:
    frozen_look = read_closed_schema(request, lambda key: closed_reader.look(key, study, number))
    public = Look.objects.filter(study=study, number=number).select_related("protocol", "decided_by").first()
    if frozen_look is None or public is None:
        raise Http404
    live = read_closed_schema(request, lambda key: closed_reader.report(key, study))
    return look_page(public, frozen_look, live)


def _proposed(page: LookPage) -> dict[str, object]:
    """What is recorded here, for the committee to hold against the safety physician's report."""
    count = recorded_events(page.look)
    words = {
        "events": count.events,
        "n": count.participants,
        "at": date_format(timezone.now(), "j M Y H:i e"),
    }
    source = _("Recorded in this system by %(at)s: %(events)d serious event(s), %(n)d participant(s)") % words
    return {"events": count.participants, "source": source}


def _reported(request: Request, study: Study, number: int, form: EventsForm) -> bool:
    try:
        verdict = record_events(
            study.looks.get(number=number),
            by=request.user,
            session_key=request.session.session_key or "",
            events=form.cleaned_data["events"],
            source=form.cleaned_data["source"],
        )
    except ValidationError as error:
        add_errors(form, error)
        return False
    sentence = (
        _("Entered: the safety boundary is reached.")
        if verdict.stops
        else _("Entered: the safety boundary is not reached.")
    )
    messages.success(request, sentence)
    return True


def _signed(request: Request, study: Study, number: int, form: DecisionForm) -> bool:
    refused = confirm(request, form.cleaned_data["password"])
    if refused:
        form.add_error("password", refused)
        return False
    trial = {name: form.cleaned_data[name] for name in ("recommendation", "decision", "reason")}
    try:
        decide(
            study.looks.get(number=number),
            by=request.user,
            session_key=request.session.session_key or "",
            **trial,
        )
    except ValidationError as error:
        add_errors(form, error)
        return False
    return True


def _with_downloads(sections: list[ReportSection], name: str, *where: object) -> list[ReportSection]:
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


def _chart(sections: list[ReportSection], slug: str, kind: str, name: str) -> HttpResponse:
    chart = next((drawn for section in sections for drawn in section.charts if drawn.slug == slug), None)
    if chart is None or kind not in {"csv", "svg"}:
        raise Http404
    content, media = (svg_file(chart), "image/svg+xml") if kind == "svg" else (csv_file(chart), "text/csv")
    response = HttpResponse(content, f"{media}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{slug}.{kind}"'
    return response
