"""The embedded servers: started, joined, and gone without a trace."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from trialsite.stack.endpoints import listening
from trialsite.stack.servers import Servers
from trialsite.stack.unprivileged import NOBODY

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Below a folder that only its owner may enter, as a clone in root's home is."""
    with tempfile.TemporaryDirectory() as private:
        os.chmod(private, 0o700)
        yield Path(private) / "local"


def test_both_servers_come_up_and_keep_what_was_written(folder: Path) -> None:
    """A table made before a stop is there after the next start, with the same secrets."""
    with Servers(folder) as servers:
        first = servers.endpoints
        _sql(first.database("postgres"), "create table kept (id int)")
        assert redis.Redis.from_url(first.redis).ping()
    with Servers(folder) as servers:
        assert servers.endpoints.password == first.password
        _sql(servers.endpoints.database("postgres"), "insert into kept values (1)")


def test_servers_of_root_run_as_nobody(folder: Path) -> None:
    """PostgreSQL refuses root; ours runs as an unprivileged user even below root's own folders."""
    with Servers(folder, durable=False) as servers:
        users = {os.stat(f"/proc/{process.pid}").st_uid for process in servers.processes.values()}
    assert users == {NOBODY if os.geteuid() == 0 else os.geteuid()}


def test_a_second_process_joins_the_running_servers(folder: Path) -> None:
    """running() gives the endpoints to others while the servers live, and nothing afterwards."""
    with Servers(folder, durable=False) as servers:
        assert Servers(folder).running() == servers.endpoints
        with pytest.raises(RuntimeError, match="another process"):
            Servers(folder).start()
    assert Servers(folder).running() is None


def test_a_server_that_recovers_is_waited_for(folder: Path) -> None:
    """It listens and refuses everybody: a standby that lets nobody read stands still in that state."""
    with Servers(folder, durable=False) as servers:
        restart_postgres(servers, {"hot_standby": "off"}, standby=True)
        assert Servers(folder).running(seconds=2) is None
        restart_postgres(servers, {}, standby=False)
        assert Servers(folder).running() == servers.endpoints


def restart_postgres(servers: Servers, settings: dict[str, str], *, standby: bool) -> None:
    """With other settings, and with or without waiting for a primary that never comes; until it listens."""
    servers.processes["postgres"].send_signal(signal.SIGINT)
    servers.processes["postgres"].wait(20)
    signal_file = servers.folder / "postgres" / "standby.signal"
    signal_file.touch() if standby else signal_file.unlink()
    servers.settings = settings
    servers.start_postgres()
    while not listening(servers.endpoints.postgres_port):
        time.sleep(0.05)


def test_who_only_joined_leaves_the_servers_to_the_next(folder: Path) -> None:
    """One command after the other beside a running demo: the first one's end hides the servers from nobody."""
    with Servers(folder, durable=False):
        for _ in range(2):
            joined = Servers(folder)
            assert joined.running(seconds=5)
            joined.stop()


def test_the_servers_end_with_a_killed_parent(folder: Path) -> None:
    """kill -9 of the process that started them leaves no orphan, and the next start works."""
    script = (
        "import sys, time; from pathlib import Path; from trialsite.stack.servers import Servers\n"
        "s = Servers(Path(sys.argv[1]), durable=False); s.start()\n"
        "print(*[p.pid for p in s.processes.values()], flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    pids = [int(word) for word in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    for _ in range(200):
        if not any(_alive(pid) for pid in pids):
            break
        time.sleep(0.1)
    assert not any(_alive(pid) for pid in pids)
    with Servers(folder, durable=False) as servers:
        _sql(servers.endpoints.database("postgres"), "select 1")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def _sql(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
