"""A rating instrument to fill in by hand. Of a protected scale the numbers of its items alone: the wording stands in the
licensed form beside it, and is not printed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from reportlab.platypus import Flowable, LongTable, Spacer

from assessments.casebook.blank import ANSWERED, ASKED, RULED, heading
from assessments.casebook.boxes import BoxField, Choices, Fields
from assessments.domain.instrument import Instrument, InstrumentItem
from trialsite.lib.paper import BODY, SMALL, WIDTH, Imprint, paragraph, pdf


@dataclass(frozen=True, slots=True)
class InstrumentSheet:
    """`sha256`: of the instrument's file."""

    study: str
    instrument: Instrument
    sha256: str


def blank_instrument(sheet: InstrumentSheet) -> bytes:
    """As a PDF."""
    instrument = sheet.instrument
    named = {"study": sheet.study, "code": instrument.code, "version": instrument.version}
    captions = [
        _("Site"),
        _("Participant"),
        _("Period and visit"),
        _("Date and time of rating"),
        _("Look-back in days"),
        _("Rater, signature"),
    ]
    line = _("Study %(study)s · instrument %(code)s · version %(version)s") % named
    rows = [row for group in instrument.groups for row in _group_rows(group)]
    story: list[Flowable] = [*heading(instrument.name, line, captions, WIDTH)]
    if instrument.protected:
        story.append(paragraph(_("Rate by item number, from the licensed form."), BODY))
    story += [LongTable(rows, colWidths=[ASKED, WIDTH - ASKED], style=RULED), Spacer(1, 8)]
    story += [
        Fields([BoxField(20, _("total, of at most %(n)d") % {"n": instrument.total_maximum})]),
        Spacer(1, 8),
    ]
    story += _reasons(instrument)
    foot = _("%(study)s, instrument %(code)s, version %(version)s, SHA-256 %(sha)s") % {
        **named,
        "sha": sheet.sha256,
    }
    title = f"{sheet.study} {instrument.code} {instrument.version}"
    return pdf(story, Imprint(title, sheet.sha256, foot, _("page %(n)d of %(of)d")))


def _group_rows(group: Sequence[InstrumentItem]) -> Iterator[list[object]]:
    """What is rated once: an item, or its alternatives with a word that one of them is rated."""
    for number, item in enumerate(group):
        question = [paragraph(f"{item.number} {item.name}", BODY)]
        if len(group) > 1 and number == 0:
            numbers = _(" or ").join(alternative.number for alternative in group)
            question.append(paragraph(_("Rate one of %(numbers)s.") % {"numbers": numbers}, SMALL))
        values = [f"{value} {wording}".strip() for value, wording in item.choices]
        answer: list[Flowable] = [Choices(values, ANSWERED)]
        if number == len(group) - 1:
            answer += [Spacer(1, 2), Fields([BoxField(28, _("if not assessed: reason, see below"))], 5)]
        yield [question, answer]


def _reasons(instrument: Instrument) -> Iterator[Flowable]:
    labels = "; ".join(str(_(label)) for _code, label in instrument.missing_reasons)
    yield paragraph(_("Reasons why an item is not assessed: %(reasons)s.") % {"reasons": labels}, SMALL)
