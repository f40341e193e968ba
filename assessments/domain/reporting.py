"""The 24 hours from when a site learns of a serious adverse event until it has reported it to the sponsor."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

HOURS = 24
State = Literal["running", "late", "met", "missed", "unknown"]


@dataclass(frozen=True, slots=True)
class ReportingClock:
    """Both with their UTC offset. `aware`: None where nobody has said when; `reported`: None until it is."""

    aware: datetime | None
    reported: datetime | None = None

    def due(self, zone: tzinfo) -> datetime | None:
        """24 hours after, on the clock of `zone`: where the clock changes meanwhile it shows another hour then."""
        if self.aware is None:
            return None
        # In UTC: Python adds hours to a local time as if no clock ever changed.
        return (self.aware.astimezone(UTC) + timedelta(hours=HOURS)).astimezone(zone)

    def state(self, now: datetime) -> State:
        """`late`: the hours are over and it is not reported; `missed`: it was reported after them."""
        due = self.due(UTC)
        if due is None:
            return "unknown"
        if self.reported is not None:
            return "met" if self.reported <= due else "missed"
        return "running" if now <= due else "late"

    def hours_left(self, now: datetime) -> int:
        """Whole hours until it is due; 0 when less than one is left, or none."""
        due = self.due(UTC)
        return max(0, int((due - now.astimezone(UTC)) / timedelta(hours=1))) if due else 0
