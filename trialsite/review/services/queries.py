"""Queries: what people and edit checks ask about a record, and what is answered."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.review.models import Query, QueryMessage
from trialsite.review.records import ReviewedParticipant, ReviewedVisit
from trialsite.review.required_text import required_text

Kind = QueryMessage.Kind
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the record: a participant's field, by visit, form, and row of a form that has several. Empty means
    the whole."""

    participant: ReviewedParticipant
    visit: ReviewedVisit | None = None
    form: str = ""
    field: str = ""
    repeat_key: int | None = None

    @property
    def visit_id(self) -> int | None:
        return self.visit.pk if self.visit else None


@dataclass(frozen=True, slots=True)
class Finding:
    """What an edit check found: its identifier and version, the field, and its question in words. `comment`: what whoever
    entered the value answered when they were asked before saving; empty when they were not."""

    check_id: str
    check_version: str
    field: str
    text: str
    comment: str = ""


def raise_queries(
    places: Sequence[Place], *, by: User, text: str, blocks_signature: bool = False
) -> list[Query]:
    """Ask the same question at each of `places`, all or none."""
    text = required_text(text, _("Enter your question."))
    raised = []
    with transaction.atomic():
        for place in places:
            participant = place.participant
            with authorised_change(by, "query.raise", participant.study, participant.site, reason=text):
                query = Query.objects.create(
                    participant_id=participant.pk,
                    visit_id=place.visit_id,
                    form=place.form,
                    repeat_key=place.repeat_key,
                    field=place.field,
                    blocks_signature=blocks_signature,
                    raised_by=by,
                )
                _say(query, Kind.RAISED, text, by)
            raised.append(query)
    return raised


def answer(query: Query, *, by: User, text: str) -> Query:
    """Answer an open query. Raises ValidationError when it is not open any more."""
    return _turn(query, "query.answer", Kind.ANSWERED, {Query.Status.OPEN}, Query.Status.ANSWERED, by, text)


def ask_again(query: Query, *, by: User, text: str) -> Query:
    """The answer did not settle it, or the matter comes up again after closing."""
    allowed = {Query.Status.ANSWERED, Query.Status.CLOSED}
    return _turn(query, "query.raise", Kind.REQUERIED, allowed, Query.Status.OPEN, by, text)


def close(query: Query, *, by: User, text: str) -> Query:
    """Close a query: whoever raised it, or any data manager."""
    if query.raised_by_id not in (None, by.pk):
        participant = query.participant
        with authorised_change(by, "query.close_any", participant.study, participant.site):
            pass
    allowed = {Query.Status.OPEN, Query.Status.ANSWERED}
    return _turn(query, "query.close", Kind.CLOSED, allowed, Query.Status.CLOSED, by, text)


def note_findings(
    place: Place, findings: Iterable[Finding], *, checks: Collection[str], by: User, reason: str
) -> None:
    """`settle_findings` for whoever may enter data there."""
    participant = place.participant
    with authorised_change(by, "assessment.enter", participant.study, participant.site, reason=reason):
        settle_findings(place, findings, checks=checks, by=by)


def settle_findings(place: Place, findings: Iterable[Finding], *, checks: Collection[str], by: User) -> None:
    """Queries of the edit checks `checks` (ids) at `place` (its field is not used): open one for each finding that has
    none, and close those whose check no longer fires. Part of the change that made the findings: its caller has
    authorised, and its actor holds.

    A finding's text names no figure that a later correction would make untrue: the query stays as it was raised."""
    settle_findings_at({place: findings}, checks=checks, by=by)


def settle_findings_at(
    findings: Mapping[Place, Iterable[Finding]], *, checks: Collection[str], by: User
) -> None:
    """The same at many places, in a few statements where nothing is asked yet."""
    open_at: dict[tuple[int, int | None, str, int | None], dict[tuple[str, str], Query]] = {}
    for query in Query.objects.open().filter(
        participant__in={place.participant.pk for place in findings}, check_id__in=checks
    ):
        place_key = query.participant_id, query.visit_id, query.form, query.repeat_key
        open_at.setdefault(place_key, {})[query.check_id, query.field] = query
    raised: list[tuple[Place, Finding]] = []
    for place, at_place in findings.items():
        open_ = open_at.get((place.participant.pk, place.visit_id, place.form, place.repeat_key), {})
        for finding in at_place:
            if (finding.check_id, finding.field) not in open_:
                raised.append((place, finding))
            elif query := open_.pop((finding.check_id, finding.field)):
                _comment(query, finding, by)
        for query in open_.values():
            _move(query, Query.Status.CLOSED)
            _say(query, Kind.CLOSED, _("The value was changed; the check no longer fires."), None)
    for query, (_place, finding) in zip(raise_findings(raised), raised, strict=True):
        _comment(query, finding, by)


def _comment(query: Query, finding: Finding, by: User) -> None:
    """What was answered before the value was saved answers the query."""
    if finding.comment:
        _move(query, Query.Status.ANSWERED)
        _say(query, Kind.ANSWERED, finding.comment, by)


def raise_findings(findings: Sequence[tuple[Place, Finding]]) -> list[Query]:
    """The queries of many findings at places where nothing is asked yet, as part of the change that made them."""
    if not findings:
        return []
    queries = Query.objects.bulk_create(
        (_query_of(place, finding) for place, finding in findings), batch_size=CHUNK
    )
    QueryMessage.objects.bulk_create(
        (
            QueryMessage(
                query=query, participant_id=query.participant_id, kind=Kind.RAISED, text=finding.text
            )
            for query, (_place, finding) in zip(queries, findings, strict=True)
        ),
        batch_size=CHUNK,
    )
    return queries


def _query_of(place: Place, finding: Finding) -> Query:
    return Query(
        participant_id=place.participant.pk,
        visit_id=place.visit_id,
        form=place.form,
        repeat_key=place.repeat_key,
        field=finding.field,
        check_id=finding.check_id,
        check_version=finding.check_version,
    )


def _turn(
    query: Query, action: str, kind: Kind, allowed: set[Query.Status], then: Query.Status, by: User, text: str
) -> Query:
    """One turn of the conversation: allowed only from one of the states `allowed`."""
    text = required_text(text, _("Enter your message."))
    participant = query.participant
    with authorised_change(by, action, participant.study, participant.site, reason=text):
        saved = Query.objects.select_for_update().get(pk=query.pk)
        if saved.status not in allowed:
            raise ValidationError(
                _("This query is now %(state)s. Reload the page to see the latest message.")
                % {"state": saved.get_status_display().lower()}
            )
        _move(saved, then)
        _say(saved, kind, text, by)
    return saved


def _move(query: Query, status: Query.Status) -> None:
    query.status = status
    query.closed_at = timezone.now() if status == Query.Status.CLOSED else None
    query.version += 1
    query.save(force_update=True)


def _say(query: Query, kind: Kind, text: str, by: User | None) -> None:
    QueryMessage.objects.create(
        query=query, participant_id=query.participant_id, kind=kind, text=text, written_by=by
    )
