"""Pages of signatures and locks: password again, a meaning, a reason, and a second person to unlock."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assessments.presenters import rating_row
from assessments.review_forms import DecideForm, SignForm
from assessments.selectors import instrument_of, instruments_due
from enrollment.forms import ReasonForm
from enrollment.models import Participant, Visit
from enrollment.selectors import participant_for, study_for, visit_for
from enrollment.views.respond import add_errors
from trialsite.accounts.http import Request
from trialsite.accounts.models import Study
from trialsite.accounts.stepup import confirm
from trialsite.lib.errors import Conflict
from trialsite.review import services
from trialsite.review.models import Lock
from trialsite.review.selectors import content_sha256, lock_for, unlock_for


def sign_visit(request: Request, pk: int) -> HttpResponse:
    visit = visit_for(request.user, pk, "record.sign")
    return _sign(request, visit.participant, visit)


def sign_casebook(request: Request, study: str, code: str) -> HttpResponse:
    return _sign(request, participant_for(request.user, study, code, "record.sign"), None)


@require_http_methods(["GET", "POST"])
def _sign(request: Request, participant: Participant, visit: Visit | None) -> HttpResponse:
    form = SignForm(request.POST or None)
    if form.is_valid() and _signed(request, form, participant, visit):
        messages.success(request, _("Signed. Any later change voids the signature and asks for a new one."))
        return redirect(_back(participant, visit))
    # Before the contents are read: what changes in between will not be signed.
    now = content_sha256(participant.pk, visit.pk if visit else None)
    changed = form.is_bound and form["shown"].value() != now
    if changed:
        form.data = {**form.data, "shown": now}
        form.add_error(
            None, _("Values were changed after you opened this page; nothing was signed. Read them again.")
        )
    form.initial["shown"] = now
    context = {
        "participant": participant,
        "visit": visit,
        "form": form,
        "rows": _contents(participant, visit),
        "back": _back(participant, visit),
    }
    return render(
        request, "review/sign.html", context, status=409 if changed else 422 if form.errors else 200
    )


def _signed(request: Request, form: SignForm, participant: Participant, visit: Visit | None) -> bool:
    data = form.cleaned_data
    if refused := confirm(request, data["password"]):
        form.add_error("password", refused)
        return False
    try:
        services.sign(participant, visit, by=request.user, meaning=data["meaning"], shown=data["shown"])
    except ValidationError as error:
        add_errors(form, error)
    except Conflict:
        return False
    else:
        return True
    return False


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
            messages.success(request, _("Locked. The database now refuses every change of it."))
            return redirect(_back(participant, visit) if participant else _review(study))
    context = {
        "form": form,
        "title": _place(study, participant, visit),
        "question": _("Lock this? Changes then need a request that a second person approves."),
        "button": _("Lock"),
        "back": _back(participant, visit) if participant else _review(study),
    }
    return render(request, "review/reason.html", context, status=422 if form.errors else 200)


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
            messages.success(request, _("Asked. An investigator or data manager other than you decides."))
            return redirect(_back_of(lock))
    context = {
        "form": form,
        "title": _place(lock.study, lock.participant, lock.visit),
        "question": _("Ask to unlock this? Say what has to be changed, and why."),
        "button": _("Ask to unlock"),
        "back": _back_of(lock),
    }
    return render(request, "review/reason.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def unlock_decide(request: Request, pk: int) -> HttpResponse:
    asked = unlock_for(request.user, pk, "unlock.decide")
    form = DecideForm(request.POST or None)
    if form.is_valid():
        try:
            decided = services.decide_unlock(
                asked, by=request.user, approved="approve" in request.POST, reason=form.cleaned_data["reason"]
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(
                request,
                _("Unlocked for 24 hours, or until it is locked again.") if decided.approved
                else _("Refused. It stays locked."),
            )  # fmt: skip
            return redirect(_back_of(asked.lock))
    context = {
        "asked": asked,
        "form": form,
        "title": _place(asked.lock.study, asked.lock.participant, asked.lock.visit),
        "own": asked.requested_by_id == request.user.pk,
        "back": _back_of(asked.lock),
    }
    return render(request, "review/unlock_decide.html", context, status=422 if form.errors else 200)


@require_POST
def unlock_end(request: Request, pk: int) -> HttpResponse:
    asked = unlock_for(request.user, pk, "unlock.request")
    services.end_unlock(asked, by=request.user)
    messages.success(request, _("Locked again."))
    return redirect(_back_of(asked.lock))


def _contents(participant: Participant, visit: Visit | None) -> list[dict[str, object]]:
    """What is signed, on the page where it is signed."""
    visits = [visit] if visit else list(participant.visits.exclude(status="planned").select_related("period"))
    rows: list[dict[str, object]] = []
    for one in visits:
        saved = {rating.instrument: rating for rating in one.assessments.all()}
        ratings = [
            rating_row(instrument_of(participant.protocol.rules, code), saved.get(code))
            for code in instruments_due(one)
        ]
        rows.append({"visit": one, "ratings": ratings})
    return rows


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
