"""Clinical dates: the date at the site, whatever the server's zone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def local_date(moment: datetime, zone: str) -> date:
    """The calendar date of an aware `moment` in the IANA `zone`."""
    return moment.astimezone(ZoneInfo(zone)).date()
