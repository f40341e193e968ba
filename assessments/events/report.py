"""One adverse event on paper, as a site sends it to the sponsor: every value with its history. Without treatments."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from reportlab.platypus import Spacer

from assessments.casebook.answers import answer_table, moment
from assessments.entry.reading import RecordReading
from assessments.events.clock import EventClock
from trialsite.lib.paper import BODY, H1, NOTICE, SMALL, Imprint, paragraph, pdf


@dataclass(frozen=True, slots=True)
class EventReport:
    """`clock`: None where the event is not serious; `as_of`: when it was read; `taken_by`: a printed name."""

    row: RecordReading
    clock: EventClock | None
    as_of: datetime
    taken_by: str


def event_report(report: EventReport) -> bytes:
    """As a PDF."""
    record = report.row.record
    participant = record.participant
    named = {"study": participant.study.code, "participant": participant.code, "n": record.repeat_key}
    title = _("%(study)s, participant %(participant)s, adverse event %(n)s") % named
    foot = _("%(title)s, as of %(at)s") % {"title": title, "at": moment(report.as_of)}
    return pdf(list(_story(report)), Imprint(title, participant.code, foot, _("page %(n)d of %(of)d")))


def _story(report: EventReport) -> Iterator[Any]:
    record = report.row.record
    participant = record.participant
    yield paragraph(report.row.label, H1)
    place = {"study": participant.study.code, "site": participant.site, "code": participant.code}
    yield paragraph(_("Study %(study)s, site %(site)s, participant %(code)s") % place, BODY)
    if report.clock:
        yield paragraph(report.clock.sentence, BODY if report.clock.state == "met" else NOTICE)
    if report.row.struck_out:
        yield paragraph(_("Struck out: %(why)s") % {"why": record.status_reason}, NOTICE)
    taken = {"version": record.version, "at": moment(report.as_of), "who": report.taken_by}
    line = _("Version %(version)d of the record, as of %(at)s, taken by %(who)s. Without treatments.")
    yield paragraph(line % taken, SMALL)
    yield Spacer(1, 4)
    yield answer_table(report.row.answers, {})
