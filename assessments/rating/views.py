"""Pages of ratings: a visit, the entry of one instrument, its draft."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.domain.instrument import Instrument
from assessments.entry.selectors import forms_at
from assessments.models import Assessment, Draft
from assessments.rating import services
from assessments.rating.codec import empty_text, new_token, text_from, text_of
from assessments.rating.forms import RatingForm
from assessments.rating.page import RatingPage, conflict_of, rating_page
from assessments.rating.second import rates_second
from assessments.rating.visit_page import visit_page
from assessments.selectors import assessment_of, instruments_due
from assessments.wording.selectors import instruments_at
from assessments.wording.services import LOAD
from enrollment.casebook.review_status import review_of
from enrollment.models import Visit
from enrollment.respond import errors_by_field
from enrollment.schedule.strips import strip_of
from enrollment.selectors import today_at, visit_for
from trialsite.accounts.http import Request
from trialsite.accounts.policy import may
from trialsite.lib.errors import Conflict
from trialsite.review.selectors import lock_on


@require_GET
def visit(request: Request, pk: int) -> HttpResponse:
    visit = visit_for(request.user, pk, "assessment.view")
    saved = {a.instrument: a for a in visit.assessments.all()}
    due = instruments_due(visit)
    may_enter = may(request.user, "assessment.enter", visit.participant.study, visit.participant.site)
    # Straight into the one rating, which leads here for the forms beside it.
    straight = len(due) == 1 and "forms" not in request.GET and not saved
    if straight and may_enter and visit.status == Visit.Status.PLANNED:
        return redirect("rating", pk, due[0])
    review = review_of(visit.participant, visit, request.user)
    context = {
        "visit": visit,
        "participant": visit.participant,
        "page": visit_page(visit, saved, review.status, request.user),
        "strip": strip_of(visit.participant),
        "review": review,
        "review_may": review.may,
        "may_enter": may_enter,
    }
    return render(request, "assessments/rating/visit.html", context)


@require_http_methods(["GET", "POST"])
def rating(request: Request, pk: int, code: str) -> HttpResponse:
    visit = visit_for(request.user, pk, "assessment.enter")
    instrument = _instrument(visit, code)
    if rates_second(visit, assessment_of(visit, code), request.user):
        return redirect("second_rating", pk, code)
    if request.method == "POST":
        return _submitted(request, visit, instrument)
    if lock_on(visit.participant, visit):
        messages.info(
            request, _("This record is locked and read-only. To change it, request that it be unlocked.")
        )
        return redirect(reverse("visit", args=[pk]) + "#rating-" + code)
    saved = assessment_of(visit, code)
    draft = Draft.objects.filter(user=request.user, visit=visit, instrument=code).first()
    if draft:
        text = text_from(draft.fields, instrument)
    elif saved:
        text = text_of(saved)
    else:
        text = empty_text(request.user.printed_name, today_at(visit.participant.site))
    page = rating_page(visit, instrument, text, saved=saved, draft=draft, token=new_token())
    return _form_page(request, page, status=200)


def _submitted(request: Request, visit: Visit, instrument: Instrument) -> HttpResponse:
    """Saved and on to the visit; or the form again with all that is wrong and all that was typed."""
    form = RatingForm(request.POST, instrument=instrument)
    saved = assessment_of(visit, instrument.code) if request.POST.get("version") else None
    readable, answer = form.is_valid(), form.answer()
    questions = {} if answer else services.questions_of(visit, form.entry(), saved)
    token = request.POST.get("form_token") or new_token()
    if not readable or questions:
        reason = form.cleaned_data.get("reason", "") if saved and form.cleaned_data.get("version") else None
        form.add_problems(services.problems_of(visit, instrument.code, form.entry(), reason=reason))
    else:
        try:
            assessment = _save(request, visit, instrument.code, saved, form)
        except ValidationError as error:
            form.add_problems(errors_by_field(error))
        except Conflict as conflict:
            return _conflict(request, visit, form, conflict)
        else:
            messages.success(request, _saved_message(assessment))
            return redirect("visit", visit.pk)
    question = questions.get("performed_on", "")
    page = rating_page(visit, instrument, form.text, saved=saved, form=form, token=token, question=question)
    return _form_page(request, page, status=422)


def _form_page(request: Request, page: RatingPage, *, status: int) -> HttpResponse:
    participant = page.visit.participant
    context = {
        "page": page,
        "participant": participant,
        "study": participant.study,
        "has_forms": bool(forms_at(page.visit)),
        "may_load": may(request.user, LOAD, participant.study, participant.site),
    }
    return render(request, "assessments/rating/rating_form.html", context, status=status)


@require_POST
def draft(request: Request, pk: int, code: str) -> HttpResponse:
    visit = visit_for(request.user, pk, "assessment.enter")
    text = text_from(request.POST, _instrument(visit, code))
    kept = services.keep_draft(visit, code, text, by=request.user)
    return JsonResponse({"saved": f"{timezone.localtime(kept.saved_at):%H:%M:%S}"})


@require_POST
def draft_discard(request: Request, pk: int, code: str) -> HttpResponse:
    visit = visit_for(request.user, pk, "assessment.enter")
    services.discard_draft(visit, code, by=request.user)
    messages.info(request, _("The draft was discarded; saved data are unchanged."))
    return redirect("rating", pk, code)


def _instrument(visit: Visit, code: str) -> Instrument:
    if code not in instruments_due(visit):
        raise Http404
    return instruments_at(visit, [code])[0]


def _save(
    request: Request, visit: Visit, code: str, saved: Assessment | None, form: RatingForm
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
        visit, code, form.entry(), by=request.user, form_token=data["form_token"], comment=form.answer()
    )


def _conflict(request: Request, visit: Visit, form: RatingForm, conflict: Conflict) -> HttpResponse:
    current: Assessment = conflict.current
    if rates_second(visit, current, request.user):
        # Somebody else's was saved in the same moment: it is the first, and this one, kept as a draft, is the second.
        services.keep_draft(visit, form.instrument.code, form.text, by=request.user)
        messages.warning(
            request, _("Another person saved the first rating meanwhile. Yours is kept as the second.")
        )
        return redirect("second_rating", visit.pk, form.instrument.code)
    page = rating_page(
        visit,
        form.instrument,
        form.text,
        saved=current,
        form=form,
        token=request.POST.get("form_token", ""),
        conflict=conflict_of(form.instrument, form.text, current),
    )
    return _form_page(request, page, status=409)


def _saved_message(assessment: Assessment) -> str:
    if assessment.status == Assessment.Status.COMPLETE:
        return _("Saved: all items rated, total %(total)d.") % {"total": assessment.total}
    if assessment.status == Assessment.Status.NOT_DONE:
        return _("Saved: the rating was not done.")
    return _("Saved. Items are missing, so there is no total.")
