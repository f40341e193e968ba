"""What one entry is called: what somebody did, in words, and what it was done to."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from analysis.trail.names import Names, Row
from analysis.trail.values import Line
from trialsite.audit.models import Event


@dataclass(frozen=True, slots=True)
class Telling:
    """`verb` follows a person's name ("corrected HAM-D17, Day 1 of period 2"); `noun` stands alone where the entry is a
    consequence of another one. Of an activity the entry with the lowest `rank` gives the sentence. Entries of one
    `group` are told together."""

    rank: int
    verb: str
    noun: str
    lines: tuple[Line, ...]
    group: object


# From an entry, its row as it is now under what the entry set, and its values in words.
Teller = Callable[[Event, Row, tuple[Line, ...], Names], Telling]


def of_row(rank: int, entry: Event, verb: str, noun: str, lines: tuple[Line, ...]) -> Telling:
    """An entry that is told by itself."""
    return Telling(rank, verb, capfirst(noun), lines, (entry.table_name, entry.row_pk))


def of_columns(rank: int, made: str, changed: str, noun: str) -> Teller:
    """Words that need the row's own columns and nothing else. Each is a template of English to be translated."""

    def teller(entry: Event, row: Row, lines: tuple[Line, ...], names: Names) -> Telling:
        fields = {**dict.fromkeys(("version", "code", "rule_version", "name"), ""), **row}
        verb = made if entry.op == "I" else changed
        return of_row(rank, entry, _(verb) % fields, _(noun) % fields, lines)

    return teller
