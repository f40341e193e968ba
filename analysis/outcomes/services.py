"""The stored outcomes: derived again when something they rest on changes, and adopted rules."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, groupby
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.models import Outcome, ParticipantOutcome, RuleAdoption
from analysis.outcomes.derivation import DerivedPeriod, ParticipantRow, derive
from analysis.outcomes.proposal import propose
from analysis.outcomes.rules import rules_in_force
from enrollment.models import Participant, ProtocolVersion
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import enqueue
from trialsite.lib.errors import Conflict
from trialsite.lib.visible import is_visible

SEPARATOR, NULL = "\x1f", "\x1e"
MADE = ("study_id", "computed_at", "task_id")


@transaction.atomic
def recompute(participants: Sequence[int], *, task_id: str = "") -> int:
    """Derive the outcomes of `participants` (ids) again and owe their studies' figures. Idempotent.

    A fixed number of statements a study, whatever the number of participants. A row that comes out as it stands is
    left as it stands, with the time and the task that made it. Returns the period rows derived.
    """
    # The lock keeps an older recompute from overwriting a newer one: the second reads after the first commits.
    # The rules are read under it too: who adopts others owes everybody a recompute, which waits here.
    locked = _locked(participants)
    now, written, studies = timezone.now(), 0, []
    for study, members in groupby(locked, key=lambda row: row[0]):
        ids = [pk for _study, pk in members]
        periods, overall = derive(rules_in_force(study), ids)
        origin = study, now, task_id
        _store(Outcome, ("participant_id", "period"), periods, ids, origin)
        _store(ParticipantOutcome, ("participant_id",), overall, ids, origin)
        written += len(periods)
        studies.append(study)
    enqueue(Outbox.Kind.SUMMARY, studies)
    enqueue(Outbox.Kind.REPORT, studies)
    return written


def adopt_rules(protocol: ProtocolVersion, *, by: User, digest: str, reason: str) -> RuleAdoption:
    """Let the outcome rules of `protocol` hold, and owe everybody a recompute by them.

    `digest` is that of the difference that `by` has read. Raises Conflict (its `current` is the present
    proposal) when it is no longer the difference, and ValidationError without a reason or without a proposal.
    """
    study = protocol.study
    with authorised_change(by, "outcomes.adopt", study, reason=reason):
        _lock(study.pk)
        proposal = propose(study)
        if proposal is None or proposal.protocol != protocol:
            raise ValidationError(
                _("These rules are already in force, or newer ones are pending. Nothing was changed.")
            )
        if not is_visible(reason):
            raise ValidationError(
                {"reason": _("Give the reason for adopting these rules, for the audit trail.")}
            )
        if proposal.digest != digest:
            raise Conflict(proposal)
        adopted = RuleAdoption.objects.create(
            study=study,
            protocol=protocol,
            rule_version=proposal.rule_version,
            replaced=proposal.replaces,
            difference=proposal.kept(),
            reason=reason.strip(),
            adopted_by=by,
        )
        participants = Participant.objects.filter(study=study, periods__isnull=False)
        enqueue(Outbox.Kind.RECOMPUTE, participants.values_list("pk", flat=True))
    return adopted


def _locked(participants: Sequence[int]) -> list[tuple[int, int]]:
    """(study, participant) of each, ascending, locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select study_id, id from enrollment_participant where id = any(%s)"
            " order by study_id, id for no key update",
            [list(participants)],
        )
        return cast(list[tuple[int, int]], cursor.fetchall())


def _lock(study: int) -> None:
    """One adoption at a time in a study."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('analysis.adopt'), %s)", [study])


def _store(
    model: type[Outcome] | type[ParticipantOutcome],
    key: tuple[str, ...],
    rows: Sequence[DerivedPeriod] | Sequence[ParticipantRow],
    participants: Sequence[int],
    origin: tuple[int, datetime, str],
) -> None:
    """Insert or rewrite those of `rows` that differ from what is stored. `key`: their first columns."""
    if not rows:
        return
    columns, table = rows[0]._fields, model._meta.db_table
    stored = _stored(table, columns, participants)
    known = {row[: len(key)] for row in stored}
    new: list[DerivedPeriod | ParticipantRow] = []
    other: list[DerivedPeriod | ParticipantRow] = []
    for row in rows:
        if row not in stored:
            (other if row[: len(key)] in known else new).append(row)
    names = ", ".join((*columns, *MADE))
    values = ", ".join(f"{name} = n.{name}" for name in (*columns, *MADE) if name not in key)
    same = " and ".join(f"o.{name} = n.{name}" for name in key)
    # Two statements: "on conflict" would look each row up once more.
    with connection.cursor() as cursor:
        if new:
            source, parameters = _source(model, new, origin)
            cursor.execute(f"insert into {table} ({names}) select {names} from {source}", parameters)  # noqa: S608 - names of our own
        if other:
            source, parameters = _source(model, other, origin)
            cursor.execute(f"update {table} o set {values} from {source} where {same}", parameters)  # noqa: S608 - names of our own


def _source(
    model: type[Outcome] | type[ParticipantOutcome],
    rows: Sequence[DerivedPeriod | ParticipantRow],
    origin: tuple[int, datetime, str],
) -> tuple[str, list[Any]]:
    """`rows` as a table `n` of a statement, and its parameters.

    Each column travels as one text, a SEPARATOR before each value: a third of the time of a parameter each. The
    array made of it begins with what is before the first one.
    """
    kinds = {field.attname: field.cast_db_type(connection) for field in model._meta.concrete_fields}
    columns = rows[0]._fields
    casts = ", ".join(f"{name}::{kinds[name]}" for name in columns)
    origins = ", ".join(f"%s::{kinds[name]} as {name}" for name in MADE)
    texts = ", ".join(["(string_to_array(%s, %s, %s))[2:]"] * len(columns))
    columns_sent = [
        (SEPARATOR.join(["", *map(_text, column)]), SEPARATOR, NULL) for column in zip(*rows, strict=True)
    ]
    source = f"(select {casts}, {origins} from unnest({texts}) as one ({', '.join(columns)})) n"  # noqa: S608 - names of our own
    return source, [*origin, *chain.from_iterable(columns_sent)]


def _text(value: object) -> str:
    """As PostgreSQL reads it. JSON and codes of a protocol hold no control characters."""
    return NULL if value is None else value if isinstance(value, str) else str(value)


def _stored(table: str, columns: Sequence[str], participants: Iterable[int]) -> set[tuple[Any, ...]]:
    selected = ", ".join(
        f"{name}::text" if name in {"visits", "subscales", "not_counted", "inputs"} else name
        for name in columns
    )
    with connection.cursor() as cursor:
        cursor.execute(f"select {selected} from {table} where participant_id = any(%s)", [list(participants)])  # noqa: S608
        return set(cursor.fetchall())
