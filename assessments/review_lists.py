"""Queries and the review of visits as tables: what their pages show, for a file."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.standing import where
from enrollment.models import ProtocolVersion, Visit
from trialsite.accounts.models import User
from trialsite.review.models import Query

QUERY_COLUMNS = [
    "participant", "site", "about", "state", "blocks_signing", "waiting_for", "raised_by", "raised_at",
    "age_days", "last_said", "last_said_by",
]  # fmt: skip
REVIEW_COLUMNS = [
    "participant", "site", "period", "visit", "performed_on", "queries_open", "verified", "signed", "locked",
]  # fmt: skip
CHUNK = 500


def told(queries: QuerySet[Query]) -> Iterator[dict[str, Any]]:
    """What the list shows of each query, in few database queries however many there are."""
    found = queries.select_related("participant__site", "visit__period", "raised_by")
    for query in found.prefetch_related("messages__written_by").iterator(chunk_size=CHUNK):
        query.participant.protocol = ProtocolVersion.objects.known(query.participant.protocol_id)
        last = list(query.messages.all())[-1]
        yield {
            "query": query,
            "where": where(query),
            "last": last,
            "said_by": _name(last.written_by),
            "raised_by": _name(query.raised_by),
            "waiting_for": waiting_for(query),
        }


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
    for row in told(queries):
        query = row["query"]
        yield [
            query.participant.code, query.participant.site.code, row["where"], query.get_status_display(),
            _yes(query.blocks_signature), row["waiting_for"], row["raised_by"], query.raised_at.isoformat(),
            ((query.closed_at or now) - query.raised_at).days, row["last"].text, row["said_by"],
        ]  # fmt: skip


def review_table(visits: QuerySet[Visit]) -> Iterator[list[object]]:
    """Rows under REVIEW_COLUMNS, of visits with their standing (review_forms.with_standing)."""
    for visit in visits.select_related("participant__site", "period").iterator(chunk_size=CHUNK):
        signed = _("again") if visit.was_signed and not visit.signed else _yes(visit.signed)  # type: ignore[attr-defined]
        yield [
            visit.participant.code, visit.participant.site.code, visit.period and visit.period.number,
            visit.label, visit.performed_on, *(_yes(getattr(visit, name)) for name in ("queried", "verified")),
            signed, _yes(visit.locked),  # type: ignore[attr-defined]
        ]  # fmt: skip


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")
