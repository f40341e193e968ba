"""What the pages of a record show of a rating: each item in words, whether it counts, what was changed."""

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.domain.instrument import Instrument
from assessments.models import Assessment, SecondRating
from assessments.rating.second import RatingPair, hides_first, second_ratings_of, use_of, wants_second
from assessments.selectors import prorated_of, prorated_text
from enrollment.casebook.records import Answer, FormRecord
from enrollment.models import Visit
from enrollment.schedule.text import not_counted
from trialsite.accounts.models import User
from trialsite.audit.trail import Change, history

LABELS = {
    "rater": gettext_lazy("Rater"),
    "performed_on": gettext_lazy("Date of rating"),
    "performed_time": gettext_lazy("Time of rating"),
    "lookback_days": gettext_lazy("Look-back in days"),
    "not_done_reason": gettext_lazy("Why the rating was not done"),
}


def history_of(instrument: Instrument, assessment: Assessment | None) -> list[Change]:
    """What was changed in a rating after it was first saved, newest first, its codes in words."""
    if assessment is None or assessment.version == 1:
        return []
    changes = history(f"participant:{assessment.participant_id}", "assessments_assessment", assessment.pk)
    return history_in_words(instrument, changes)


def history_in_words(instrument: Instrument, changes: list[Change]) -> list[Change]:
    """Changes of a rating, its codes in words."""
    words = {**dict(instrument.missing_reasons), **dict(Assessment.Status.choices)}
    coded = {*instrument.by_code, "status"}
    return [
        replace(change, old=words.get(change.old, change.old), new=words.get(change.new, change.new))
        if change.field in coded
        else change
        for change in changes
    ]


def column_label(instrument: Instrument, column: str) -> str:
    """What people call a column of a rating, or an item of one."""
    if item := instrument.by_code.get(column):
        return f"{item.number} {item.name}"
    return str(LABELS.get(column) or {"status": _("State"), "total": _("Total")}.get(column, column))


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRecord(FormRecord):
    """`not_counted`: why a rating that was made does not count, empty where it does. `pair`: with the second rating, where
    the protocol wants one; `withheld`: the reader does not see the values yet."""

    instrument: Instrument
    assessment: Assessment | None
    not_counted: str
    pair: RatingPair | None = None
    withheld: bool = False

    @property
    def prorated(self) -> str:
        """The prorated total beside the missing one, flagged; empty where there is none."""
        if self.assessment is None or self.withheld:
            return ""
        score = prorated_of(self.assessment.participant.protocol.definition, self.assessment)
        return prorated_text(score) if score else ""


def rating_records(
    instruments: Iterable[Instrument], saved: Mapping[str, Assessment], visit: Visit, reader: User | None
) -> list[RatingRecord]:
    """The ratings of a visit beside the second ratings there, as `reader` may see them; None: whoever a print comes to."""
    seconds = second_ratings_of(visit.participant)
    return [
        as_readable(rating_record(instrument, saved.get(instrument.code), visit), visit, seconds, reader)
        for instrument in instruments
    ]


def as_readable(
    record: RatingRecord,
    visit: Visit,
    seconds: Mapping[tuple[int, str], SecondRating],
    reader: User | None,
) -> RatingRecord:
    """With the second rating of the same interview; without its values while they are not for `reader`."""
    if not wants_second(visit, record.code):
        return record
    use = use_of(visit.participant.protocol.definition, record.code)
    pair = RatingPair(use, record.assessment, seconds.get((visit.pk, record.code)))
    if hides_first(record.assessment, visit, reader, seconds):
        return replace(
            record,
            assessment=_without_values(record.assessment),
            answers=[],
            history=[],
            pair=pair,
            withheld=True,
        )
    return replace(record, pair=pair)


def _without_values(rating: Assessment | None) -> Assessment | None:
    """Who rated and when, and nothing of what."""
    if rating is None:
        return None
    shell = copy(rating)
    shell.items, shell.missing, shell.total, shell.not_done_reason = {}, {}, None, ""
    return shell


def rating_record(
    instrument: Instrument,
    assessment: Assessment | None,
    visit: Visit,
    history: list[Change] | None = None,
) -> RatingRecord:
    """A rating as the visit's page shows it. `history`: as `history_of` gives it, where it is read already."""
    return RatingRecord(
        code=instrument.code,
        label="",
        instrument=instrument,
        assessment=assessment,
        answers=list(_answers(instrument, assessment)) if assessment and assessment.items else [],
        not_counted=_not_counted(assessment, visit),
        history=history_of(instrument, assessment) if history is None else history,
    )


def _answers(instrument: Instrument, assessment: Assessment) -> Iterator[Answer]:
    """Each item that is rated, or not for a reason, in words."""
    reasons = dict(instrument.missing_reasons)
    for item in instrument.items:
        value = assessment.items.get(item.code)
        why = assessment.missing.get(item.code, "")
        if value is not None or why:
            anchor = item.anchors[value].text if value is not None else _(reasons.get(why, why))
            yield Answer(code=item.code, number=item.number, name=item.name, value=value, anchor=anchor)


def _not_counted(assessment: Assessment | None, visit: Visit) -> str:
    """Why a rating that was made does not count; empty where it does."""
    if assessment is None or assessment.status == Assessment.Status.NOT_DONE:
        return ""
    return not_counted(visit.participant.protocol.definition, visit, visit.period, assessment.performed_on)
