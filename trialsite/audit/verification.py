"""Every check of the trail, the tables and the guards, each a stream of sentences, in the order they are told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction

from trialsite.audit import guards, readiness, replay, secrets
from trialsite.lib.database import DatabaseCursor

Check = Callable[[DatabaseCursor], Iterator[str]]


def chains(cursor: DatabaseCursor) -> Iterator[str]:
    """Each entry of the trail that does not follow from the one before it, and what is wrong with the chain of the
    closed schema or with its tables, without a value."""
    cursor.execute(
        "select chain, n, problem from audit.verify() union all select chain, n, problem from closed.verify()"
        " order by chain, n, problem"
    )
    for chain, n, problem in cursor.fetchall():
        yield f"{chain}, entry {n}: {problem}" if n else f"{chain}: {problem}"
    cursor.execute("select problem from audit.verify_actors() order by 1")
    for (problem,) in cursor.fetchall():
        yield f"the trail's own people: {problem}"


def guarding(cursor: DatabaseCursor) -> Iterator[str]:
    """What this version needs and is missing, and each object that is not as it was left."""
    yield from readiness.guard(cursor)
    for name, (before, now) in guards.changed(cursor).items():
        yield guards.sentence(name, before, now)


def tables(cursor: DatabaseCursor) -> Iterator[str]:
    """Each row that is not what its entries add up to, and each secret that is another."""
    yield from map(str, replay.differences(cursor))
    yield from secrets.differences(cursor)


_INSUFFICIENT_PRIVILEGE = "42501"
CHECKS: tuple[Check, ...] = (chains, guarding, tables)


@contextmanager
def allowed() -> Iterator[None]:
    """Raises CommandError, which says as whom to connect, where the role may not read what is verified."""
    try:
        yield
    except DatabaseError as error:
        if getattr(error.__cause__, "pgcode", None) != _INSUFFICIENT_PRIVILEGE:
            raise
        raise CommandError(
            _refusal(f"may not do what the check needs ({str(error).splitlines()[0]})")
        ) from error


@contextmanager
def one_moment() -> Iterator[DatabaseCursor]:
    """A cursor that sees the database at one moment, work going on meanwhile, and writes nothing."""
    with allowed(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        if unreadable := replay.unreadable(cursor):
            raise CommandError(_refusal(f"may not read all of {', '.join(unreadable)}"))
        yield cursor


def _refusal(what: str) -> str:
    user = connection.settings_dict["USER"]
    return f"Nothing was verified: {user} {what}. Connect as trialsite_verify (docs/operations.md)."
