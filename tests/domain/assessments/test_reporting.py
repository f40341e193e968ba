"""The 24 hours of a serious event are real hours, whatever the clock of the site does meanwhile."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.reporting import ReportingClock

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("aware", "due"),
    [
        # The clock is put forward on 29 March 2026 at 2:00, and back on 25 October at 3:00.
        ("2026-03-28T14:05:00+01:00", "2026-03-29T15:05:00+02:00"),
        ("2026-03-29T01:30:00+01:00", "2026-03-30T02:30:00+02:00"),
        ("2026-10-24T14:05:00+02:00", "2026-10-25T13:05:00+01:00"),
        ("2026-10-25T02:30:00+02:00", "2026-10-26T01:30:00+01:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00"),
        ("2026-06-01T14:05:00+02:00", "2026-06-02T14:05:00+02:00"),
    ],
)
def test_over_a_change_of_the_clock(aware: str, due: str) -> None:
    told = ReportingClock(datetime.fromisoformat(aware)).due(BERLIN)
    assert told
    assert told.isoformat() == due


@given(moments, st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_always_24_hours_and_on_the_clock_of_the_zone(aware: datetime, written_in: str, zone: str) -> None:
    """Whichever offset the moment was written with."""
    due = ReportingClock(aware.astimezone(ZoneInfo(written_in))).due(ZoneInfo(zone))
    assert due
    assert due.astimezone(UTC) - aware == timedelta(hours=24)
    assert due.tzinfo == ZoneInfo(zone)


@given(moments, st.timedeltas(timedelta(), timedelta(days=4)), st.timedeltas(timedelta(), timedelta(days=4)))
def test_it_runs_until_it_is_due_and_stops_when_it_is_reported(
    aware: datetime, reported_after: timedelta, now_after: timedelta
) -> None:
    day = timedelta(hours=24)
    open_clock, closed = ReportingClock(aware), ReportingClock(aware, aware + reported_after)
    assert open_clock.state(aware + now_after) == ("running" if now_after <= day else "late")
    assert closed.state(aware + now_after) == ("met" if reported_after <= day else "missed")
    left = open_clock.hours_left(aware + now_after)
    assert 0 <= left <= 24
    if now_after <= day:
        assert timedelta(hours=left) <= day - now_after < timedelta(hours=left + 1)


def test_without_the_moment_nothing_is_told() -> None:
    clock = ReportingClock(None)
    assert (clock.due(BERLIN), clock.hours_left(datetime.now(UTC))) == (None, 0)
    assert clock.state(datetime.now(UTC)) == "unknown"
