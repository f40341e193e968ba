"""Pages of ratings: a visit, the entry of one instrument, its draft."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments import services
from assessments.domain.instrument import Instrument
from assessments.forms import RatingForm, fresh_fields, new_token, saved_fields, typed_fields
from assessments.models import Assessment, Draft
from assessments.presenters import conflict_rows, rating_page, rating_row
from assessments.selectors import assessment_of, instrument_of, instruments_due
from assessments.worklist import items_missing, reviews
from enrollment.models import Visit
from enrollment.presenters import state_of, strip_of
from enrollment.selectors import study_for, today_at, visit_for
from enrollment.standing import beside, review_of
from enrollment.worklist import unblinded_lately, worklist
from trialsite.accounts.http import Request
from trialsite.accounts.policy import may
from trialsite.lib.errors import Conflict
from trialsite.review.selectors import lock_on


@require_GET
def today(request: Request, study: str) -> HttpResponse:
    """Home: what this person can do now, this week, and what waits on others."""
    chosen = study_for(request.user, study, "home.view")
    columns = worklist(
        request.user, chosen, [*items_missing(request.user, chosen), *reviews(request.user, chosen)]
    )
    context = {
        "columns": columns,
        "busy": any(column.n for column in columns),
        "unblinded": unblinded_lately(request.user, chosen),
    }
    return render(request, "enrollment/today.html", context)


@require_GET
def visit(request: Request, pk: int) -> HttpResponse:
    chosen = visit_for(request.user, pk, "assessment.view")
    saved = {a.instrument: a for a in chosen.assessments.all()}
    due = instruments_due(chosen)
    may_enter = may(request.user, "assessment.enter", chosen.participant.study, chosen.participant.site)
    if len(due) == 1 and not saved and may_enter and chosen.status == Visit.Status.PLANNED:
        return redirect("rating", pk, due[0])
    context = _visit_page(request, chosen, saved) | {"may_enter": may_enter}
    return render(request, "assessments/visit.html", context)


def _visit_page(request: Request, chosen: Visit, saved: dict[str, Assessment]) -> dict[str, Any]:
    participant = chosen.participant
    rules = participant.protocol.rules
    rows = [rating_row(instrument_of(rules, code), saved.get(code)) for code in instruments_due(chosen)]
    review = review_of(participant, chosen, request.user)
    beside(rows, review["standing"])
    forms = {row["code"] for row in rows}
    return {
        **review,
        "visit": chosen,
        "participant": participant,
        "rows": rows,
        "other_queries": [query for query in review["standing"].queries if query.form not in forms],
        "state": state_of(chosen, today_at(participant.site)),
        "deviation": chosen.deviation(),
        "strip": strip_of(participant),
    }


@require_http_methods(["GET", "POST"])
def rating(request: Request, pk: int, code: str) -> HttpResponse:
    chosen = visit_for(request.user, pk, "assessment.enter")
    instrument = _instrument(chosen, code)
    if request.method == "POST":
        return _submitted(request, chosen, instrument)
    if lock_on(chosen.participant, chosen):
        messages.info(
            request, _("This is locked: you can read it here. To change it, ask for it to be unlocked.")
        )
        return redirect(reverse("visit", args=[pk]) + "#rating-" + code)
    saved = assessment_of(chosen, code)
    draft = Draft.objects.filter(user=request.user, visit=chosen, instrument=code).first()
    fields = draft.fields if draft else _start(request, chosen, saved)
    form = RatingForm(None, instrument=instrument)
    context = rating_page(chosen, instrument, fields, saved=saved, form=form, draft=draft, token=new_token())
    return render(request, "assessments/rating_form.html", context)


def _submitted(request: Request, chosen: Visit, instrument: Instrument) -> HttpResponse:
    """Saved and on to the visit; or the form again with all that is wrong and all that was typed."""
    form = RatingForm(request.POST, instrument=instrument)
    saved = assessment_of(chosen, instrument.code) if request.POST.get("version") else None
    form.is_valid()
    why = form.cleaned_data.get("reason", "") if saved and form.cleaned_data.get("version") else None
    form.add_problems(services.problems_of(chosen, instrument.code, form.entry(), reason=why))
    questions = {} if form.answer() else services.questions_of(chosen, form.entry(), saved)
    if not form.errors and not questions:
        try:
            assessment = _save(request, chosen, instrument.code, saved, form)
        except ValidationError as error:
            _put(form, error)
        except Conflict as conflict:
            return _conflict(request, chosen, form, conflict)
        else:
            messages.success(request, _said(assessment))
            return redirect("visit", chosen.pk)
    fields, token = typed_fields(request.POST, instrument), request.POST.get("form_token") or new_token()
    context = rating_page(chosen, instrument, fields, saved=saved, form=form, draft=None, token=token)
    context["question"] = questions.get("performed_on")
    return render(request, "assessments/rating_form.html", context, status=422)


@require_POST
def draft(request: Request, pk: int, code: str) -> HttpResponse:
    chosen = visit_for(request.user, pk, "assessment.enter")
    fields = typed_fields(request.POST, _instrument(chosen, code))
    kept = services.keep_draft(chosen, code, fields, by=request.user)
    return JsonResponse({"saved": f"{timezone.localtime(kept.saved_at):%H:%M:%S}"})


@require_POST
def draft_discard(request: Request, pk: int, code: str) -> HttpResponse:
    chosen = visit_for(request.user, pk, "assessment.enter")
    services.discard_draft(chosen, code, by=request.user)
    messages.info(request, _("The draft is thrown away; saved data are as they were."))
    return redirect("rating", pk, code)


def _instrument(chosen: Visit, code: str) -> Instrument:
    if code not in instruments_due(chosen):
        raise Http404
    return instrument_of(chosen.participant.protocol.rules, code)


def _start(request: Request, chosen: Visit, saved: Assessment | None) -> dict[str, str]:
    if saved:
        return saved_fields(saved)
    return fresh_fields(request.user.printed_name, today_at(chosen.participant.site))


def _save(
    request: Request, chosen: Visit, code: str, saved: Assessment | None, form: RatingForm
) -> Assessment:
    data = form.cleaned_data
    if saved and data["version"]:
        return services.correct(
            saved,
            form.entry(),
            by=request.user,
            version=data["version"],
            reason=data["reason"],
            comment=form.answer(),
        )
    if not data["form_token"]:
        raise ValidationError(_("The form is out of date. Reload the page; your draft is kept."))
    return services.complete(
        chosen, code, form.entry(), by=request.user, form_token=data["form_token"], comment=form.answer()
    )


def _put(form: RatingForm, error: ValidationError) -> None:
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        for one in errors:
            if name in form.fields:
                form.add_error(name, one)
            else:
                form.errors.setdefault(name, form.error_class()).extend(one.messages)


def _conflict(request: Request, chosen: Visit, form: RatingForm, conflict: Conflict) -> HttpResponse:
    current: Assessment = conflict.current
    mine = typed_fields(request.POST, form.instrument)
    context = rating_page(
        chosen,
        form.instrument,
        mine,
        saved=current,
        form=form,
        draft=None,
        token=request.POST.get("form_token", ""),
    )
    context["conflict"] = conflict_rows(form.instrument, mine, saved_fields(current), current)
    return render(request, "assessments/rating_form.html", context, status=409)


def _said(assessment: Assessment) -> str:
    if assessment.status == Assessment.Status.COMPLETE:
        return _("Saved: all items rated, total %(total)d.") % {"total": assessment.total}
    if assessment.status == Assessment.Status.NOT_DONE:
        return _("Saved: the rating was not done.")
    return _("Saved. Items are missing, so there is no total.")
