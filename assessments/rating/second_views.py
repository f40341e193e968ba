"""Pages of a second rating: its entry, blind to the first, and the decision between two that are far apart."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from assessments.domain.instrument import Instrument
from assessments.entry.selectors import forms_at
from assessments.models import Draft, SecondRating
from assessments.rating import services
from assessments.rating.codec import empty_text, new_token, text_from, text_of
from assessments.rating.forms import RatingForm
from assessments.rating.page import RatingPage, rating_page
from assessments.rating.second import RatingPair, pair_of, wants_second
from assessments.selectors import instruments_due
from assessments.wording.selectors import instruments_at
from enrollment.models import Visit
from enrollment.respond import add_errors, errors_by_field
from enrollment.selectors import today_at, visit_for
from trialsite.accounts.fields import WholeNumberField, WordsField
from trialsite.accounts.http import Request
from trialsite.lib.errors import Conflict
from trialsite.review.selectors import lock_on


class AdjudicationForm(forms.Form):
    total = WholeNumberField(label=gettext_lazy("Adjudicated total"), min_value=0, max_value=1000)
    reason = WordsField(label=gettext_lazy("Reason"), max_length=500)


@require_http_methods(["GET", "POST"])
def second_rating(request: Request, pk: int, code: str) -> HttpResponse:
    """Entered by another person than the first, or corrected by who entered it."""
    visit = visit_for(request.user, pk, "assessment.enter")
    instrument = _instrument(visit, code)
    pair = pair_of(visit, code)
    closed = lock_on(visit.participant, visit) or not wants_second(visit, code) or pair.first is None
    if closed or (pair.first and pair.first.entered_by_id == request.user.pk):
        return redirect("visit", pk)
    if pair.second and pair.second.entered_by_id != request.user.pk:
        return redirect("visit", pk)
    if request.method == "POST":
        return _submitted(request, visit, instrument, pair.second)
    draft = Draft.objects.filter(user=request.user, visit=visit, instrument=code).first()
    if draft:
        text = text_from(draft.fields, instrument)
    elif pair.second:
        text = text_of(pair.second)
    else:
        text = empty_text(request.user.printed_name, today_at(visit.participant.site))
    page = rating_page(
        visit, instrument, text, saved=pair.second, draft=draft, token=new_token(), second=True
    )
    return _page(request, page, status=200)


@require_http_methods(["GET", "POST"])
def adjudication(request: Request, pk: int, code: str) -> HttpResponse:
    """Both ratings beside each other, and what counts as their total."""
    visit = visit_for(request.user, pk, "rating.adjudicate")
    instrument = _instrument(visit, code)
    pair = pair_of(visit, code)
    if pair.comparison not in ("to_adjudicate", "adjudicated"):
        return redirect("visit", pk)
    form = AdjudicationForm(request.POST or None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.adjudicate(visit, code, data["total"], by=request.user, reason=data["reason"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Adjudicated: this total counts from now on."))
            return redirect("visit", pk)
    context = {
        "visit": visit,
        "participant": visit.participant,
        "study": visit.participant.study,
        "instrument": instrument,
        "pair": pair,
        "rows": _side_by_side(instrument, pair),
        "form": form,
    }
    return render(
        request, "assessments/rating/adjudication.html", context, status=422 if form.errors else 200
    )


def _submitted(
    request: Request, visit: Visit, instrument: Instrument, saved: SecondRating | None
) -> HttpResponse:
    form = RatingForm(request.POST, instrument=instrument)
    if form.is_valid():
        try:
            _save(request, visit, instrument, saved, form)
        except ValidationError as error:
            form.add_problems(errors_by_field(error))
        except Conflict:
            messages.error(request, _("Somebody has saved the second rating meanwhile. Look at it again."))
            return redirect("visit", visit.pk)
        else:
            messages.success(request, _("Second rating saved."))
            return redirect("visit", visit.pk)
    token = request.POST.get("form_token") or new_token()
    page = rating_page(visit, instrument, form.text, saved=saved, form=form, token=token, second=True)
    return _page(request, page, status=422)


def _save(
    request: Request, visit: Visit, instrument: Instrument, saved: SecondRating | None, form: RatingForm
) -> None:
    data, entry = form.cleaned_data, form.entry()
    if saved and data["version"]:
        services.correct_second(saved, entry, by=request.user, version=data["version"], reason=data["reason"])
        return
    if not data["form_token"]:
        raise ValidationError(_("The form is out of date. Reload the page; your draft is kept."))
    services.rate_again(visit, instrument.code, entry, by=request.user, form_token=data["form_token"])


def _page(request: Request, page: RatingPage, *, status: int) -> HttpResponse:
    participant = page.visit.participant
    context = {
        "page": page,
        "participant": participant,
        "study": participant.study,
        "has_forms": bool(forms_at(page.visit)),
        "may_load": False,
    }
    return render(request, "assessments/rating/rating_form.html", context, status=status)


def _instrument(visit: Visit, code: str) -> Instrument:
    if code not in instruments_due(visit):
        raise Http404
    return instruments_at(visit, [code])[0]


def _side_by_side(instrument: Instrument, pair: RatingPair) -> list[tuple[str, int | None, int | None]]:
    """(item, first, second) of each item that either rated."""
    first = pair.first.items if pair.first else {}
    second = pair.second.items if pair.second else {}
    return [
        (f"{item.number} {item.name}", first.get(item.code), second.get(item.code))
        for item in instrument.items
        if item.code in first or item.code in second
    ]
