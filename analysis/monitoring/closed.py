"""Reading the closed schema: only through functions that check the session and log the view."""

import json
from typing import Any

from django.db import connection, transaction

from analysis.models import Look
from analysis.monitoring import earlier
from analysis.monitoring.figures import REPORT_SHAPE, ClosedReport
from analysis.monitoring.records import (
    AccessRow,
    AllocationList,
    AllocationSlot,
    ArmStock,
    FrozenLook,
    KitContents,
    LiveReport,
    PackedKit,
    SafetyReport,
    SafetyVerdict,
    SignedDecision,
    SlotKit,
)
from enrollment.models import Shipment
from enrollment.protocol.model import Protocol
from trialsite.accounts.models import Study
from trialsite.lib import codec

Row = dict[str, Any]


@transaction.atomic
def report(session_key: str, study: Study) -> LiveReport | None:
    """The closed report; None when none was computed yet, or the one there is of another shape, which an upgrade leaves
    for some seconds."""
    rows = _rows("select report, serial, computed_at from closed.report_for(%s, %s)", [session_key, study.pk])
    if not rows:
        return None
    content = plain(rows[0]["report"])
    if content.get("shape") != REPORT_SHAPE:
        return None
    return LiveReport(codec.decode(ClosedReport, content), rows[0]["serial"], rows[0]["computed_at"])


@transaction.atomic
def lists(session_key: str, study: Study) -> list[AllocationList]:
    """Each list that this person may see."""
    rows = _rows("select * from closed.lists_for(%s, %s)", [session_key, study.pk])
    return [AllocationList(**row) for row in rows]


@transaction.atomic
def kit(session_key: str, study: Study, number: str) -> KitContents | None:
    """The kit of that number; None where this person sees none."""
    rows = _rows("select * from closed.kit_for(%s, %s, %s)", [session_key, study.pk, number])
    return KitContents(**rows[0]) if rows else None


@transaction.atomic
def allocation_list(session_key: str, study: Study, reason: str) -> list[AllocationSlot]:
    """Every place of the lists that this person may see, with its kits and, once handed out, its participant."""
    rows = _rows("select * from closed.list_for(%s, %s, %s)", [session_key, study.pk, reason])
    return [
        AllocationSlot(**row | {"kits": tuple(SlotKit(**kit) for kit in plain(row["kits"]))}) for row in rows
    ]


@transaction.atomic
def packing_list(session_key: str, shipment: Shipment, reason: str) -> list[PackedKit]:
    """Each kit of a shipment with what it is to hold."""
    rows = _rows("select * from closed.packing_list_for(%s, %s, %s)", [session_key, shipment.pk, reason])
    return [PackedKit(**row) for row in rows]


@transaction.atomic
def stock_by_arm(session_key: str, study: Study) -> list[ArmStock]:
    """The kits on hand at the sites that this person may see, by arm."""
    return [
        ArmStock(**row) for row in _rows("select * from closed.stock_for(%s, %s)", [session_key, study.pk])
    ]


@transaction.atomic
def look(session_key: str, study: Study, number: int) -> FrozenLook | None:
    """A frozen look with what has become of it; None while it is not frozen."""
    rows = _rows("select * from closed.full_look_for(%s, %s, %s)", [session_key, study.pk, number])
    if not rows:
        return None
    public = Look.objects.select_related("protocol").get(study=study, number=number)
    return frozen_look(public.protocol.definition, rows[0])


def frozen_look(protocol: Protocol, row: Row) -> FrozenLook:
    """Of a row of `closed.full_look_for`."""
    decision = report = None
    if row["decision"]:
        decision = SignedDecision(
            row["recommendation"], row["decision"], row["reason"], row["signed_name"], row["signed_at"]
        )
    if row["events"] is not None:
        verdict = SafetyVerdict(row["events"], row["treated"], row["probability"], row["stops"])
        report = SafetyReport(verdict, row["events_source"], row["events_by"], row["events_at"])
    return FrozenLook(
        cut=row["cut"],
        cut_sha256=row["cut_sha256"],
        figures=earlier.report_figures(protocol, plain(row["results"]), row["cut"]),
        taken_at=row["taken_at"],
        decision=decision,
        safety_report=report,
        print_sha256=row["print_sha256"],
    )


@transaction.atomic
def printed(session_key: str, study: Study, number: int) -> bytes | None:
    """The printed report of a look; None while the worker has not made it."""
    rows = _rows("select * from closed.print_for(%s, %s, %s)", [session_key, study.pk, number])
    return bytes(rows[0]["content"]) if rows else None


@transaction.atomic
def views(session_key: str, study: Study) -> list[AccessRow]:
    """Who looked at unblinded data, the latest first."""
    rows = _rows("select * from closed.views_for(%s, %s)", [session_key, study.pk])
    return [AccessRow(**row) for row in rows]


def plain(content: Any) -> Any:
    """JSON as the database gives it, by a cursor as text."""
    return json.loads(content) if isinstance(content, str) else content


def _rows(sql: str, params: list[Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
