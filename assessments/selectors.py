"""Reads of ratings that several places need."""

from functools import lru_cache

from django.utils.translation import gettext as _

from assessments.domain import instrument as instruments
from assessments.domain.instrument import Score
from assessments.models import Assessment
from enrollment.models import Visit
from enrollment.protocol.model import Protocol


def instrument_of(protocol: Protocol, code: str) -> instruments.Instrument:
    """The instrument in the edition that the protocol uses."""
    use = next(use for use in protocol.instruments if use.code == code)
    return _edition(code, tuple(sorted(use.item_maxima.items())))


@lru_cache(maxsize=64)
def _edition(code: str, maxima: tuple[tuple[str, int], ...]) -> instruments.Instrument:
    return instruments.with_maxima(instruments.load(code), dict(maxima))


def prorated_of(protocol: Protocol, rating: Assessment) -> Score | None:
    """The score of a rating with items missing, where the protocol has it prorated."""
    use = next((use for use in protocol.instruments if use.code == rating.instrument), None)
    if use is None or not use.prorate or rating.status != Assessment.Status.ENTERED:
        return None
    rule = instruments.Prorating(use.most_missing, use.prorated_decimals)
    found = instruments.score(instrument_of(protocol, use.code), rating.items, rule)
    return found if found.prorated is not None else None


def prorated_text(score: Score) -> str:
    """ "prorated 17.3 from 16 of 17 items; counts for no outcome"."""
    values = {"total": score.prorated, "n": score.answered, "all": score.expected}
    return _("prorated %(total)s from %(n)d of %(all)d items; counts for no outcome") % values


def instruments_due(visit: Visit) -> tuple[str, ...]:
    """Codes of the instruments that the protocol wants at `visit`."""
    protocol = visit.participant.protocol.definition
    if visit.period_id is None:
        return protocol.screening_instruments
    return protocol.visit(visit.code).instruments


def assessment_of(visit: Visit, instrument: str) -> Assessment | None:
    assessment = Assessment.objects.filter(visit=visit, instrument=instrument).first()
    if assessment:
        assessment.visit = visit
    return assessment
