"""`python -m trialsite.stack.drill`: back the demo up, restore it into an empty cluster, and hold one against the other.

A backup that was never restored is a hope. The steps are those of docs/operations.md: checkpoint, `pg_dump`, the roles
(which are in no dump), `pg_restore`, `verify_audit` against the checkpoint, `verify_signatures`; and here, where both
clusters can be asked at one moment, the count and a hash of the rows of every table.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2

from trialsite.audit import checkpoint
from trialsite.lib.database import DatabaseCursor
from trialsite.stack.attach import join_or_start
from trialsite.stack.binaries import NotFound, client
from trialsite.stack.endpoints import ServerEndpoints
from trialsite.stack.locks import using
from trialsite.stack.prepare import LOCAL, ROOT, Failed, prepare_demo
from trialsite.stack.servers import Servers

# Rows in whatever order: each one's 64-bit hash of its text, added up.
_ROWS = "select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text from {} t"
_TABLES = """
select c.oid::regclass::text from pg_class c
where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'audit'::regnamespace, 'closed'::regnamespace)
order by 1
"""
_SEQUENCES = "select schemaname || '.' || sequencename, coalesce(last_value, 0) from pg_sequences order by 1"

Say = Callable[[str], None]


class Lost(Exception):
    """What was restored is not what was backed up, or does not verify."""


@dataclass(frozen=True, slots=True)
class Content:
    """Of a table: how many rows, and the sum of their hashes. Of a sequence: its last value, and nothing."""

    count: int
    digest: str


@dataclass(frozen=True, slots=True)
class Source:
    """`database`: URL of a superuser; `verifier`: the variables of a process that connects as trialsite_verify."""

    database: str
    verifier: Mapping[str, str]


def content(cursor: DatabaseCursor) -> dict[str, Content]:
    """Table or sequence → what it holds, at the moment of the cursor's transaction."""
    cursor.execute(_TABLES)
    held: dict[str, Content] = {}
    for (table,) in cursor.fetchall():
        cursor.execute(_ROWS.format(table))
        held[table] = Content(*cursor.fetchone())
    cursor.execute(_SEQUENCES)
    return held | {name: Content(last, "") for name, last in cursor.fetchall()}


def differences(before: Mapping[str, Content], after: Mapping[str, Content]) -> Iterator[str]:
    """A sentence for each table or sequence that does not hold the same."""
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            yield f"{name}: {'not in the backup' if was is None else 'not restored'}"
        elif was.count != now.count:
            yield f"{name}: {was.count} before, {now.count} after"
        elif was != now:
            yield f"{name}: {was.count} rows, but not the same"


def drill(source: Source, *, say: Say, durable: bool = True) -> None:
    """The whole of it. Raises Lost, and RuntimeError when a program fails."""
    with tempfile.TemporaryDirectory(prefix="ts-drill-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        public = checkpoint.new_key(folder / "key")
        note, dump = folder / "checkpoint.json", folder / "trialsite.dump"
        _manage(source.verifier, "audit_checkpoint", "--key", str(folder / "key"), "--out", str(note))
        with _seconds(say, "backup"):
            before = _back_up(source.database, dump)
        say(f"{dump.stat().st_size / 1e6:.1f} MB; {len(before)} tables and sequences")
        with Servers(folder / "empty", durable=durable) as servers:
            with _seconds(say, "restore into an empty cluster"):
                _restore(servers.endpoints, dump)
            with _seconds(say, "verification"):
                restored = {**os.environ, "TRIALSITE_ENV": "demo", **servers.endpoints.environment("verify")}
                kept = ("--checkpoint", str(note), "--public-key", str(public))
                for command in (("verify_audit", *kept), ("verify_signatures",)):
                    say(_manage(restored, *command))
            with _session(servers.endpoints.database("postgres")) as cursor:
                after = content(cursor)
    if lost := list(differences(before, after)):
        raise Lost("\n".join(lost))
    say(f"{sum(held.count for held in before.values() if held.digest)} rows, the same in number and content.")


def _back_up(database: str, file: Path) -> dict[str, Content]:
    """Dump, and what was in it: counted in the very snapshot that is dumped, work going on meanwhile."""
    with _session(database) as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute("select pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        program("pg_dump", database, "--format=custom", f"--snapshot={snapshot}", f"--file={file}")
        return content(cursor)


def _restore(endpoints: ServerEndpoints, file: Path) -> None:
    environment = {**os.environ, "TRIALSITE_ENV": "demo", **endpoints.environment("owner")}
    _manage(environment, "setup_database", "--roles")
    strictly = ("--exit-on-error", "--single-transaction")
    program("pg_restore", endpoints.database("postgres"), *strictly, str(file))


def program(name: str, database: str, *arguments: str) -> None:
    """Run a program of PostgreSQL on the database of a URL. The password is in no argument, which everyone sees."""
    parts = urlsplit(database)
    where = ["-h", str(parts.hostname), "-p", str(parts.port), "-U", unquote(str(parts.username))]
    done = subprocess.run(  # noqa: S603 - our own programs
        [str(client(name)), *where, "-d", parts.path.lstrip("/"), *arguments],
        env={**os.environ, "PGPASSWORD": unquote(str(parts.password))},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr}")


def _manage(environment: Mapping[str, str], *command: str) -> str:
    """What the command says. Raises Lost with its complaints."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(ROOT / "manage.py"), *command],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Lost(f"{command[0]}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


@contextmanager
def _session(database: str) -> Iterator[DatabaseCursor]:
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        yield cursor


@contextmanager
def _seconds(say: Say, what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - began:.1f} s")


def main() -> None:
    try:
        with using(LOCAL) as wait_for_others:
            servers = Servers(LOCAL, prepare=prepare_demo)
            try:
                endpoints = join_or_start(servers)
                own = {**os.environ, "TRIALSITE_ENV": "demo", **endpoints.environment("verify")}
                drill(Source(endpoints.database("postgres"), own), say=print)
                if servers.processes:
                    wait_for_others()
            finally:
                servers.stop()
    except (Lost, NotFound, Failed, RuntimeError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
