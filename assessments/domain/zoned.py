"""Clock times of a site: which moment they are, over changes to and from daylight saving too."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from assessments.domain.values import ValueProblemError
from trialsite.lib.days import day_text

_CLOCK = re.compile(
    r"(?P<hour>[0-9]{1,2})(?:[:.h](?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?)?\s*(?P<half>[ap]\.?m\.?)?",
    re.I,
)


def read_clock(text: str) -> time | None:
    """14:05, 14.05, 14h05, 1405, 2:05 pm, 2 pm; None where it is no time.

    >>> read_clock("2:05 pm")
    datetime.time(14, 5)
    """
    text = text.strip()
    if re.fullmatch(r"[0-9]{4}", text):
        text = f"{text[:2]}:{text[2:]}"
    match = _CLOCK.fullmatch(text)
    if match is None or not (match["minute"] or match["half"]):
        return None
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
    try:
        return time(hour, int(match["minute"] or 0), int(match["second"] or 0))
    except ValueError:
        return None


def read_moment(day: date, clock: time, offset: timedelta | None, zone: tzinfo) -> datetime:
    """That local time of `zone`, with its UTC offset. `offset` is needed where the clock shows the time twice.

    Raises ValueProblemError for a time that the clock skipped, one that it showed twice, and an offset that it did not
    have then.
    """
    moments = _moments(day, clock, zone)
    params: dict[str, object] = {"time": clock.isoformat("minutes"), "day": day_text(day)}
    if not moments:
        message = "At the site the clock was put forward over %(time)s on %(day)s: there was no such time."
        raise ValueProblemError(message, params)
    if offset is not None:
        moments = [moment for moment in moments if moment.utcoffset() == offset]
        if not moments:
            raise ValueProblemError("The site’s clock had another UTC offset at %(time)s on %(day)s.", params)
    if len(moments) > 1:
        params |= {"first": moments[0].isoformat()[-6:], "second": moments[1].isoformat()[-6:]}
        message = (
            "At the site the clock was put back on %(day)s and showed %(time)s twice."
            " Write %(time)s %(first)s for the first time, %(time)s %(second)s for the second."
        )
        raise ValueProblemError(message, params)
    return moments[0]


def _moments(day: date, clock: time, zone: tzinfo) -> list[datetime]:
    """The moments at which the clock shows that local time: none, one or two, in their order."""
    moments: dict[datetime, datetime] = {}
    for fold in (0, 1):
        local = datetime.combine(day, clock.replace(tzinfo=None, fold=fold), zone)
        try:
            instant = local.astimezone(UTC)
            back = instant.astimezone(zone)
        except OverflowError:
            continue
        if back.replace(tzinfo=None, fold=0) == local.replace(tzinfo=None, fold=0):
            moments[instant] = back.replace(tzinfo=timezone(back.utcoffset() or timedelta(0)), fold=0)
    return [moments[instant] for instant in sorted(moments)]
