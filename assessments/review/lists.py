"""Queries and the review of visits as tables: what their pages show, for a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.review.forms import with_record_counts
from assessments.review.places import query_places
from assessments.timing.figures import figures
from enrollment.models import ProtocolVersion, Visit
from trialsite.accounts.models import User
from trialsite.review.models import Query, QueryMessage

QUERY_COLUMNS = [
    "participant", "site", "about", "state", "blocks_signing", "waiting_for", "raised_by", "raised_at",
    "age_days", "last_said", "last_said_by", "now",
]  # fmt: skip
REVIEW_COLUMNS = [
    "participant", "site", "period", "visit", "performed_on", "queries_open", "verified", "signed", "locked",
    "records", "records_verified",
]  # fmt: skip
CHUNK = 500
# Of a visit: `forms.with_review_status` and `forms.with_record_counts`.
ANNOTATED = ("queried", "verified", "signed", "was_signed", "locked", "rows", "rows_verified")


@dataclass(frozen=True, slots=True)
class QueryRow:
    """A query as its list shows it. `url`: the page where it stands; `last`: its last turn, by `last_by`; `now`: the figures
    that an edit check is about."""

    query: Query
    where: str
    url: str
    last: QueryMessage
    last_by: str
    raised_by: str
    waiting_for: str
    now: str


def query_rows(queries: QuerySet[Query]) -> Iterator[QueryRow]:
    """In few database queries however many there are."""
    queries = queries.select_related("participant__site", "participant__study", "visit__period", "raised_by")
    stream = queries.prefetch_related("messages__written_by").iterator(chunk_size=CHUNK)
    while chunk := list(islice(stream, CHUNK)):
        now = figures(chunk)
        for query in chunk:
            query.participant.protocol = ProtocolVersion.objects.cached(query.participant.protocol_id)
        places = query_places(chunk)
        for query in chunk:
            last = list(query.messages.all())[-1]
            yield QueryRow(
                query=query,
                where=places[query.pk].where,
                url=places[query.pk].url,
                last=last,
                last_by=_name(last.written_by),
                raised_by=_name(query.raised_by),
                waiting_for=waiting_for(query),
                now=now.get(query.pk, ""),
            )


def waiting_for(query: Query) -> str:
    """Whose turn it is: the site answers; who asked closes, or a data manager what an edit check asked."""
    if query.status == Query.Status.OPEN:
        return _("the site")
    if query.status == Query.Status.ANSWERED:
        return query.raised_by.printed_name if query.raised_by else _("a data manager")
    return ""


def _name(user: User | None) -> str:
    return user.printed_name if user else _("Edit check")


def query_table(queries: QuerySet[Query]) -> Iterator[list[object]]:
    """Rows under QUERY_COLUMNS. `age_days`: until it was closed, or until now."""
    now = timezone.now()
    for row in query_rows(queries):
        query = row.query
        yield [
            query.participant.code,
            query.participant.site.code,
            row.where,
            query.get_status_display(),
            _yes(query.blocks_signature),
            row.waiting_for,
            row.raised_by,
            query.raised_at.isoformat(),
            ((query.closed_at or now) - query.raised_at).days,
            row.last.text,
            row.last_by,
            row.now,
        ]


def review_table(visits: QuerySet[Visit]) -> Iterator[list[object]]:
    """Rows under REVIEW_COLUMNS, of visits with their review status (`forms.with_review_status`)."""
    for visit in (
        with_record_counts(visits).select_related("participant__site", "period").iterator(chunk_size=CHUNK)
    ):
        status = {name: getattr(visit, name) for name in ANNOTATED}
        yield [
            visit.participant.code,
            visit.participant.site.code,
            visit.period and visit.period.number,
            visit.label,
            visit.performed_on,
            _yes(status["queried"]),
            _yes(status["verified"]),
            _("again") if status["was_signed"] and not status["signed"] else _yes(status["signed"]),
            _yes(status["locked"]),
            status["rows"],
            status["rows_verified"],
        ]


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")
