"""What the form makes of an entry, and what keeps it from being saved. Reads only."""

from datetime import date
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.domain.evaluate import Evaluation, evaluate
from assessments.domain.form import Form
from assessments.entry.codec import RecordEntry, item_field
from assessments.entry.others import other_values
from assessments.entry.selectors import FormPlace, form_of, values_of
from assessments.language import COMMON, form_language
from assessments.models import Record
from enrollment.models import Participant
from enrollment.selectors import today_at
from trialsite.lib.visible import is_visible


def evaluation_of(
    place: FormPlace, entry: RecordEntry, repeat_key: int | None = None, *, language: str = COMMON
) -> Evaluation:
    """What is shown, required, calculated, refused, asked about; `repeat_key`: of a row that is saved; `language`: of its
    texts. What is kept of them is for all."""
    return evaluate(
        place.form,
        entry.values,
        entry.missing,
        today=today_at(place.participant.site),
        now=timezone.now().astimezone(ZoneInfo(place.participant.site.timezone)),
        others=other_values(place, repeat_key),
        comments=entry.comments,
        language=language,
    )


def problems_of(
    place: FormPlace,
    entry: RecordEntry,
    evaluation: Evaluation,
    *,
    reason: str | None = None,
    unfinished: bool = False,
) -> dict[str, str]:
    """Everything that keeps `entry` from being saved: field → what to do. `reason`: for a change, why; `unfinished`: what
    is only not answered yet keeps from nothing."""
    problems: dict[str, str] = {}
    if reason is not None and not is_visible(reason):
        problems["reason"] = _("You change what was saved. Say why, for the audit trail.")
    if entry.not_done_reason:
        if not is_visible(entry.not_done_reason):
            problems["not_done_reason"] = _("Say in words why it was not done.")
        return problems
    if place.visit is not None:
        problems |= _date_problems(place.participant, entry.performed_on)
    for problem in evaluation.problems:
        if unfinished and problem.rule == "required":
            continue
        problems.setdefault(item_field(problem.item), _(problem.message) % problem.params)
    return problems


def _date_problems(participant: Participant, day: date | None) -> dict[str, str]:
    if day is None:
        return {"performed_on": _("Give the date.")}
    if day > today_at(participant.site):
        return {"performed_on": _("This date lies in the future.")}
    if participant.consented_on and day < participant.consented_on:
        return {"performed_on": _("This date lies before the consent date.")}
    return {}


def apart_text(other: Form) -> str:
    title = other.title.text(form_language())
    return _("You filled in “%(form)s” at this visit: another person fills in this form.") % {"form": title}


def only_adds(saved: Record, entry: RecordEntry) -> bool:
    """Whether each value that is saved stays as it is."""
    before = values_of(saved)
    entered = {code for code, item in form_of(saved.definition).by_code.items() if item.entered}
    kept = all(entry.values.get(code) == value for code, value in before.items() if code in entered)
    return kept and saved.status in (Record.Status.INCOMPLETE, Record.Status.COMPLETE)
