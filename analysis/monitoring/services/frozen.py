"""The unblinded worker's part of a look: freeze its data, compute, and print the report."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from analysis.interim_data import cut_of, data_of, today_of
from analysis.models import Look
from analysis.monitoring import closed as closed_reader
from analysis.monitoring.earlier import monitoring_figures
from analysis.monitoring.figures import SHAPE, EndedLook, ReportFigures
from analysis.monitoring.pages import log_row
from analysis.monitoring.pdf import ReportCover, pdf
from analysis.monitoring.records import FrozenLook
from analysis.monitoring.report import completers_of, results
from analysis.monitoring.report_sections import closing, report_sections, why_ended
from analysis.monitoring.sections import DataCut
from analysis.monitoring.text import moment
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Study, User
from trialsite.lib import canonical, codec

UNPRINTED = """
    select l.cut, l.cut_sha256, l.results, l.taken_at, d.recommendation, d.decision, d.reason, d.signed_name, d.signed_at,
           null as print_sha256, r.events, r.treated, r.probability, r.stops, r.source as events_source,
           r.entered_name as events_by, r.entered_at as events_at
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
        data = data_of(look.study, look.protocol.definition)
        if not _may_freeze(look, len(completers_of(look.protocol.definition, data))):
            continue
        now = timezone.now()
        cut = cut_of(look, data, taken_at=now, salt=secrets.token_hex(16))
        figures = results(
            look.protocol.definition, data, earlier=earlier_looks(look.study), number=look.number
        )
        _store(look, canonical.encode(codec.encode(cut)).decode(), figures, now)


def _may_freeze(look: Look, completers: int) -> bool:
    """Whether `look` is due; on its day it waits for a completer whom the look before did not have."""
    rule = look.protocol.definition.stopping
    planned = (
        next((planned_look for planned_look in rule.looks if planned_look.number == look.number), None)
        if rule
        else None
    )
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


def _store(look: Look, cut: str, figures: ReportFigures, now: datetime) -> None:
    digest = hashlib.sha256(cut.encode()).hexdigest()
    with (
        audit_context(
            User.objects.system(), role="unblinded worker", reason=f"data of look {look.number} frozen"
        ),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "select closed.freeze_look(%s, %s, %s, %s)",
            [look.pk, cut, canonical.encode({"shape": SHAPE, **codec.encode(figures)}).decode(), now],
        )
        look.taken_at, look.cut_sha256 = now, digest
        look.save()


def ended_look(study: Study) -> EndedLook | None:
    """The look at which the trial ended, decided to stop or the last planned; None while it goes on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.number, d.decision, l.results -> 'monitoring' from closed.look l"
            " join analysis_look a on a.id = l.look_id left join closed.decision d on d.look_id = l.look_id"
            " where l.study_id = %s order by a.number desc limit 1",
            [study.pk],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    number, decision, stored = row
    figures = monitoring_figures(closed_reader.plain(stored))
    if figures is None or not why_ended(number, figures, decision == "stop"):
        return None
    return EndedLook(number, decision == "stop", figures)


def print_reports(studies: Sequence[int]) -> None:
    """Print each frozen look once, and once more when it is decided."""
    for look in (
        Look.objects.filter(study__in=studies).exclude(taken_at=None).select_related("study", "protocol")
    ):
        with connection.cursor() as cursor:
            cursor.execute(UNPRINTED, [look.pk])
            names, row = [column.name for column in cursor.description], cursor.fetchone()
        if row:
            record = dict(zip(names, row, strict=True))
            _print(look, closed_reader.frozen_look(look.protocol.definition, record))


def _print(look: Look, record: FrozenLook) -> None:
    protocol, decision = look.protocol, record.decision
    cut = DataCut(look.number, moment(record.taken_at), look.cut_sha256, protocol.version, protocol.sha256)
    before = Look.objects.filter(study=look.study_id, number__lte=look.number).exclude(taken_at=None)
    sections = [
        *report_sections(protocol.definition, record.figures, cut, decision, record.safety_report),
        *closing(decision, [log_row(earlier) for earlier in before]),
    ]
    content = pdf(ReportCover(look.study.code, look.number, look.cut_sha256), sections)
    with connection.cursor() as cursor:
        cursor.execute(
            "select closed.store_print(%s, %s, %s)",
            [look.pk, decision is not None, content],
        )
