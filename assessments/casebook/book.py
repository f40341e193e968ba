"""A participant's whole record as a PDF: every value with its history, what was asked, verified, signed and locked."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Spacer

from assessments.casebook.answers import answer_table, changes_table, moment
from assessments.casebook.content import Casebook, VisitContent, changes_elsewhere
from assessments.entry.reading import FormReading, RecordReading
from assessments.models import Assessment
from assessments.rating.presenters import RatingRecord, column_label
from assessments.rating.second import RatingPair
from assessments.review.places import where
from enrollment.casebook.fields import labels
from enrollment.casebook.records import FormRecord
from enrollment.models import Participant, Period, Visit
from trialsite.lib.days import day_text
from trialsite.lib.paper import BODY, H1, H2, H3, LABEL, SMALL, Imprint, paragraph, pdf
from trialsite.review.models import Lock, Query, Signature, UnlockRequest, Verification


@dataclass(frozen=True, slots=True)
class Cover:
    """`as_of`: when it was read; `taken_by`: the printed name of who takes it."""

    casebook: Casebook
    as_of: datetime
    taken_by: str


def filled_casebook(cover: Cover) -> bytes:
    """As a PDF. Raises nothing, however long a value is."""
    participant = cover.casebook.participant
    named = {"study": participant.study.code, "participant": participant.code, "at": moment(cover.as_of)}
    foot = _("%(study)s, casebook of participant %(participant)s, as of %(at)s") % named
    title = _("%(study)s, casebook of participant %(participant)s") % named
    story = list(_Book(cover).story())
    return pdf(story, Imprint(title, participant.code, foot, _("page %(n)d of %(of)d")))


@dataclass(frozen=True, slots=True)
class _Book:
    cover: Cover

    @property
    def casebook(self) -> Casebook:
        return self.cover.casebook

    @property
    def verifications(self) -> Mapping[int, Verification]:
        return self.casebook.verifications

    def story(self) -> Iterator[Flowable]:
        yield from self._front()
        for record in self.casebook.outside:
            yield paragraph(record.label, H2)
            names = labels(self.casebook.participant)[record.code]
            yield from self._record(record, _named_in(names))
        yield from self._decisions()
        periods = {period.pk: period for period in self.casebook.periods}
        begun: set[int] = set()
        for content in self.casebook.visits:
            period = periods.get(content.visit.period_id or 0)
            if period and period.pk not in begun:
                begun.add(period.pk)
                yield from _period(period)
            yield from self._visit(content)
        if self.casebook.forms:
            yield paragraph(_("Recorded outside visits"), H1)
            for form in self.casebook.forms:
                yield from self._form(form)
        yield from _queries(self.casebook.queries, _("Other queries"), where)
        yield paragraph(_("Signatures and locks of the casebook"), H1)
        yield from _signatures(self.casebook.signatures)
        yield from _locks(self.casebook.locks)

    def _front(self) -> Iterator[Flowable]:
        participant = self.casebook.participant
        yield paragraph(_("Casebook of participant %(code)s") % {"code": participant.code}, H1)
        yield paragraph(_("Study %(code)s") % {"code": participant.study.code}, BODY)
        taken = {"at": moment(self.cover.as_of), "who": self.cover.taken_by}
        yield paragraph(_("As of %(at)s, taken by %(who)s. Without treatments.") % taken, SMALL)
        for line in _about(participant):
            yield paragraph(line, BODY)

    def _decisions(self) -> Iterator[Flowable]:
        if self.casebook.decisions:
            yield paragraph(_("Decisions on eligibility"), H3)
        for decision in self.casebook.decisions:
            verdict = _("Eligible") if decision.eligible else _("Not eligible")
            who = decision.printed_name or decision.decided_by.printed_name
            line = f"{verdict}, {who}, {moment(decision.decided_at)}"
            meaning = f": “{decision.meaning}”" if decision.meaning else ""
            comment = f" {decision.comment}" if decision.comment else ""
            yield paragraph(f"{line}{meaning}.{comment}", BODY)

    def _visit(self, content: VisitContent) -> Iterator[Flowable]:
        visit = content.visit
        yield CondPageBreak(40 * mm)
        yield KeepTogether([paragraph(visit.label, H2), paragraph(_visit_line(visit), BODY)])
        for rating in content.ratings:
            yield from self._rating(rating)
        for form in content.forms:
            yield from self._form(form)
        yield from _queries(content.queries, _("Queries on the visit"), where)
        yield from _signatures(content.signatures)
        yield from _locks(content.locks)

    def _rating(self, rating: RatingRecord) -> Iterator[Flowable]:
        yield CondPageBreak(30 * mm)
        yield paragraph(rating.instrument.name, H3)
        if rating.assessment:
            yield paragraph(_rating_line(rating.assessment), SMALL)
        if rating.not_counted:
            yield paragraph(rating.not_counted, SMALL)
        if rating.prorated:
            yield paragraph(rating.prorated, SMALL)
        if rating.pair:
            yield paragraph(_pair_line(rating.pair), SMALL)
        yield from self._record(rating, lambda code: column_label(rating.instrument, code))

    def _form(self, form: FormReading) -> Iterator[Flowable]:
        """Its rows; a form on which nothing is recorded is one line."""
        if not form.rows and (form.wanted or form.queries):
            yield paragraph(_("%(form)s: nothing recorded.") % {"form": form.title}, BODY)
        for row in form.rows:
            yield CondPageBreak(30 * mm)
            struck_out = f" ({_('struck out')})" if row.struck_out else ""
            yield paragraph(row.label + struck_out, H3)
            yield paragraph(_record_line(row), SMALL)
            yield from self._record(row, row.place_text)
        yield from _queries(
            form.queries, _("Queries on the form"), lambda query: form.place_text(query.field)
        )

    def _record(self, record: FormRecord, label: Callable[[str], str]) -> Iterator[Flowable]:
        if verification := self.verifications.get(record.verified or 0):
            yield paragraph(_verified(verification), SMALL)
        if record.answers:
            yield answer_table(record.answers, self.verifications)
            yield Spacer(1, 3)
        if elsewhere := list(changes_elsewhere(record)):
            yield changes_table(elsewhere, label)
            yield Spacer(1, 3)
        yield from _queries(record.queries, "", lambda query: label(query.field) if query.field else "")


def _named_in(names: Mapping[str, str]) -> Callable[[str], str]:
    return lambda code: names.get(code, code)


def _about(participant: Participant) -> Iterator[str]:
    yield _("Site %(site)s. %(state)s.") % {
        "site": participant.site,
        "state": participant.get_status_display(),
    }
    yield _("Protocol version %(version)s.") % {"version": participant.protocol.version}
    if participant.consented_on:
        yield _("Consent on %(day)s.") % {"day": day_text(participant.consented_on)}
    if participant.randomised_at:
        yield _("Randomised %(at)s.") % {"at": moment(participant.randomised_at)}
    if participant.left_reason:
        day = f"{day_text(participant.left_on)}: " if participant.left_on else ""
        yield _("Left the study: %(why)s") % {"why": day + participant.left_reason}
    if participant.unblinded_at:
        yield _("Unblinded in an emergency %(at)s.") % {"at": moment(participant.unblinded_at)}


def _period(period: Period) -> Iterator[Flowable]:
    yield CondPageBreak(60 * mm)
    yield paragraph(_("Period %(n)d") % {"n": period.number}, H1)
    if period.planned_on or period.dosed_on:
        day = period.dosed_on or period.planned_on
        template = _("Day 0 on %(day)s.") if period.dosed_on else _("Day 0 planned for %(day)s.")
        yield paragraph(template % {"day": day_text(day) if day else ""}, BODY)
    for reason in (period.override_reason, period.given_despite):
        if reason:
            yield paragraph(_("Reason given: %(why)s") % {"why": reason}, BODY)


def _visit_line(visit: Visit) -> str:
    parts = [str(visit.get_status_display())]
    if visit.performed_on:
        parts.append(day_text(visit.performed_on))
    if visit.planned_on:
        parts.append(_("planned for %(day)s") % {"day": day_text(visit.planned_on)})
    if visit.earliest_on and visit.latest_on:
        window = {"from": day_text(visit.earliest_on), "to": day_text(visit.latest_on)}
        parts.append(_("window %(from)s to %(to)s") % window)
    return ", ".join(parts) + (f": {visit.missed_reason}" if visit.missed_reason else ".")


def _rating_line(rating: Assessment) -> str:
    parts = [str(rating.get_status_display())]
    if rating.performed_on:
        parts.append(day_text(rating.performed_on))
    if rating.performed_time:
        parts.append(f"{rating.performed_time:%H:%M}")
    if rating.rater:
        parts.append(_("rated by %(who)s") % {"who": rating.rater})
    if rating.lookback_days is not None:
        parts.append(_("look-back of %(n)d days") % {"n": rating.lookback_days})
    if rating.total is not None:
        parts.append(_("total %(n)d") % {"n": rating.total})
    parts.append(_entered(rating.entered_by.printed_name, rating.entered_at))
    return ", ".join(parts) + (f": {rating.not_done_reason}" if rating.not_done_reason else ".")


def _pair_line(pair: RatingPair) -> str:
    """The second rating of the same interview, and which total counts."""
    second = pair.second
    if second is None:
        return _("Second rating: outstanding.")
    total = second.get_status_display() if second.total is None else _("total %(n)d") % {"n": second.total}
    line = _("Second rating: %(total)s, rated by %(who)s") % {"total": total, "who": second.rater or "–"}
    if second.adjudicated_total is not None and second.adjudicated_by:
        decided = {"n": second.adjudicated_total, "who": second.adjudicated_by.printed_name}
        line += "; " + _("adjudicated total %(n)d by %(who)s") % decided + f": {second.adjudication_reason}"
    return line + "."


def _record_line(row: RecordReading) -> str:
    record = row.record
    version = _("form %(code)s version %(version)s") % {
        "code": record.form,
        "version": record.definition.version,
    }
    parts = [str(record.get_status_display()), version]
    return ", ".join([*parts, _entered(record.entered_by.printed_name, record.entered_at)]) + "."


def _entered(who: str, at: datetime) -> str:
    return _("entered by %(who)s, %(at)s") % {"who": who, "at": moment(at)}


def _verified(verification: Verification) -> str:
    return _("Verified against the source by %(who)s, %(at)s.") % {
        "who": verification.verified_by.printed_name,
        "at": moment(verification.verified_at),
    }


def _queries(queries: Sequence[Query], title: str, place: Callable[[Query], str]) -> Iterator[Flowable]:
    """Each with its turns. `place`: what it is about."""
    if queries and title:
        yield paragraph(title, H3)
    for query in queries:
        about = place(query)
        state = str(query.get_status_display())
        yield paragraph(
            _("Query%(on)s: %(state)s") % {"on": f" ({about})" if about else "", "state": state}, LABEL
        )
        for message in query.messages.all():
            who = message.written_by.printed_name if message.written_by else _("Edit check")
            turn = {"who": who, "did": message.get_kind_display(), "at": moment(message.written_at)}
            yield paragraph(_("%(who)s %(did)s, %(at)s:") % turn + f" {message.text}", SMALL)


def _signatures(signatures: Iterable[Signature]) -> Iterator[Flowable]:
    for signature in signatures:
        line = f"{signature.printed_name}, {moment(signature.signed_at)}: “{signature.meaning}”"
        yield paragraph(_("Signed: %(line)s") % {"line": line}, LABEL)
        if signature.voided_at:
            yield paragraph(
                _("Voided %(at)s: what was signed has changed.") % {"at": moment(signature.voided_at)}, BODY
            )
        yield paragraph(_("Content SHA-256 %(sha)s") % {"sha": signature.content_sha256}, SMALL)
        yield paragraph(_("Signature SHA-256 %(sha)s") % {"sha": signature.sha256}, SMALL)


def _locks(locks: Iterable[Lock]) -> Iterator[Flowable]:
    for lock in locks:
        named = {"who": lock.locked_by.printed_name, "at": moment(lock.locked_at), "why": lock.reason}
        template = (
            _("Locked by %(who)s, %(at)s: %(why)s")
            if lock.participant_id
            else _("Locked with the study by %(who)s, %(at)s: %(why)s")
        )
        yield paragraph(template % named, LABEL)
        for request in lock.requests.all():
            yield paragraph(_unlock(request), SMALL)


def _unlock(request: UnlockRequest) -> str:
    named = {
        "who": request.requested_by.printed_name,
        "at": moment(request.requested_at),
        "why": request.reason,
    }
    sentence = _("%(who)s asked to unlock it, %(at)s: %(why)s") % named
    if not request.decided_by or not request.decided_at:
        return sentence
    decided = {"who": request.decided_by.printed_name, "at": moment(request.decided_at)}
    template = _("Granted by %(who)s, %(at)s.") if request.approved else _("Refused by %(who)s, %(at)s.")
    return f"{sentence} {template % decided} {request.decision_reason}".strip()
