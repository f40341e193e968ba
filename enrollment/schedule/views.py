"""The schedule of one participant: plan and record dosings, mark visits."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment.availability.proposed import days_of
from enrollment.availability.proposed_text import nothing_possible, proposed_day
from enrollment.availability.selectors import hours_of
from enrollment.domain.proposals import best
from enrollment.forms import ReasonForm
from enrollment.models import Period
from enrollment.respond import add_errors
from enrollment.schedule import services
from enrollment.schedule.days import possible_days
from enrollment.schedule.forms import DosingForm, PlanForm
from enrollment.schedule.strips import strip_of
from enrollment.schedule.text import washout_sentence
from enrollment.selectors import period_for, today_at, visit_for, washout_before
from enrollment.supply.selectors import kit_given_in
from trialsite.accounts.http import Request
from trialsite.accounts.policy import may
from trialsite.lib.errors import Conflict

# Best days that are offered for one period.
PROPOSED = 5


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
            return _conflict(request, "enrollment/schedule/plan.html", period, form, conflict)
        else:
            messages.success(request, _("Planned; the visits are scheduled from this date."))
            return redirect("participant", participant.study.code, participant.code)
    return render(request, "enrollment/schedule/plan.html", _context(period, form))


@require_http_methods(["GET", "POST"])
def dosing(request: Request, pk: int) -> HttpResponse:
    period = period_for(request.user, pk, "schedule.plan")
    participant = period.participant
    if infusion := participant.protocol.definition.infusion:
        # The start of the infusion is recorded there, and is the day of the dosing.
        visit = period.visits.get(code=infusion.visit)
        return redirect("infusion_day", visit.pk)
    today = today_at(participant.site)
    suggested = period.dosed_on or (min(period.planned_on, today) if period.planned_on else today)
    form = DosingForm(
        request.POST or None,
        with_kit=bool(period.kit_number),
        initial={"dosed_on": suggested, "kit": kit_given_in(period), "version": period.version},
    )
    if form.is_valid():
        try:
            services.record_dosing(period, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        except Conflict as conflict:
            return _conflict(request, "enrollment/schedule/dosing.html", period, form, conflict)
        else:
            messages.success(request, _("Recorded; the visit windows are calculated from this date."))
            return redirect("participant", participant.study.code, participant.code)
    return render(request, "enrollment/schedule/dosing.html", _context(period, form))


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
    question = _("Mark “%(visit)s” as not missed?") if reopening else _("Mark “%(visit)s” as missed?")
    context = {
        "participant": visit.participant,
        "form": form,
        "question": question % {"visit": visit.label},
        "button": _("Yes, it is not complete") if reopening else _("Mark as missed"),
    }
    return render(request, "enrollment/with_reason.html", context)


def _context(period: Period, form: PlanForm | DosingForm) -> dict[str, object]:
    washout = washout_before(period)
    site = period.participant.site
    judged = days_of(site, {period: washout})[period] if washout and not period.dosed_on else []
    proposed = best(judged, PROPOSED)
    return {
        "participant": period.participant,
        "period": period,
        "form": form,
        "washout": washout,
        "sentence": washout_sentence(period, washout),
        "days": possible_days(period, washout, judged) if washout else [],
        "proposed": [proposed_day(candidate) for candidate in proposed],
        "assumed": not hours_of(site).version if judged else False,
        "nothing": nothing_possible(judged) if judged and not proposed else "",
        "strip": strip_of(period.participant),
    }


def _conflict(
    request: Request, template: str, period: Period, form: PlanForm | DosingForm, conflict: Conflict
) -> HttpResponse:
    form.data = {**form.data, "version": str(conflict.current.version)}
    context = {**_context(conflict.current, form), "conflict": conflict.current}
    return render(request, template, context, status=409)
