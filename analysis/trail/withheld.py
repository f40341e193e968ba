"""Entries whose values their author alone reads (`readers` of the form): that they are there is shown, what they say is not.

Neither is the reason of a correction, which may say it: at any entry of that transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db.models import Q

from assessments.entry.selectors import form_of
from assessments.models import FormVersion, Record
from trialsite.audit.models import Event

RECORDS = Record._meta.db_table
HIDDEN = ("items", "missing", "comments", "status_reason")
BATCH = 1000


def withheld_forms() -> list[int]:
    """Ids of the form versions that are withheld."""
    return [definition.pk for definition in FormVersion.objects.all() if form_of(definition).withheld]


def withheld_records() -> Q:
    """Entries about records of these forms."""
    ids = Record.objects.filter(definition__in=withheld_forms()).order_by().values_list("pk", flat=True)
    return Q(table_name=RECORDS, row_pk__in=[str(pk) for pk in ids])


@dataclass(frozen=True, slots=True)
class Withheld:
    """`records`: (chain, row); `corrections`: (chain, transaction, reason)."""

    records: frozenset[tuple[str, str]]
    corrections: frozenset[tuple[str, str, str | None]]

    def values_of(self, entry: Event) -> bool:
        return entry.table_name == RECORDS and (entry.chain, entry.row_pk) in self.records

    def reason_of(self, entry: Event) -> bool:
        return (entry.chain, entry.txid, entry.reason) in self.corrections


def withheld_in(entries: Sequence[Event]) -> Withheld:
    """What of the chains of `entries` is withheld."""
    chains = {entry.chain for entry in entries}
    numbers = [chain.partition(":")[2] for chain in chains]
    forms = withheld_forms()
    rows = Record.objects.filter(
        participant__in=[pk for pk in numbers if pk.isdecimal()], definition__in=forms
    )
    records = {
        (f"participant:{participant}", str(pk))
        for participant, pk in rows.order_by().values_list("participant", "pk")
    }
    about = Event.objects.filter(
        chain__in={chain for chain, _pk in records},
        table_name=RECORDS,
        row_pk__in={pk for _chain, pk in records},
    )
    corrections = about.filter(op="U").order_by().values_list("chain", "txid", "reason") if records else []
    return Withheld(frozenset(records), frozenset(corrections))


def withhold(entries: Sequence[Event]) -> None:
    """Take the values and reasons that are withheld out of `entries`, which are only read."""
    withheld = withheld_in(entries)
    for entry in entries:
        if withheld.values_of(entry):
            entry.old, entry.new = _without(entry.old), _without(entry.new)
        if withheld.reason_of(entry):
            entry.reason = None


def withholding(entries: Iterable[Event]) -> Iterator[Event]:
    """The same of very many, some at a time."""
    for batch in batches(entries):
        withhold(batch)
        yield from batch


def batches(entries: Iterable[Event]) -> Iterator[list[Event]]:
    remaining = iter(entries)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _without(columns: dict[str, object] | None) -> dict[str, object] | None:
    return columns and {name: value for name, value in columns.items() if name not in HIDDEN}
