"""Pages of signatures and locks: password again, a meaning, a reason, and a second person to unlock."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.presenters import rating_row
from assessments.review_forms import DecideForm, SeriesForm, SignForm
from assessments.selectors import instrument_of, instruments_due
from assessments.sitting import readings
from enrollment.forms import ReasonForm
from enrollment.models import Participant, Visit
from enrollment.selectors import participant_for, study_for, visit_for
from enrollment.standing import allowed
from enrollment.views.respond import add_errors
from trialsite.accounts.http import Request
from trialsite.accounts.models import Study
from trialsite.accounts.stepup import confirm
from trialsite.lib.errors import Conflict
from trialsite.review import services
from trialsite.review.models import Lock
from trialsite.review.selectors import content_sha256, lock_for, unlock_for

CHANGED = gettext_lazy("Values were changed after you opened this page; nothing was signed. Read them again.")


@require_http_methods(["GET", "POST"])
def sign_visit(request: Request, pk: int) -> HttpResponse:
    visit = visit_for(request.user, pk, "record.sign")
    form = SignForm(request.POST or None)
    if form.is_valid() and _signed(request, form, visit):
        messages.success(request, _("Signed. Any later change voids the signature and asks for a new one."))
        return redirect("visit", pk)
    # Before the contents are read: what changes in between will not be signed.
    now = content_sha256(visit.participant_id, visit.pk)
    changed = form.is_bound and form["shown"].value() != now
    if changed:
        form.data = {**form.data, "shown": now}
        form.add_error(None, CHANGED)
    form.initial["shown"] = now
    context = {"participant": visit.participant, "visit": visit, "form": form, "ratings": _ratings(visit)}
    return render(
        request, "review/sign.html", context, status=409 if changed else 422 if form.errors else 200
    )


def _signed(request: Request, form: SignForm, visit: Visit) -> bool:
    data = form.cleaned_data
    if refused := confirm(request, data["password"]):
        form.add_error("password", refused)
        return False
    try:
        services.sign(visit.participant, visit, by=request.user, meaning=data["meaning"], shown=data["shown"])
    except ValidationError as error:
        add_errors(form, error)
    except Conflict:
        return False
    else:
        return True
    return False


@require_GET
def review_participant(request: Request, study: str, code: str) -> HttpResponse:
    """All visits of a participant on one page: read, verified and signed in one sitting."""
    participant = participant_for(request.user, study, code, "query.view")
    return _sitting(request, participant, SeriesForm())


@require_POST
def sign_series(request: Request, study: str, code: str) -> HttpResponse:
    participant = participant_for(request.user, study, code, "record.sign")
    form = SeriesForm(request.POST)
    if form.is_valid() and (n := _series_signed(request, form, participant)):
        messages.success(
            request,
            ngettext("%(n)d record signed.", "%(n)d records signed.", n) % {"n": n}
            + " "
            + _("Any later change voids the signature under it."),
        )
        return redirect("review_participant", study, code)
    return _sitting(request, participant, form)


def _series_signed(request: Request, form: SeriesForm, participant: Participant) -> int:
    """How many records were signed; 0 when none was, with what to say in the form."""
    marked = request.POST.getlist("record")
    shown = {
        None if key == "casebook" else int(key): request.POST.get(f"shown-{key}", "")
        for key in marked
        if key == "casebook" or key.isdecimal()
    }
    data = form.cleaned_data
    if refused := confirm(request, data["password"]):
        form.add_error("password", refused)
        return 0
    try:
        return len(services.sign_series(participant, shown, by=request.user, meaning=data["meaning"]))
    except ValidationError as error:
        add_errors(form, error)
    except Conflict:
        form.add_error(None, CHANGED)
    return 0


def _sitting(request: Request, participant: Participant, form: SeriesForm) -> HttpResponse:
    rows = readings(participant, request.user)
    marked = set(request.POST.getlist("record")) if form.is_bound else {r.key for r in rows if r.offered}
    context = {
        "participant": participant,
        "readings": rows,
        "marked": marked,
        "form": form,
        "review_may": allowed(request.user, participant),
    }
    changed = CHANGED in form.non_field_errors() if form.is_bound else False
    status = 409 if changed else 422 if form.errors else 200
    return render(request, "review/participant.html", context, status=status)


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


def _ratings(visit: Visit) -> list[dict[str, object]]:
    """What is signed, item by item, on the page where it is signed."""
    saved = {rating.instrument: rating for rating in visit.assessments.all()}
    protocol = visit.participant.protocol.rules
    return [rating_row(instrument_of(protocol, code), saved.get(code)) for code in instruments_due(visit)]


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
