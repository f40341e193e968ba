"""The outbox: what a change leads to waits in the database as an entry; a message of Celery only wakes a worker."""

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
TASK_OF = {
    Outbox.Kind.RECOMPUTE: "analysis.sweep",
    Outbox.Kind.SUMMARY: "analysis.sweep",
    Outbox.Kind.REPORT: "closed.sweep",
    Outbox.Kind.ALLOCATION: "closed.sweep",
    Outbox.Kind.SUPPLY: "closed.sweep",
    Outbox.Kind.IMPORT: "assessments.imports",
    Outbox.Kind.ALERT: "assessments.safety",
    Outbox.Kind.ESCALATION: "assessments.safety",
}


def enqueue(kind: Outbox.Kind, subjects: Iterable[int]) -> None:
    """Write entries in the caller's transaction and wake a worker once it has committed."""
    Outbox.objects.bulk_create(Outbox(kind=kind, subject=subject) for subject in sorted(set(subjects)))
    wake_workers(kind)


def wake_workers(kind: Outbox.Kind) -> None:
    """After commit, wake a worker. A broker that is down loses nothing: beat sweeps."""

    def publish() -> None:
        try:
            app.send_task(TASK_OF[kind], retry=False)
        except (OperationalError, OSError) as error:
            logger.warning("broker unreachable, the sweep will follow: %s", error)

    transaction.on_commit(publish, robust=True)


def process_outbox(kind: Outbox.Kind, work: Callable[[Sequence[int]], object]) -> int:
    """Process the pending entries of `kind`, each batch and its effects in one transaction. Returns how many subjects
    were processed."""
    processed = 0
    while n := _batch(kind, work):
        processed += n
    return processed


def process_partitions(
    kind: Outbox.Kind,
    work: Callable[[Sequence[int]], object],
    partitions: Callable[[Sequence[int]], Sequence[tuple[int, int]]],
) -> int:
    """The same, each subject in a transaction of its own, so that none waits for another's work to end.

    `partitions`: given the pending subjects, the same in the order in which to process them, each with its partition. Of
    one partition one subject is processed at a time, by whichever process; who finds a partition taken goes on to the
    next and leaves its entries to the process at work.
    """
    processed = 0
    while n := _next_of_partitions(kind, work, partitions):
        processed += n
    return processed


def _next_of_partitions(
    kind: Outbox.Kind,
    work: Callable[[Sequence[int]], object],
    partitions: Callable[[Sequence[int]], Sequence[tuple[int, int]]],
) -> int:
    due = Outbox.objects.filter(kind=kind, not_before__lte=timezone.now())
    for subject, partition in partitions(sorted(set(due.values_list("subject", flat=True)))):
        with transaction.atomic():
            attempts = _claim(kind, subject) if _lock_partition(kind, partition) else {}
            if attempts:
                _one_by_one(kind, attempts, work)
                return len(attempts)
    return 0


def _lock_partition(kind: Outbox.Kind, partition: int) -> bool:
    """Until the transaction ends; False while another has it."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(hashtext(%s), %s)", [f"outbox {kind}", partition])
        return bool(cursor.fetchone()[0])


def _batch(kind: Outbox.Kind, work: Callable[[Sequence[int]], object]) -> int:
    with transaction.atomic():
        attempts = _claim(kind)
        if not attempts:
            return 0
        try:
            with transaction.atomic():
                work(sorted(attempts))
        except Exception:
            logger.exception("outbox %s: a batch of %d failed; trying each alone", kind, len(attempts))
            _one_by_one(kind, attempts, work)
        return len(attempts)


def _claim(kind: Outbox.Kind, subject: int | None = None) -> dict[int, int]:
    """Delete pending entries, or all of `subject`, and return {subject: failed attempts}: the deletion commits with the
    effect or not at all."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with claimed as (
              delete from audit_outbox where id in (
                select id from audit_outbox
                where kind = %s and not_before <= statement_timestamp() and subject = coalesce(%s, subject)
                order by id limit %s for update skip locked)
              returning subject, attempts)
            select subject, max(attempts) from claimed group by subject
            """,
            [kind, subject, BATCH if subject is None else None],
        )
        return dict(cursor.fetchall())


def _one_by_one(kind: Outbox.Kind, attempts: dict[int, int], work: Callable[[Sequence[int]], object]) -> None:
    """So that one bad subject does not hold up the others; it is pending again, later and later."""
    for subject, failed in sorted(attempts.items()):
        try:
            with transaction.atomic():
                work([subject])
        except Exception as error:
            failed += 1
            Outbox.objects.create(
                kind=kind,
                subject=subject,
                attempts=failed,
                error=f"{type(error).__name__}: {error}"[:500],
                not_before=timezone.now() + timedelta(seconds=min(3600, 5 * 2**failed)),
            )
            logger.exception("outbox %s: subject %d failed %d times", kind, subject, failed)
