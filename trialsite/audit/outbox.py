"""The outbox: the database remembers what is owed; Celery only rings the bell."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from trialsite.audit.models import Outbox
from trialsite.celery import app

logger = logging.getLogger(__name__)
BATCH = 500
BELLS = {
    Outbox.Kind.RECOMPUTE: "analysis.sweep",
    Outbox.Kind.SUMMARY: "analysis.sweep",
    Outbox.Kind.REPORT: "closed.sweep",
    Outbox.Kind.ALLOCATION: "closed.sweep",
}


def owe(kind: Outbox.Kind, subjects: Iterable[int]) -> None:
    """Write debts in the caller's transaction and ring once it has committed."""
    Outbox.objects.bulk_create(Outbox(kind=kind, subject=subject) for subject in sorted(set(subjects)))
    ring(kind)


def ring(kind: Outbox.Kind) -> None:
    """After commit, wake a worker. A broker that is down loses nothing: beat sweeps."""

    def publish() -> None:
        try:
            app.send_task(BELLS[kind], retry=False)
        except (OperationalError, OSError) as error:
            logger.warning("broker unreachable, the sweep will follow: %s", error)

    transaction.on_commit(publish, robust=True)


def drain(kind: Outbox.Kind, work: Callable[[Sequence[int]], object]) -> int:
    """Take what is owed of `kind` and do it, each batch and its debts in one transaction. Returns debts paid."""
    paid = 0
    while rows := _batch(kind, work):
        paid += rows
    return paid


def drain_apart(
    kind: Outbox.Kind,
    work: Callable[[Sequence[int]], object],
    lanes: Callable[[Sequence[int]], Sequence[tuple[int, int]]],
) -> int:
    """The same, each subject in a transaction of its own, so that none waits for another's work to end.

    `lanes`: the subjects owed, in the order in which to do them, each with its lane. Of one lane one subject is done at a
    time, whichever process does it; who finds a lane taken goes on to the next and leaves its debts to the one at work.
    """
    paid = 0
    while rows := _apart(kind, work, lanes):
        paid += rows
    return paid


def _apart(
    kind: Outbox.Kind,
    work: Callable[[Sequence[int]], object],
    lanes: Callable[[Sequence[int]], Sequence[tuple[int, int]]],
) -> int:
    due = Outbox.objects.filter(kind=kind, not_before__lte=timezone.now())
    for subject, lane in lanes(sorted(set(due.values_list("subject", flat=True)))):
        with transaction.atomic():
            owed = _claim(kind, subject) if _take_lane(kind, lane) else {}
            if owed:
                _one_by_one(kind, owed, work)
                return len(owed)
    return 0


def _take_lane(kind: Outbox.Kind, lane: int) -> bool:
    """Until the transaction ends; False while another has it."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(hashtext(%s), %s)", [f"outbox {kind}", lane])
        return bool(cursor.fetchone()[0])


def _batch(kind: Outbox.Kind, work: Callable[[Sequence[int]], object]) -> int:
    with transaction.atomic():
        owed = _claim(kind)
        if not owed:
            return 0
        try:
            with transaction.atomic():
                work(sorted(owed))
        except Exception:
            logger.exception("outbox %s: a batch of %d failed; trying each alone", kind, len(owed))
            _one_by_one(kind, owed, work)
        return len(owed)


def _claim(kind: Outbox.Kind, subject: int | None = None) -> dict[int, int]:
    """Delete what is owed, or all that is owed to `subject`, and return {subject: failed attempts}: it commits with the
    effect or not at all."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with claimed as (
              delete from audit_outbox where id in (
                select id from audit_outbox where kind = %s and not_before <= now() and subject = coalesce(%s, subject)
                order by id limit %s for update skip locked)
              returning subject, attempts)
            select subject, max(attempts) from claimed group by subject
            """,
            [kind, subject, BATCH if subject is None else None],
        )
        return dict(cursor.fetchall())


def _one_by_one(kind: Outbox.Kind, owed: dict[int, int], work: Callable[[Sequence[int]], object]) -> None:
    """So that one bad subject does not hold up the others; it is owed again, later and later."""
    for subject, failed in sorted(owed.items()):
        try:
            with transaction.atomic():
                work([subject])
        except Exception as error:
            attempts = failed + 1
            Outbox.objects.create(
                kind=kind,
                subject=subject,
                attempts=attempts,
                error=f"{type(error).__name__}: {error}"[:500],
                not_before=timezone.now() + timedelta(seconds=min(3600, 5 * 2**attempts)),
            )
            logger.exception("outbox %s: subject %d failed %d times", kind, subject, attempts)
