"""The unblinded worker's part of a look: freeze its data, compute, and print the report."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from analysis.board import Cut, closing, paper, why_ended
from analysis.board_flow import frozen
from analysis.board_pages import look_row
from analysis.board_pdf import Front, pdf
from analysis.board_report import completers_of, results
from analysis.board_words import moment
from analysis.looks import cut_of, data_of, today_of
from analysis.models import Look
from trialsite.accounts.acting import signed_by
from trialsite.accounts.models import Study, User
from trialsite.lib import canonical

UNPRINTED_FIELDS = (
    "taken_at", "cut", "results", "recommendation", "decision", "reason", "signed_name", "signed_at",
    "events", "treated", "probability", "stops", "events_source", "events_by", "events_at",
)  # fmt: skip
UNPRINTED = """
    select l.taken_at, l.cut, l.results, d.recommendation, d.decision, d.reason, d.signed_name, d.signed_at,
           r.events, r.treated, r.probability, r.stops, r.source, r.entered_name, r.entered_at
    from closed.look l left join closed.decision d on d.look_id = l.look_id
    left join lateral (select * from closed.safety_report s where s.look_id = l.look_id
                       order by s.id desc limit 1) r on true
    where l.look_id = %s and not exists (
      select from closed.print p where p.look_id = l.look_id and p.decided = (d.look_id is not null))
"""


@transaction.atomic
def freeze(studies: Sequence[int]) -> None:
    """Freeze the looks that were asked for and whose completers are there."""
    for look in (
        Look.objects.filter(study__in=studies, taken_at=None)
        .select_for_update(of=("self",))
        .select_related("study", "protocol")
        .order_by("study_id", "number")
    ):
        data = data_of(look.study, look.protocol.rules)
        if not _may_freeze(look, len(completers_of(look.protocol.rules, data))):
            continue
        now = timezone.now()
        cut = cut_of(look, data, taken_at=now, salt=secrets.token_hex(16))
        found = results(look.protocol.rules, data, earlier=earlier_looks(look.study), number=look.number)
        _store(look, canonical.encode(cut).decode(), found, now)


def _may_freeze(look: Look, completers: int) -> bool:
    """Whether `look` is due; on its day it waits for a completer whom the look before did not have."""
    rule = look.protocol.rules.stopping
    planned = next((one for one in rule.looks if one.number == look.number), None) if rule else None
    if planned is None or not planned.due(completers, today_of(look.study)):
        return False
    return planned.on is None or completers > max(earlier_looks(look.study).values(), default=0)


def earlier_looks(study: Study) -> dict[int, int]:
    """Number of each frozen look → completers it had."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.number, (l.results ->> 'completers')::int from closed.look l"
            " join analysis_look a on a.id = l.look_id where l.study_id = %s order by a.number",
            [study.pk],
        )
        return dict(cursor.fetchall())


def _store(look: Look, cut: str, found: Mapping[str, Any], now: Any) -> None:
    digest = hashlib.sha256(cut.encode()).hexdigest()
    with (
        signed_by(
            User.objects.system(), role="unblinded worker", reason=f"data of look {look.number} frozen"
        ),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "select closed.freeze_look(%s, %s, %s, %s)",
            [look.pk, cut, canonical.encode(found).decode(), now],
        )
        look.taken_at, look.cut_sha256 = now, digest
        look.save()


def ended_look(study: Study) -> dict[str, Any] | None:
    """The look at which the trial ended, decided to stop or the last planned: look, stopped, monitoring; else None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.number, d.decision, l.results -> 'monitoring' from closed.look l"
            " join analysis_look a on a.id = l.look_id left join closed.decision d on d.look_id = l.look_id"
            " where l.study_id = %s order by a.number desc limit 1",
            [study.pk],
        )
        found = cursor.fetchone()
    if found is None:
        return None
    number, decision, shown = found
    shown = json.loads(shown) if isinstance(shown, str) else shown
    ended = {"look": number, "stopped": decision == "stop", "monitoring": shown}
    return ended if why_ended(number, shown, ended["stopped"]) else None


def print_reports(studies: Sequence[int]) -> None:
    """Print each frozen look once, and once more when it is decided."""
    for look in (
        Look.objects.filter(study__in=studies).exclude(taken_at=None).select_related("study", "protocol")
    ):
        with connection.cursor() as cursor:
            cursor.execute(UNPRINTED, [look.pk])
            found = cursor.fetchone()
        if found:
            _print(look, dict(zip(UNPRINTED_FIELDS, found, strict=True)))


def _print(look: Look, found: dict[str, Any]) -> None:
    protocol = look.protocol
    if isinstance(found["results"], str):
        found["results"] = json.loads(found["results"])
    cut = Cut(look.number, moment(found["taken_at"]), look.cut_sha256, protocol.version, protocol.sha256)
    decided = found["decision"] is not None
    found["signed_at"] = moment(found["signed_at"]) if decided else ""
    before = Look.objects.filter(study=look.study_id, number__lte=look.number).exclude(taken_at=None)
    sections = [
        *paper(protocol.rules, frozen(protocol.rules, found), cut, found),
        *closing(found, [look_row(one) for one in before]),
    ]
    content = pdf(Front(look.study.code, look.number, look.cut_sha256), sections)
    with connection.cursor() as cursor:
        cursor.execute(
            "select closed.store_print(%s, %s, %s)",
            [look.pk, decided, content],
        )
