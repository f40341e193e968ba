"""The ratings that the page is about, in the order of their making, read at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.domain.rating_quality import Items
from assessments.models import Assessment
from trialsite.accounts.models import Site, Study


@dataclass(frozen=True, slots=True)
class QualityRating:
    """`before`: items of the participant's rating before this one. `rater`: as typed, blanks put in order."""

    site: str
    rater: str
    visit: str
    items: Items
    total: int | None
    before: Mapping[str, int] | None


def ratings_of(study: Study, sites: Sequence[Site], instrument: str) -> list[QualityRating]:
    """Those of first ratings that have items, by the day of the rating. By visit, never by period: a period would come near
    the sequence."""
    rows = (
        Assessment.objects.filter(
            participant__study=study, participant__site__in=sites, instrument=instrument
        )
        .exclude(status=Assessment.Status.NOT_DONE)
        .order_by("performed_on", "performed_time", "pk")
        .values_list("participant", "participant__site__code", "rater", "visit__code", "items", "total")
    )
    last: dict[int, Mapping[str, int]] = {}
    ratings = []
    for participant, site, rater, visit, items, total in rows.iterator(chunk_size=2000):
        if items:
            ratings.append(
                QualityRating(
                    site, " ".join(rater.split()) or "–", visit, items, total, last.get(participant)
                )
            )
            last[participant] = items
    return ratings
