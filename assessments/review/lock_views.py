"""Pages of locks: a reason, and a second person to unlock."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assessments.review.forms import DecideForm
from enrollment.forms import ReasonForm
from enrollment.models import Participant, Visit
from enrollment.respond import add_errors
from enrollment.selectors import participant_for, study_for, visit_for
from trialsite.accounts.http import Request
from trialsite.accounts.models import Study
from trialsite.review import services
from trialsite.review.models import Lock
from trialsite.review.selectors import lock_for, unlock_for


def lock_visit(request: Request, pk: int) -> HttpResponse:
    visit = visit_for(request.user, pk, "record.lock")
    return _lock(request, visit.participant.study, visit.participant, visit)


def lock_participant(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "record.lock")
    return _lock(request, participant.study, participant, None)


def lock_study(request: Request, study: str) -> HttpResponse:
    return _lock(request, study_for(request.user, study, "study.lock"), None, None)


@require_http_methods(["GET", "POST"])
def _lock(
    request: Request, study: Study, participant: Participant | None, visit: Visit | None
) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            services.lock(study, participant, visit, by=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Locked. No changes are possible until it is unlocked."))
            return redirect(_back(participant, visit) if participant else _review(study))
    context = {
        "form": form,
        "title": _place(study, participant, visit),
        "question": _("Lock this? Changes then require an unlock request, approved by a second user."),
        "button": _("Lock"),
        "back": _back(participant, visit) if participant else _review(study),
    }
    return render(request, "assessments/review/reason.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def unlock_request(request: Request, pk: int) -> HttpResponse:
    lock = lock_for(request.user, pk, "unlock.request")
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            services.request_unlock(lock, by=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Requested. Another investigator or data manager has to decide."))
            return redirect(_back_of(lock))
    context = {
        "form": form,
        "title": _place(lock.study, lock.participant, lock.visit),
        "question": _("Ask to unlock this? State what has to be changed, and why."),
        "button": _("Request unlock"),
        "back": _back_of(lock),
    }
    return render(request, "assessments/review/reason.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def unlock_decide(request: Request, pk: int) -> HttpResponse:
    unlock_request = unlock_for(request.user, pk, "unlock.decide")
    form = DecideForm(request.POST or None)
    if form.is_valid():
        try:
            decided = services.decide_unlock(
                unlock_request,
                by=request.user,
                approved="approve" in request.POST,
                reason=form.cleaned_data["reason"],
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            unlocked = _("Unlocked for 24 hours, or until locked again.")
            messages.success(
                request, unlocked if decided.approved else _("Refused. The record remains locked.")
            )
            return redirect(_back_of(unlock_request.lock))
    lock = unlock_request.lock
    context = {
        "unlock_request": unlock_request,
        "form": form,
        "title": _place(lock.study, lock.participant, lock.visit),
        "own": unlock_request.requested_by_id == request.user.pk,
        "back": _back_of(lock),
    }
    status = 422 if form.errors else 200
    return render(request, "assessments/review/unlock_decide.html", context, status=status)


@require_POST
def unlock_end(request: Request, pk: int) -> HttpResponse:
    unlock_request = unlock_for(request.user, pk, "unlock.request")
    services.end_unlock(unlock_request, by=request.user)
    messages.success(request, _("Locked again."))
    return redirect(_back_of(unlock_request.lock))


def _place(study: Study, participant: Participant | None, visit: Visit | None) -> str:
    if participant is None:
        return _("%(study)s: the whole study") % {"study": study.code}
    if visit is None:
        return _("%(code)s: casebook") % {"code": participant.code}
    return f"{participant.code}: {visit}"


def _back(participant: Participant, visit: Visit | None) -> str:
    if visit:
        return reverse("visit", args=[visit.pk])
    return reverse("participant", args=[participant.study.code, participant.code])


def _review(study: Study) -> str:
    return reverse("review", args=[study.code])


def _back_of(lock: Lock) -> str:
    return _back(lock.participant, lock.visit) if lock.participant else _review(lock.study)
