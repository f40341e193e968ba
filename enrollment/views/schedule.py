"""The schedule of one participant: plan and record infusions, mark visits."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment import services
from enrollment.forms import DosingForm, PlanForm, ReasonForm
from enrollment.models import Period
from enrollment.presenters import possible_days, strip_of, washout_sentence
from enrollment.selectors import period_for, today_at, visit_for, washout_before
from enrollment.views.respond import add_errors
from trialsite.accounts.http import Request
from trialsite.accounts.policy import may
from trialsite.lib.errors import Conflict


@require_http_methods(["GET", "POST"])
def plan(request: Request, pk: int) -> HttpResponse:
    period = period_for(request.user, pk, "schedule.plan")
    participant = period.participant
    washout = washout_before(period)
    form = PlanForm(
        request.POST or None,
        needs_reason=period.planned_on is not None,
        may_override=washout is not None
        and may(request.user, "washout.override", participant.study, participant.site),
        initial={
            "planned_on": period.planned_on or (washout and washout.target_on),
            "version": period.version,
        },
    )
    if form.is_valid():
        try:
            services.plan_period(period, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        except Conflict as conflict:
            return _conflict(request, "enrollment/plan.html", period, form, conflict)
        else:
            messages.success(request, _("Planned; the visits follow this day."))
            return redirect("participant", participant.study.code, participant.code)
    return render(request, "enrollment/plan.html", _context(period, form))


@require_http_methods(["GET", "POST"])
def dosing(request: Request, pk: int) -> HttpResponse:
    period = period_for(request.user, pk, "schedule.plan")
    participant = period.participant
    today = today_at(participant.site)
    suggested = period.dosed_on or (min(period.planned_on, today) if period.planned_on else today)
    form = DosingForm(request.POST or None, initial={"dosed_on": suggested, "version": period.version})
    if form.is_valid():
        try:
            services.record_dosing(period, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        except Conflict as conflict:
            return _conflict(request, "enrollment/dosing.html", period, form, conflict)
        else:
            messages.success(request, _("Recorded; the visit windows follow this day."))
            return redirect("participant", participant.study.code, participant.code)
    return render(request, "enrollment/dosing.html", _context(period, form))


@require_http_methods(["GET", "POST"])
def visit_missed(request: Request, pk: int) -> HttpResponse:
    visit = visit_for(request.user, pk, "schedule.plan")
    form = ReasonForm(request.POST or None)
    reopening = visit.status == visit.Status.MISSED
    change = services.reopen_visit if reopening else services.mark_missed
    if form.is_valid():
        try:
            change(visit, by=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            return redirect("participant", visit.participant.study.code, visit.participant.code)
    question = _("Take back that “%(visit)s” was missed?") if reopening else _("Mark “%(visit)s” as missed?")
    context = {
        "participant": visit.participant,
        "form": form,
        "question": question % {"visit": visit.label},
        "button": _("Take it back") if reopening else _("Mark as missed"),
    }
    return render(request, "enrollment/with_reason.html", context)


def _context(period: Period, form: PlanForm | DosingForm) -> dict[str, object]:
    washout = washout_before(period)
    return {
        "participant": period.participant,
        "period": period,
        "form": form,
        "washout": washout,
        "sentence": washout_sentence(period, washout),
        "days": possible_days(period, washout) if washout else [],
        "strip": strip_of(period.participant),
    }


def _conflict(
    request: Request, template: str, period: Period, form: PlanForm | DosingForm, conflict: Conflict
) -> HttpResponse:
    form.data = {**form.data.dict(), "version": str(conflict.current.version)}  # type: ignore[attr-defined]
    context = {**_context(conflict.current, form), "conflict": conflict.current}
    return render(request, template, context, status=409)
