"""Pages of forms: what is recorded on one, the entry of a record, its draft, striking a row out."""

import uuid
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.entry import services
from assessments.entry.addresses import address, onward
from assessments.entry.checking import apart_text, evaluation_of, problems_of
from assessments.entry.codec import TypedRecord, item_field, new_token, read_fields, saved_text
from assessments.entry.lists import verdict_on
from assessments.entry.live import live_answer
from assessments.entry.page import RecordPage, conflict_rows, record_page, saved_message
from assessments.entry.reading import form_readings
from assessments.entry.selectors import (
    FormPlace,
    drafts_at,
    is_readable,
    kept_apart,
    participant_place_for,
    record_for,
    records_at,
    visit_place_for,
)
from assessments.entry.table import record_table
from assessments.language import form_language, languages_of
from assessments.models import Record
from enrollment.casebook.review_status import review_of
from enrollment.respond import errors_by_field
from enrollment.selectors import today_at
from trialsite.accounts.http import Request
from trialsite.accounts.policy import may
from trialsite.lib.days import day_text
from trialsite.lib.errors import Conflict
from trialsite.review.selectors import lock_on

LOCKED = _lazy("This record is locked and read-only. To change it, request that it be unlocked.")
ENTER = "assessment.enter"
VIEW = "assessment.view"
DECLARE = "participant.screen"


@require_GET
def visit_form(request: Request, pk: int, form: str) -> HttpResponse:
    return _form(request, visit_place_for(request.user, pk, form, VIEW))


@require_GET
def participant_form(request: Request, study: str, code: str, form: str) -> HttpResponse:
    return _form(request, participant_place_for(request.user, study, code, form, VIEW))


@require_http_methods(["GET", "POST"])
def visit_form_new(request: Request, pk: int, form: str) -> HttpResponse:
    return _new(request, visit_place_for(request.user, pk, form, ENTER))


@require_http_methods(["GET", "POST"])
def participant_form_new(request: Request, study: str, code: str, form: str) -> HttpResponse:
    return _new(request, participant_place_for(request.user, study, code, form, ENTER))


@require_POST
def visit_form_draft(request: Request, pk: int, form: str) -> HttpResponse:
    return _draft(request, visit_place_for(request.user, pk, form, ENTER))


@require_POST
def participant_form_draft(request: Request, study: str, code: str, form: str) -> HttpResponse:
    return _draft(request, participant_place_for(request.user, study, code, form, ENTER))


@require_GET
def record(request: Request, pk: int) -> HttpResponse:
    """One record in words, with its history."""
    saved, place = record_for(request.user, pk, VIEW)
    return _reading(request, place, saved)


@require_http_methods(["GET", "POST"])
def record_entry(request: Request, pk: int) -> HttpResponse:
    """One record, to correct."""
    saved, place = record_for(request.user, pk, ENTER)
    if request.method == "POST":
        return _submitted(request, place, saved)
    return _entry(request, place, saved)


@require_POST
def record_draft(request: Request, pk: int) -> HttpResponse:
    saved, place = record_for(request.user, pk, ENTER)
    return _draft(request, place, saved.repeat_key)


@require_POST
def visit_form_draft_discard(request: Request, pk: int, form: str) -> HttpResponse:
    return _discard(request, visit_place_for(request.user, pk, form, ENTER), None)


@require_POST
def participant_form_draft_discard(request: Request, study: str, code: str, form: str) -> HttpResponse:
    return _discard(request, participant_place_for(request.user, study, code, form, ENTER), None)


@require_POST
def record_draft_discard(request: Request, pk: int) -> HttpResponse:
    saved, place = record_for(request.user, pk, ENTER)
    return _discard(request, place, saved)


@require_http_methods(["GET", "POST"])
def record_set_aside(request: Request, pk: int) -> HttpResponse:
    """Strike a row out, or reinstate it, with a reason."""
    saved, place = record_for(request.user, pk, ENTER)
    if not place.form.repeats:
        raise Http404
    errors: dict[str, list[str]] = {}
    struck_out = saved.status == Record.Status.STRUCK_OUT
    if request.method == "POST":
        change = services.reinstate_record if struck_out else services.strike_out_record
        version = request.POST.get("version", "")
        try:
            change(
                saved,
                place,
                by=request.user,
                version=int(version) if version.isdecimal() else 0,
                reason=request.POST.get("reason", "")[:500],
            )
        except ValidationError as error:
            errors = errors_by_field(error, "reason")
        except Conflict:
            errors = {"reason": [_("Somebody changed this row meanwhile. Look at it again.")]}
            saved, place = record_for(request.user, pk, ENTER)
        else:
            message = _("Reinstated.") if struck_out else _("Struck out. It stays readable here.")
            messages.success(request, message)
            return redirect(address(place))
    context = _context(request, place) | {"saved": saved, "errors": errors, "struck_out": struck_out}
    context["reason"] = request.POST.get("reason", "")
    return render(request, "assessments/entry/set_aside.html", context, status=422 if errors else 200)


def _form(request: Request, place: FormPlace) -> HttpResponse:
    """The rows of a form that has several; else its one record: to enter where one may, to read where not."""
    if place.form.repeats:
        records = records_at(place)
        review = review_of(place.participant, place.visit, request.user)
        [form] = form_readings([place], records, review.status, place.visit, request.user)
        table = record_table(place.form, records, request.user)
        context = _context(request, place) | {"review": review, "review_may": review.may, "form": form}
        context |= {"table": table, "lines": list(zip(table.rows, form.rows, strict=True))}
        context["judged"] = verdict_on(place)
        return render(request, "assessments/entry/rows.html", context)
    saved = next(iter(records_at(place)), None)
    if not _context(request, place)["may_enter"] or (saved and not is_readable(saved, request.user)):
        return _reading(request, place, saved)
    return redirect(reverse("record_entry", args=[saved.pk]) if saved else address(place, new=True))


def _new(request: Request, place: FormPlace) -> HttpResponse:
    saved = None if place.form.repeats else next(iter(records_at(place)), None)
    if request.method == "POST":
        return _submitted(request, place, None)
    if saved:
        entry = "record_entry" if is_readable(saved, request.user) else "record"
        return redirect(entry, saved.pk)
    return _entry(request, place, None)


def _entry(request: Request, place: FormPlace, saved: Record | None) -> HttpResponse:
    struck_out = saved is not None and saved.status == Record.Status.STRUCK_OUT
    if struck_out or lock_on(place.participant, place.visit):
        return _reading(request, place, saved)
    if saved is None and kept_apart(place, request.user):
        return _reading(request, place, None)
    draft = drafts_at(place, saved.repeat_key if saved else None, request.user).first()
    if draft:
        text = draft.fields
    elif saved:
        text = saved_text(saved)
    else:
        text = {"performed_on": day_text(today_at(place.participant.site))} if place.visit else {}
    typed = _typed(place, text)
    evaluation = evaluation_of(
        place, typed.entry, saved.repeat_key if saved else None, language=form_language()
    )
    page = record_page(place, typed.text, evaluation, saved=saved, token=new_token(), draft=draft)
    return _page(request, page, status=200)


def _reading(request: Request, place: FormPlace, saved: Record | None) -> HttpResponse:
    """For who may not change it, or nobody may: the values in words, with their history and what is said about them."""
    review = review_of(place.participant, place.visit, request.user)
    records = [saved] if saved else []
    [form] = form_readings([place], records, review.status, place.visit, request.user)
    row = form.rows[0] if saved else None
    context = _context(request, place) | {"review": review, "review_may": review.may, "form": form}
    title = row.label if row else form.title
    context |= {"row": row, "saved": saved, "title": title, "on_record_page": True}
    return render(request, "assessments/entry/reading.html", context)


def _submitted(request: Request, place: FormPlace, saved: Record | None) -> HttpResponse:
    """Saved and on; or the page again with all that is wrong, all that is asked, and all that was typed."""
    typed = _typed(place, request.POST)
    evaluation = evaluation_of(
        place, typed.entry, saved.repeat_key if saved else None, language=form_language()
    )
    errors = dict(typed.unreadable)
    not_done = bool(typed.entry.not_done_reason)
    asks = (
        []
        if not_done
        else [finding for finding in evaluation.unanswered if not _stands(finding.item, typed, saved)]
    )
    if errors or asks:
        reason = typed.text.get("reason", "") if saved else None
        problems = problems_of(place, typed.entry, evaluation, reason=reason)
        errors = {**problems, **errors}
    else:
        try:
            record = _save(request, place, saved, typed)
        except ValidationError as error:
            errors = {name: " ".join(lines) for name, lines in errors_by_field(error).items()}
        except Conflict as conflict:
            return _conflict(request, place, typed, conflict.current)
        else:
            messages.success(request, saved_message(record))
            return redirect(address(place, new=True) if "another" in request.POST else onward(place))
    page = record_page(
        place,
        typed.text,
        evaluation,
        saved=saved,
        token=request.POST.get("form_token") or new_token(),
        errors=errors,
        asked=bool(asks),
    )
    return _page(request, page, status=422)


def _stands(code: str, typed: TypedRecord, saved: Record | None) -> bool:
    """Whether the item has the value that is saved already: nothing is asked twice."""
    return saved is not None and saved_text(saved).get(item_field(code)) == typed.text.get(item_field(code))


def _save(request: Request, place: FormPlace, saved: Record | None, typed: TypedRecord) -> Record:
    version = request.POST.get("version", "")
    if saved and version.isdecimal():
        reason = typed.text.get("reason", "")
        return services.correct_record(
            saved, place, typed.entry, by=request.user, version=int(version), reason=reason
        )
    try:
        token = uuid.UUID(request.POST.get("form_token", ""))
    except ValueError:
        raise ValidationError(_("The form is out of date. Reload the page; your draft is kept.")) from None
    return services.save_record(place, typed.entry, by=request.user, form_token=token)


def _conflict(request: Request, place: FormPlace, typed: TypedRecord, current: Record) -> HttpResponse:
    if not is_readable(current, request.user):
        messages.error(
            request, _("Somebody else has filled in this form meanwhile; nothing of yours was saved.")
        )
        return redirect("record", current.pk)
    current, place = record_for(request.user, current.pk, ENTER)
    evaluation = evaluation_of(place, typed.entry, current.repeat_key, language=form_language())
    page = record_page(
        place,
        typed.text,
        evaluation,
        saved=current,
        token=request.POST.get("form_token", ""),
        conflict=conflict_rows(place, typed.text, current),
    )
    return _page(request, page, status=409)


def _discard(request: Request, place: FormPlace, saved: Record | None) -> HttpResponse:
    services.discard_record_draft(place, saved.repeat_key if saved else None, by=request.user)
    messages.info(request, _("The draft is thrown away; saved data are as they were."))
    return redirect(reverse("record_entry", args=[saved.pk]) if saved else address(place, new=True))


def _draft(request: Request, place: FormPlace, repeat_key: int | None = None) -> HttpResponse:
    """Keep what was typed, and say what the form makes of it."""
    typed = _typed(place, request.POST)
    token = "" if request.POST.get("version") else request.POST.get("form_token", "")
    draft = services.keep_record_draft(place, repeat_key, typed.text, by=request.user, form_token=token)
    evaluation = evaluation_of(place, typed.entry, repeat_key, language=form_language())
    saved_at = f"{timezone.localtime(draft.saved_at if draft else None):%H:%M:%S}"
    return JsonResponse({"saved": saved_at, **live_answer(place.form, typed, evaluation)})


def _typed(place: FormPlace, fields: Mapping[str, object]) -> TypedRecord:
    return read_fields(place.form, fields, ZoneInfo(place.participant.site.timezone))


def _context(request: Request, place: FormPlace) -> dict[str, object]:
    participant = place.participant
    lock = lock_on(participant, place.visit)
    other = kept_apart(place, request.user)
    return {
        "place": place,
        "participant": participant,
        "study": participant.study,
        "visit": place.visit,
        "form_url": address(place),
        "new_url": address(place, new=True),
        "languages": languages_of(place.form),
        "locked": LOCKED if lock else "",
        "apart": apart_text(other) if other else "",
        "may_enter": not lock and may(request.user, ENTER, participant.study, participant.site),
        "may_declare": not lock and may(request.user, DECLARE, participant.study, participant.site),
    }


def _page(request: Request, page: RecordPage, *, status: int) -> HttpResponse:
    place, saved = page.place, page.saved
    own: list[object]
    if saved:
        here, kind, own = reverse("record_entry", args=[saved.pk]), "record", [saved.pk]
    elif place.visit:
        here, kind, own = address(place, new=True), "visit_form", [place.visit.pk, place.form.code]
    else:
        participant = place.participant
        here, kind = address(place, new=True), "participant_form"
        own = [participant.study.code, participant.code, place.form.code]
    context = _context(request, place) | {
        "page": page,
        "here": here,
        "draft_url": reverse(f"{kind}_draft", args=own),
        "discard_url": reverse(f"{kind}_draft_discard", args=own),
        "leave_url": onward(place),
    }
    return render(request, "assessments/entry/form.html", context, status=status)
