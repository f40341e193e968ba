"""What the rating form shows: the grid, and two people's values side by side."""

from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from assessments.domain.instrument import UNEXPLAINED, Instrument
from assessments.forms import RatingForm
from assessments.models import Assessment, Draft
from enrollment.models import Visit
from trialsite.audit.trail import Change, history

LABELS = {
    "rater": gettext_lazy("Rater"),
    "performed_on": gettext_lazy("Date of rating"),
    "performed_time": gettext_lazy("Time of rating"),
    "lookback_days": gettext_lazy("Look-back in days"),
    "not_done_reason": gettext_lazy("Why the rating was not done"),
}


def rating_page(
    visit: Visit,
    instrument: Instrument,
    fields: dict[str, str],
    *,
    saved: Assessment | None,
    form: RatingForm,
    draft: Draft | None,
    token: str,
) -> dict[str, Any]:
    """Context of the rating form. Never an earlier visit's score: raters must not see them while rating."""
    participant = visit.participant
    errors = {name: " ".join(map(str, found)) for name, found in form.errors.items()}
    return {
        "participant": participant,
        "study": participant.study,
        "visit": visit,
        "visit_label": _("Period %(n)d, %(visit)s") % {"n": visit.period.number, "visit": visit.label}
        if visit.period
        else visit.label,
        "window_sentence": _window(visit),
        "instrument": instrument,
        "groups": instrument.groups,
        "values": {
            item.code: int(fields[f"item_{item.code}"])
            for item in instrument.items
            if fields.get(f"item_{item.code}", "").isdecimal()
        },
        "missing": {
            item.code: fields[f"missing_{item.code}"]
            for item in instrument.items
            if fields.get(f"missing_{item.code}")
        },
        "missing_reasons": instrument.missing_reasons,
        "errors": {name.removeprefix("item_"): text for name, text in errors.items()},
        "error_summary": _summary(instrument, errors),
        "only_open": bool(errors) and all(text == _(UNEXPLAINED) for text in errors.values()),
        "question": None,
        "kept_because": fields.get("kept_because", ""),
        "rater": fields.get("rater", ""),
        "performed_on": fields.get("performed_on", ""),
        "performed_time": fields.get("performed_time", ""),
        "lookback_days": fields.get("lookback_days", ""),
        "not_done_reason": fields.get("not_done_reason", ""),
        "reason": fields.get("reason", ""),
        "version": saved.version if saved else "",
        "form_token": token,
        "reason_required": saved is not None,
        "total": saved.total if saved else None,
        "draft": draft,
        "save_url": reverse("rating", args=[visit.pk, instrument.code]),
        "draft_url": reverse("draft", args=[visit.pk, instrument.code]),
        "discard_url": reverse("draft_discard", args=[visit.pk, instrument.code]),
        "cancel_url": reverse("participant", args=[participant.study.code, participant.code]),
    }


def conflict_rows(
    instrument: Instrument, mine: dict[str, str], theirs: dict[str, str], current: Assessment
) -> dict[str, Any]:
    """Both values of each field that differs, and who saved last."""
    names = [*LABELS, *(f"{kind}_{item.code}" for item in instrument.items for kind in ("item", "missing"))]
    changes = _history(instrument, current)
    return {
        "by": changes[0].who if changes else current.entered_by.printed_name,
        "rows": [
            {
                "name": name,
                "label": _label(instrument, name),
                "mine": mine.get(name, ""),
                "theirs": theirs.get(name, ""),
            }
            for name in names
            if mine.get(name, "") != theirs.get(name, "")
        ],
    }


def _summary(instrument: Instrument, errors: dict[str, str]) -> list[dict[str, str]]:
    """What is wrong, with where it is; items that are merely open are one line, which leads to the first."""
    still_open = [name for name, text in errors.items() if text == _(UNEXPLAINED)]
    lines = []
    if len(still_open) > 1:
        n = len(still_open)
        label = ngettext("%(n)d item open", "%(n)d items open", n) % {"n": n}
        lines.append({"target": still_open[0], "label": label, "text": _("choose a value, or say why not")})
        errors = {name: text for name, text in errors.items() if name not in still_open}
    return [
        *lines,
        *({"target": name, "label": _label(instrument, name), "text": text} for name, text in errors.items()),
    ]


def _label(instrument: Instrument, name: str) -> str:
    kind, _sep, code = name.partition("_")
    item = instrument.by_code.get(code)
    if item and kind in {"item", "missing"}:
        return f"{item.number} {item.name}"
    return str(LABELS.get(name) or (_("Reason") if name == "reason" else _("The form")))


def _window(visit: Visit) -> str:
    if not (visit.earliest_on and visit.latest_on):
        return ""
    return _("Window %(from)s – %(to)s") % {
        "from": date_format(visit.earliest_on),
        "to": date_format(visit.latest_on),
    }


def _history(instrument: Instrument, assessment: Assessment | None) -> list[Change]:
    """What was changed in a rating after it was first saved, newest first, its codes in words."""
    if assessment is None or assessment.version == 1:
        return []
    words = {**dict(instrument.missing_reasons), **dict(Assessment.Status.choices)}
    coded = {*instrument.by_code, "status"}
    found = history(f"participant:{assessment.participant_id}", "assessments_assessment", assessment.pk)
    return [
        replace(change, old=words.get(change.old, change.old), new=words.get(change.new, change.new))
        if change.field in coded
        else change
        for change in found
    ]


def column_label(instrument: Instrument, column: str) -> str:
    """What people call a column of a rating, or an item of one."""
    if item := instrument.by_code.get(column):
        return f"{item.number} {item.name}"
    return str(LABELS.get(column) or {"status": _("State"), "total": _("Total")}.get(column, column))


def rating_row(instrument: Instrument, assessment: Assessment | None) -> dict[str, Any]:
    """A rating as the visit's page shows it: what it is, and each item in words."""
    reasons = dict(instrument.missing_reasons)
    items = []
    for item in instrument.items if assessment and assessment.items else ():
        value = assessment.items.get(item.code) if assessment else None
        why = str(assessment.missing.get(item.code, "")) if assessment else ""
        if value is not None or why:
            items.append(
                {
                    "code": item.code,
                    "number": item.number,
                    "name": item.name,
                    "value": value,
                    "anchor": item.anchors[value].text if value is not None else _(reasons.get(why, why)),
                }
            )
    return {
        "code": instrument.code,
        "instrument": instrument,
        "assessment": assessment,
        "answers": items,
        "history": _history(instrument, assessment),
    }
