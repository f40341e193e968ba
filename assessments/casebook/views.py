"""Pages of a study's forms: the list, each to print, each as it is entered, and a file before it is loaded."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.casebook.blank import Sheet, blank_form
from assessments.casebook.book import Cover, filled_casebook
from assessments.casebook.content import casebook_of
from assessments.casebook.instrument_sheet import InstrumentSheet, blank_instrument
from assessments.casebook.preview import Preview, PreviewForm, preview_of
from assessments.casebook.selectors import (
    form_lines,
    form_version_of,
    forms_of,
    instrument_lines,
    instrument_sha256,
    newest_protocol,
    reasons_of,
)
from assessments.domain.form import Form
from assessments.domain.form_file import FormError, read_form
from assessments.entry.live import live_answer
from assessments.entry.loading import surroundings_of
from assessments.entry.selectors import form_of
from assessments.language import form_language, languages_of
from assessments.selectors import instrument_of
from enrollment.selectors import participant_for, study_for
from trialsite.accounts.http import Request
from trialsite.accounts.models import Site, Study
from trialsite.accounts.policy import may
from trialsite.accounts.services import record_list
from trialsite.lib.document.problems import Problem

VIEW = "study.view"
# Who adopts what a new version of the protocol says also looks at its forms before.
PREVIEW = "outcomes.adopt"
TAKE = "participant.view"


@require_GET
def form_list(request: Request, study: str) -> HttpResponse:
    trial = study_for(request.user, study, VIEW)
    protocol = newest_protocol(trial).definition
    context = {
        "forms": form_lines(trial, protocol),
        "instruments": instrument_lines(protocol),
        "may_preview": may(request.user, PREVIEW, trial),
    }
    return render(request, "assessments/casebook/forms.html", context)


@require_GET
def form_blank(request: Request, study: str, pk: int) -> HttpResponse:
    """The form to fill in by hand."""
    trial = study_for(request.user, study, VIEW)
    definition = form_version_of(trial, pk)
    reasons = reasons_of(newest_protocol(trial).definition)
    language = form_language()
    sheet = Sheet(trial.code, form_of(definition), definition.sha256, forms_of(trial), reasons, language)
    return pdf_file(blank_form(sheet), f"{trial.code}-{definition.code}-{definition.version}")


@require_GET
def instrument_blank(request: Request, study: str, code: str) -> HttpResponse:
    """The instrument to fill in by hand, in the edition of the newest protocol."""
    trial = study_for(request.user, study, VIEW)
    protocol = newest_protocol(trial).definition
    if not any(use.code == code for use in protocol.instruments):
        raise Http404
    instrument = instrument_of(protocol, code)
    sheet = InstrumentSheet(trial.code, instrument, instrument_sha256(code))
    return pdf_file(blank_instrument(sheet), f"{trial.code}-{code}-{instrument.version}")


@require_http_methods(["GET", "POST"])
def form_shown(request: Request, study: str, pk: int) -> HttpResponse:
    """A loaded form as it is entered."""
    trial = study_for(request.user, study, VIEW)
    form = form_of(form_version_of(trial, pk))
    return _shown(request, trial, form, here="form_shown", arguments=[study, pk])


@require_POST
def form_shown_live(request: Request, study: str, pk: int) -> HttpResponse:
    trial = study_for(request.user, study, VIEW)
    form = form_of(form_version_of(trial, pk))
    return _live(form, _tried(request, trial, form, sent=False))


@require_http_methods(["GET", "POST"])
def form_preview(request: Request, study: str) -> HttpResponse:
    """A file that is not loaded: all its mistakes, or the form as it would be entered."""
    trial = study_for(request.user, study, PREVIEW)
    source = request.POST.get("form_source", "")
    upload = None if source else PreviewForm(request.POST or None, request.FILES or None)
    if upload is not None:
        upload.is_bound = request.method == "POST"
        if not upload.is_valid():
            return _upload(request, upload, [], status=422 if upload.errors else 200)
        source = upload.cleaned_data["file"]
    try:
        form = _read(trial, source)
    except FormError as error:
        return _upload(request, upload or PreviewForm(), error.problems, status=422)
    sent = upload is None
    return _shown(request, trial, form, here="form_preview", arguments=[study], source=source, sent=sent)


@require_POST
def form_preview_live(request: Request, study: str) -> HttpResponse:
    """What the form makes of what is typed. The form comes with the request: nothing is kept."""
    trial = study_for(request.user, study, PREVIEW)
    try:
        form = _read(trial, request.POST.get("form_source", ""))
    except FormError:
        return JsonResponse({}, status=422)
    return _live(form, _tried(request, trial, form, sent=False))


def _read(trial: Study, source: str) -> Form:
    # A browser sends the line ends of a field as CR LF, whatever the file had.
    protocol = newest_protocol(trial).definition
    return read_form(source.replace("\r\n", "\n"), surroundings_of(protocol, forms_of(trial).values()))


def _upload(request: Request, form: PreviewForm, problems: Sequence[Problem], *, status: int) -> HttpResponse:
    context = {"form": form, "problems": problems}
    return render(request, "assessments/casebook/upload.html", context, status=status)


def _tried(request: Request, trial: Study, form: Form, *, sent: bool) -> Preview:
    site = Site.objects.for_user(request.user, trial).first()
    zone = ZoneInfo(site.timezone if site else "UTC")
    return preview_of(form, newest_protocol(trial), request.POST, zone=zone, sent=sent)


def _live(form: Form, tried: Preview) -> HttpResponse:
    return JsonResponse(live_answer(form, tried.typed, tried.evaluation))


def _shown(
    request: Request,
    trial: Study,
    form: Form,
    *,
    here: str,
    arguments: list[object],
    source: str = "",
    sent: bool | None = None,
) -> HttpResponse:
    """`sent`: somebody tried to save; left out, whether the request is a POST."""
    sent = request.method == "POST" if sent is None else sent
    tried = _tried(request, trial, form, sent=sent)
    context = {
        "page": tried.page,
        "form_code": form.code,
        "languages": () if source else languages_of(form),
        "visit": form.at_visit,
        "here": reverse(here, args=arguments),
        "live_url": reverse(f"{here}_live", args=arguments),
        "source": source,
        "sent": sent,
        "wrong": bool(tried.page.errors or tried.page.asked),
    }
    return render(request, "assessments/casebook/shown.html", context)


@require_POST
def casebook_taken(request: Request, study: str, code: str) -> HttpResponse:
    """The participant's whole record. Who took it is recorded before a byte leaves, as of a list."""
    participant = participant_for(request.user, study, code, TAKE)
    record_list(participant.study, by=request.user, action=TAKE, name=f"casebook {code}", filters="")
    cover = Cover(casebook_of(participant), timezone.now(), request.user.printed_name)
    return pdf_file(filled_casebook(cover), f"{study}-{code}-casebook")


def pdf_file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, "application/pdf")
    safe = "".join(character if character.isalnum() or character in "._-" else "_" for character in name)
    response["Content-Disposition"] = f'attachment; filename="{safe}.pdf"'
    return response
