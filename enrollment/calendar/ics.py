"""A calendar as a file of RFC 5545."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from enrollment.calendar.entries import CalendarEntry


def ics(entries: Iterable[CalendarEntry]) -> str:
    """RFC 5545 calendar of all-day events, lines folded at 75 octets."""
    stamp = datetime.now(tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Trialsite//Site calendar//EN"]
    for entry in entries:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{entry.key}@trialsite",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{entry.on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{entry.until + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escape(f'{entry.participant} {entry.text}')}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(_fold(line) + "\r\n" for line in lines)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _fold(line: str) -> str:
    parts, rest = [], line
    while len(rest.encode()) > 74:
        cut = 74
        while len(rest[:cut].encode()) > 74:
            cut -= 1
        parts.append(rest[:cut])
        rest = rest[cut:]
    return "\r\n ".join([*parts, rest])
