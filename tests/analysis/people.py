"""Participants with ratings, and amended protocols, for the tests of what is derived from them."""

from datetime import timedelta

from assessments.domain.instrument import catalogue
from assessments.models import Assessment
from enrollment import services
from enrollment.models import Participant, Period, ProtocolVersion
from enrollment.selectors import today_at
from trialsite.accounts.models import Study, User

from ..conftest import rate


def treat(participant: Participant, number: int, by: User, **totals: int) -> Period:
    """The period of this number, its infusion recorded and the visits of `totals` rated. Day 0 lies 90 days back,
    and 40 days later for each further period."""
    period = participant.periods.get(number=number)
    day0 = today_at(participant.site) - timedelta(days=90 - 40 * (number - 1))
    services.record_dosing(period, day0, by=by, version=period.version)
    for code, total in totals.items():
        rate(period.visits.get(code=code), total, by)
    period.refresh_from_db()
    return period


def rating_of(period: Period, code: str) -> Assessment:
    return Assessment.objects.get(visit__period=period, visit__code=code)


def amend(study: Study, version: str, **endpoints: object) -> ProtocolVersion:
    """A further version of the study's protocol, with these endpoints."""
    source = study.protocols.latest().source
    lines = source.replace(f'version = "{study.protocols.latest().version}"', f'version = "{version}"').split(
        "\n"
    )
    for name, value in endpoints.items():
        written = f'"{value}"' if isinstance(value, str) else value
        lines = [f"{name} = {written}" if line.startswith(f"{name} =") else line for line in lines]
    return services.load_protocol("\n".join(lines), by=User.objects.system(), catalogue=catalogue())[0]
