"""A site loads the wording of a protected scale that it is licensed to use."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from assessments.domain.instrument import Instrument
from assessments.selectors import instrument_of
from assessments.wording.selectors import wording_of
from assessments.wording.services import LOAD, load_wording
from enrollment.forms import ReasonWhenAsked
from enrollment.respond import add_errors
from enrollment.selectors import site_for, study_for
from trialsite.accounts.fields import WordsField
from trialsite.accounts.http import Request
from trialsite.accounts.models import Study

LARGEST = 200_000


class WordingForm(ReasonWhenAsked):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": gettext_lazy("Choose the file.")},
    )
    reason = WordsField(label=gettext_lazy("Reason for the change"), required=False, max_length=500)

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise ValidationError(_("The file is larger than 200 kB: it cannot be the wording of one scale."))
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ValidationError(_("This is not a CSV file in UTF-8.")) from error


@require_http_methods(["GET", "POST"])
def wording(request: Request, study: str, site: str, code: str) -> HttpResponse:
    trial = study_for(request.user, study, "study.view")
    place = site_for(request.user, trial, site, LOAD)
    instrument = _protected(trial, code)
    form = WordingForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            load_wording(place, instrument, data["file"], by=request.user, reason=data["reason"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            message = _("This wording of %(name)s is now used at site %(site)s.")
            messages.success(request, message % {"name": instrument.short_name, "site": place.code})
            return redirect("wording", study, site, code)
    highest = max(item.maximum for item in instrument.items)
    context = {
        "form": form,
        "site": place,
        "instrument": instrument,
        "wording": wording_of(place, code),
        "header": ",".join(["item", "wording", *map(str, range(highest + 1))]),
        "numbers": [item.number for item in instrument.items],
    }
    status = 422 if form.errors else 200
    return render(request, "assessments/wording/wording.html", context, status=status)


def _protected(study: Study, code: str) -> Instrument:
    """The instrument, if the study's protocol uses it and its wording is protected; else 404."""
    protocol = study.protocols.latest().definition
    if not any(use.code == code for use in protocol.instruments):
        raise Http404
    instrument = instrument_of(protocol, code)
    if not instrument.protected:
        raise Http404
    return instrument
