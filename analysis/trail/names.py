"""What the numbers in entries stand for, read for a whole page in a dozen queries however long it is."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext as _

from assessments.domain.form import Form
from assessments.domain.instrument import Instrument
from assessments.entry.selectors import form_of
from assessments.models import FormVersion, Record
from assessments.review.places import field_label
from assessments.selectors import instrument_of
from enrollment.models import ConsentVersion, Participant, ProtocolVersion, Visit
from enrollment.protocol.model import Protocol
from trialsite.accounts.models import Site, User
from trialsite.audit.models import Event

Row = dict[str, Any]
MODELS: dict[str, type[Model]] = {model._meta.db_table: model for model in apps.get_models()}

FIRST = (
    "review_querymessage",
    "assessments_deviationturn",
    "assessments_deviation",
    "review_unlockrequest",
    "review_query",
    "review_lock",
    "assessments_safetyalert",
    "assessments_assessment",
    "assessments_record",
)
# Whose rows name a place: form, row and field.
PLACES = ("review_query", "review_verification")


class Names:
    """Of the rows that `entries` are about: `row` as it is now, and what people call the places it names."""

    def __init__(self, entries: Iterable[Event]) -> None:
        self._wanted: dict[str, set[int]] = defaultdict(set)
        self._rows: dict[str, dict[int, Row]] = {}
        for entry in entries:
            if entry.table_name in MODELS and entry.row_pk.isdecimal():
                self._wanted[entry.table_name].add(int(entry.row_pk))
            for values in (entry.old or {}, entry.new or {}):
                self._refer(entry.table_name, values)
        # What a row refers to may refer further: a message to its query, that to its visit, that to its period; an alert
        # to its rating.
        for table in FIRST:
            self._load(table)
        for table in sorted(self._wanted.keys() - {"enrollment_period", "enrollment_participant"}):
            self._load(table)
        for table in ("enrollment_period", "enrollment_participant", "accounts_user", "accounts_site"):
            self._load(table)

    def _refer(self, table: str, values: Row) -> None:
        if (model := MODELS.get(table)) is None:
            return
        for field in model._meta.concrete_fields:
            value = values.get(field.attname)
            if field.related_model and isinstance(value, int):
                self._wanted[field.related_model._meta.db_table].add(value)

    def _load(self, table: str) -> None:
        missing = self._wanted[table] - self._rows.get(table, {}).keys()
        if not missing:
            return
        # The texts of protocols and cuts are large, and a page shows none of them.
        stored = MODELS[table]._default_manager.filter(pk__in=missing)
        left_out = {"document", "source", "difference", "password"}
        columns = [f.attname for f in MODELS[table]._meta.concrete_fields if f.name not in left_out]
        rows = self._rows.setdefault(table, {})
        for row in stored.values(*columns):
            rows[row["id"]] = row
            self._refer(table, row)

    def row(self, table: str, pk: object) -> Row:
        """The row as it is now; empty for one that is unknown."""
        return self._rows.get(table, {}).get(int(str(pk)), {}) if str(pk).isdecimal() else {}

    def user(self, pk: object) -> str:
        return str(self.row(User._meta.db_table, pk).get("printed_name") or _("person %(n)s") % {"n": pk})

    def site(self, pk: object) -> str:
        row = self.row(Site._meta.db_table, pk)
        return f"{row['code']} {row['name']}" if row else str(pk)

    def consent_version(self, pk: object) -> str:
        row = self.row(ConsentVersion._meta.db_table, pk)
        return f"{row['label']} ({row['language']})" if row else str(pk)

    def participant(self, pk: object) -> str:
        return str(self.row(Participant._meta.db_table, pk).get("code", pk))

    def protocol(self, participant: object) -> Protocol | None:
        version = self.row(Participant._meta.db_table, participant).get("protocol_id")
        return ProtocolVersion.objects.cached(version).definition if version else None

    def instrument(self, row: Row) -> Instrument | None:
        """That of a rating."""
        protocol = self.protocol(row.get("participant_id"))
        if protocol is None or not any(use.code == row.get("instrument") for use in protocol.instruments):
            return None
        return instrument_of(protocol, row["instrument"])

    def definition(self, row: Row) -> FormVersion | None:
        """The form of a record, in the version that it was entered under."""
        return self._definitions.get(row.get("definition_id", 0))

    def form(self, row: Row) -> Form | None:
        """The same, read."""
        definition = self.definition(row)
        return form_of(definition) if definition else None

    def reasons(self, row: Row) -> dict[str, str]:
        """Why an item of a record may have no value, by the participant's protocol."""
        protocol = self.protocol(row.get("participant_id"))
        return {reason.code: reason.label for reason in protocol.missing_reasons} if protocol else {}

    @cached_property
    def _definitions(self) -> dict[int, FormVersion]:
        return FormVersion.objects.in_bulk(self._wanted[FormVersion._meta.db_table])

    @cached_property
    def _asked(self) -> dict[tuple[int, int | None, str, int | None], Record]:
        """Records that queries and verifications may be about, by their places."""
        rows = [row for table in PLACES for row in self._rows.get(table, {}).values()]
        records = Record.objects.filter(
            participant__in={row["participant_id"] for row in rows}, form__in={row["form"] for row in rows}
        ).select_related("definition")
        return {(r.participant_id, r.visit_id, r.form, r.repeat_key): r for r in records}

    def period(self, pk: object) -> str:
        number = self.row("enrollment_period", pk).get("number")
        return _("period %(n)s") % {"n": number} if number else ""

    def dosing(self, row: Row) -> str:
        """ "Infusion 2", of a row of a period."""
        protocol = self.protocol(row.get("participant_id"))
        return f"{protocol.dosing_label if protocol else _('Dosing')} {row.get('number', '')}".strip()

    def visit(self, pk: object) -> str:
        """ "Day 1 of period 2"."""
        row = self.row("enrollment_visit", pk)
        if not row:
            return _("the visit")
        period = self.period(row["period_id"])
        return (
            _("%(visit)s of %(period)s") % {"visit": row["label"], "period": period}
            if period
            else row["label"]
        )

    def place(self, row: Row) -> str:
        """Form, row and field of a query or a verification, with the visit: "HAM-D17, 3 Suicide, Day 1 of period 2"."""
        columns = self.row("enrollment_participant", row.get("participant_id"))
        if not columns:
            return str(row.get("form", ""))
        participant = Participant(**columns)
        participant.protocol = ProtocolVersion.objects.cached(participant.protocol_id)
        visit = self.row("enrollment_visit", row.get("visit_id"))
        key = row.get("repeat_key")
        question = self._asked.get((participant.pk, row["visit_id"], row["form"], key))
        at = Visit(**visit) if visit else None
        label = field_label(at, participant, row["form"], row["field"], key, question)
        return f"{label}, {self.visit(visit['id'])}" if visit else label

    def record(self, row: Row) -> str:
        """What a signature or a lock is on: a visit, a participant's casebook, or the whole study."""
        if row.get("visit_id"):
            return self.visit(row["visit_id"])
        return _("the casebook") if row.get("participant_id") else _("the whole study")
