"""Reads of ratings that several places need."""

from functools import lru_cache

from assessments.domain import instrument as rules
from assessments.models import Assessment
from enrollment.domain.protocol import Protocol
from enrollment.models import Visit


def instrument_of(protocol: Protocol, code: str) -> rules.Instrument:
    """The instrument in the edition that the protocol uses."""
    use = next(use for use in protocol.instruments if use.code == code)
    return _edition(code, tuple(sorted(use.item_maxima.items())))


@lru_cache(maxsize=64)
def _edition(code: str, maxima: tuple[tuple[str, int], ...]) -> rules.Instrument:
    return rules.with_maxima(rules.load(code), dict(maxima))


def instruments_due(visit: Visit) -> tuple[str, ...]:
    """Codes of the instruments that the protocol wants at `visit`."""
    protocol = visit.participant.protocol.rules
    if visit.period_id is None:
        return protocol.screening_instruments
    return protocol.visit(visit.code).instruments


def assessment_of(visit: Visit, instrument: str) -> Assessment | None:
    return Assessment.objects.filter(visit=visit, instrument=instrument).first()
