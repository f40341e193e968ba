"""An entry in words: what somebody did, and what it was done to."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from analysis.trail.line import TrailLine
from analysis.trail.names import Names, Row
from trialsite.audit.models import Event


@dataclass(frozen=True, slots=True)
class Description:
    """`verb` follows a person's name ("corrected HAM-D17, Day 1 of period 2"); `noun` stands alone where the entry is a
    consequence of another one. Of an activity the entry with the lowest `rank` gives the sentence. Entries of one
    `group` stand together."""

    rank: int
    verb: str
    noun: str
    lines: tuple[TrailLine, ...]
    group: object


# From an entry, its row as it is now under what the entry set, and its values in words.
Describe = Callable[[Event, Row, tuple[TrailLine, ...], Names], Description]


def of_row(rank: int, entry: Event, verb: str, noun: str, lines: tuple[TrailLine, ...]) -> Description:
    """Of an entry that stands by itself."""
    return Description(rank, verb, capfirst(noun), lines, (entry.table_name, entry.row_pk))


def of_columns(rank: int, creating: str, changing: str, noun: str) -> Describe:
    """Words that need the row's own columns and nothing else. Each is a template of English to be translated."""

    def describe(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
        fields = {**dict.fromkeys(("version", "code", "rule_version", "name"), ""), **row}
        verb = creating if entry.op == "I" else changing
        return of_row(rank, entry, _(verb) % fields, _(noun) % fields, lines)

    return describe
