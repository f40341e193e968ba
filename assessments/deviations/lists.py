"""Deviations as a table: what their page shows, for a file."""

from collections.abc import Iterator

from django.db.models import OuterRef, QuerySet, Subquery

from assessments.deviations.text import rule_text, what_happened
from assessments.models import Deviation, DeviationTurn

COLUMNS = [
    "participant", "site", "period", "visit", "rule", "tolerance", "name", "class", "date", "what_happened", "state",
    "filed_at", "comment", "corrective_action", "reviewed_by",
]  # fmt: skip
CHUNK = 500


def deviation_table(deviations: QuerySet[Deviation]) -> Iterator[list[object]]:
    """Rows under COLUMNS, with the last review of each."""
    reviews = DeviationTurn.objects.filter(deviation=OuterRef("pk"), kind=DeviationTurn.Kind.REVIEWED)
    last = reviews.order_by("-pk")
    rows = deviations.annotate(
        said=Subquery(last.values("text")[:1]),
        done=Subquery(last.values("action")[:1]),
        reviewer=Subquery(last.values("written_by__printed_name")[:1]),
    )
    for deviation in rows.iterator(chunk_size=CHUNK):
        yield [
            deviation.participant.code,
            deviation.participant.site.code,
            deviation.period,
            deviation.visit.label if deviation.visit else "",
            deviation.rule,
            deviation.subject,
            rule_text(deviation),
            deviation.classification,
            deviation.occurred_on,
            what_happened(deviation),
            deviation.status,
            deviation.filed_at.isoformat(),
            deviation.said or "",
            deviation.done or "",
            deviation.reviewer or "",
        ]
