"""A demo of its own that is hurt: its processes found and killed, its database seen from outside and inside."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import redis
from django.db import connection

from tests.stack.running import Copy, until
from trialsite.stack import endpoints
from trialsite.stack.endpoints import ServerEndpoints, listening

WORDS = {"web": "gunicorn", "worker": "default@demo", "closed worker": "closed@demo", "beat": "beat-schedule"}


class Stack(Copy):
    """Servers that are durable, web, workers and beat, watched by the process `demo`."""

    def __init__(self, folder: Path, blocker: Any) -> None:
        super().__init__(folder)
        self.blocker = blocker

    @property
    def endpoints(self) -> ServerEndpoints:
        running = endpoints.load(self.folder / ".local")
        assert running
        return running

    @property
    def valkey(self) -> redis.Redis:
        return redis.Redis.from_url(self.endpoints.redis)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What the superuser is answered, on a connection of its own."""
        with contextlib.closing(self.connect()) as session, session.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def connect(self) -> Any:
        session = psycopg2.connect(self.endpoints.database("postgres"))
        session.autocommit = True
        return session

    @contextlib.contextmanager
    def inside(self, role: str = "app") -> Iterator[None]:
        """Django works in the demo's database as `role`. Not for tests that use the run's own database at once."""
        before = dict(connection.settings_dict)
        with self.blocker.unblock():
            connection.close()
        connection.settings_dict |= {
            "HOST": "127.0.0.1",
            "PORT": str(self.endpoints.postgres_port),
            "NAME": "trialsite",
            "USER": f"trialsite_{role}",
            "PASSWORD": self.endpoints.secret(role),
        }
        try:
            with self.blocker.unblock():
                yield
                connection.close()
        finally:
            connection.settings_dict |= before

    # Processes ---------------------------------------------------------------------------------------------

    def main(self, name: str) -> int | None:
        """The number of the process that the demo itself started, if it lives."""
        if name == "postgres":
            return next((pid for pid in self.processes("postgres") if parent(pid) == self.demo.pid), None)
        return next((p for p in self.processes(WORDS.get(name, name)) if parent(p) == self.demo.pid), None)

    def children(self, name: str) -> list[int]:
        """The processes of `name` below the first one: gunicorn's workers, Celery's pool."""
        first = self.main(name)
        return [pid for pid in self.processes(WORDS[name]) if parent(pid) == first]

    def kill(self, name: str) -> int:
        """kill -9 of the first process of `name`; its number, once it is gone."""
        until(lambda: self.main(name) is not None, f"a living {name}")
        pid = self.main(name)
        assert pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.main(name) != pid, f"the end of {name}")
        return pid

    def signal_all(self, name: str, number: signal.Signals) -> None:
        for pid in self.processes(WORDS.get(name, name)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    @contextlib.contextmanager
    def unwatched(self) -> Iterator[None]:
        """What dies stays dead until the end: the process that would start it again is held."""
        self.demo.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.demo.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def held(self, name: str) -> Iterator[None]:
        """All processes of `name` stand still: they live and do nothing."""
        self.signal_all(name, signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal_all(name, signal.SIGCONT)

    def wait_database(self) -> None:
        until(self._database_answers, "an answer of the database")

    def wait_valkey(self) -> None:
        until(lambda: listening(self.endpoints.valkey_port), "an answer of Valkey")

    def wait_paid(self) -> None:
        """Until nothing is pending: without a message by the next sweep. Says what is, where it stays so."""
        pending = "select kind, subject, attempts, not_before - now(), error from audit_outbox"
        try:
            until(lambda: self.sql(pending) == [], "every pending entry")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.sql(pending)}") from error

    def waiting(self, query: str) -> int | None:
        """The backend that waits for a lock in a statement like `query`."""
        rows = self.sql(
            "select pid from pg_stat_activity where wait_event_type = 'Lock' and query ilike %s", f"%{query}%"
        )
        return rows[0][0] if rows else None

    def _database_answers(self) -> bool:
        try:
            return self.sql("select 1") == [(1,)]
        except psycopg2.OperationalError:
            return False


def parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
