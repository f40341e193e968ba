"""Pages of signatures: password again, and a meaning."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.entry.reading import visit_forms
from assessments.rating.presenters import RatingRecord, rating_records
from assessments.review.forms import SeriesForm, SignForm
from assessments.review.sitting import readings
from assessments.selectors import instruments_due
from assessments.wording.selectors import instruments_at
from enrollment.casebook.review_status import allowed
from enrollment.models import Participant, Visit
from enrollment.respond import add_errors
from enrollment.selectors import participant_for, visit_for
from trialsite.accounts.http import Request
from trialsite.accounts.models import User
from trialsite.accounts.stepup import confirm
from trialsite.lib.errors import Conflict
from trialsite.review import services
from trialsite.review.selectors import ReviewStatus, content_sha256

CHANGED = gettext_lazy(
    "Values have changed since you opened this page; nothing was signed. Review them again."
)


@require_http_methods(["GET", "POST"])
def sign_visit(request: Request, pk: int) -> HttpResponse:
    visit = visit_for(request.user, pk, "record.sign")
    form = SignForm(request.POST or None)
    if form.is_valid() and _signed(request, form, visit):
        messages.success(request, _("Signed. Any later change voids the signature and requires a new one."))
        return redirect("visit", pk)
    # Before the contents are read: what changes in between will not be signed.
    now = content_sha256(visit.participant_id, visit.pk)
    changed = form.is_bound and form["shown"].value() != now
    if changed:
        form.data = {**form.data, "shown": now}
        form.add_error(None, CHANGED)
    form.initial["shown"] = now
    context = {
        "participant": visit.participant,
        "visit": visit,
        "form": form,
        "ratings": _ratings(visit, request.user),
    }
    context["readings"] = visit_forms(visit, ReviewStatus(), request.user)
    return render(
        request,
        "assessments/review/sign.html",
        context,
        status=409 if changed else 422 if form.errors else 200,
    )


def _signed(request: Request, form: SignForm, visit: Visit) -> bool:
    data = form.cleaned_data
    if refused := confirm(request, data["password"]):
        form.add_error("password", refused)
        return False
    try:
        services.sign(
            visit.participant, visit, by=request.user, meaning=data["meaning"], content_sha256=data["shown"]
        )
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
            + _("Any later change voids its signature."),
        )
        return redirect("review_participant", study, code)
    return _sitting(request, participant, form)


def _series_signed(request: Request, form: SeriesForm, participant: Participant) -> int:
    """How many records were signed; 0 when none was, with what to say in the form."""
    marked = request.POST.getlist("record")
    hashes = {
        None if key == "casebook" else int(key): request.POST.get(f"shown-{key}", "")
        for key in marked
        if key == "casebook" or key.isdecimal()
    }
    data = form.cleaned_data
    if refused := confirm(request, data["password"]):
        form.add_error("password", refused)
        return 0
    try:
        return len(services.sign_series(participant, hashes, by=request.user, meaning=data["meaning"]))
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
    return render(request, "assessments/review/participant.html", context, status=status)


def _ratings(visit: Visit, reader: User) -> list[RatingRecord]:
    """What is signed, item by item, on the page where it is signed."""
    saved = {rating.instrument: rating for rating in visit.assessments.all()}
    worded = instruments_at(visit, instruments_due(visit))
    return rating_records(worded, saved, visit, reader)
