"""Kits in words."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from enrollment.models import Kit, Period

HEADER = [
    "kit",
    "site",
    "state",
    "since",
    "assigned_to",
    "assigned_period",
    "given_to",
    "given_period",
    "replaces",
]


def place_of(period: Period | None) -> str:
    """ "01-004, period 2"; empty of none."""
    if period is None:
        return ""
    return _("%(code)s, period %(n)d") % {"code": period.participant.code, "n": period.number}


def table_of(kits: QuerySet[Kit]) -> Iterator[list[object]]:
    """Rows of the list as a file, under HEADER."""
    for kit in kits.iterator(chunk_size=500):
        assigned, given = kit.period, kit.given_in
        yield [
            kit.number,
            kit.site.code,
            kit.get_state_display(),
            kit.moved_on,
            assigned and assigned.participant.code,
            assigned and assigned.number,
            given and given.participant.code,
            given and given.number,
            kit.replaces and kit.replaces.number,
        ]
