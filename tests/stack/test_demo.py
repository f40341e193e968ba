"""`make demo`, in a copy of the program without the demo's data: started, disturbed, stopped, started again."""

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from tests.stack.running import Copy, free_port, quietly, until

KINDS = ("postgres", "valkey", "gunicorn", "celery")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """Made once for the tests of this file."""
    copy = Copy(tmp_path_factory.mktemp("demo"))
    copy.wait_for("Trialsite runs at")
    yield copy
    copy.demo.kill()
    copy.demo.wait()


@pytest.fixture
def running(copy: Copy) -> Copy:
    """With its demo, whatever the test before did."""
    if copy.demo.poll() is not None:
        copy.demo = copy.start()
        copy.wait_for("Trialsite runs at")
    return copy


@pytest.fixture
def stopped(copy: Copy) -> Copy:
    """Without."""
    if copy.demo.poll() is None:
        copy.demo.send_signal(signal.SIGTERM)
        copy.demo.communicate()
    return copy


def test_it_serves_with_all_its_processes(running: Copy) -> None:
    """The address that was printed answers; both servers, the web, both workers and beat live."""
    assert running.answers()
    assert [kind for kind in KINDS if not running.processes(kind)] == []


def test_a_second_demo_in_the_folder_is_refused(running: Copy) -> None:
    """One plain sentence, whatever the port, and the first goes on."""
    for port in (running.port, free_port()):
        second = running.start(port)
        output = second.communicate()[0]
        assert second.returncode == 1
        assert output == (
            f"Not started: another process ({running.demo.pid}) runs the servers of this folder."
            " Use that one, or stop it first.\n"
        )
    assert running.answers()


def test_a_command_works_beside_the_demo(running: Copy) -> None:
    """manage.py joins the running servers."""
    done = running.manage("showmigrations", "audit")
    assert (done.returncode, "[ ]" in done.stdout, "[X]" in done.stdout) == (0, False, True), done.stderr


@pytest.mark.parametrize("name", ["worker", "web", "valkey", "postgres"])
def test_what_is_killed_is_started_again(running: Copy, name: str) -> None:
    """kill -9 of one process: the demo says so, and starts it again."""
    words = {"worker": "default@demo", "web": "gunicorn"}.get(name, name)
    before = running.processes(words)
    os.kill(min(before), signal.SIGKILL)
    assert running.wait_for("starting it again").startswith(f"{name} ended")
    until(lambda: bool(set(running.processes(words)) - set(before)))
    if name in {"web", "postgres"}:
        until(lambda: quietly(running.answers))


def test_a_killed_demo_leaves_nothing_and_starts_again(running: Copy) -> None:
    """kill -9 of the process that started all; the next start is given the same port at once."""
    running.demo.kill()
    running.demo.wait()
    before = running.processes()
    running.demo = running.start()
    running.wait_for("Trialsite runs at")
    assert running.answers()
    until(lambda: not set(before) & set(running.processes()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything(running: Copy, number: signal.Signals) -> None:
    """SIGTERM, and Ctrl-C's: an orderly end with code 0 and no process left."""
    running.demo.send_signal(number)
    output = running.demo.communicate()[0]
    assert (running.demo.returncode, output.splitlines()[-1]) == (0, "Stopped.")
    # What was killed last may take a moment to be gone.
    until(lambda: running.processes() == [])


def test_a_command_starts_the_servers_for_itself(stopped: Copy) -> None:
    """manage.py without a demo: servers of its own, gone with it."""
    done = stopped.manage("showmigrations", "audit")
    assert (done.returncode, "[X]" in done.stdout) == (0, True), done.stderr
    assert stopped.processes() == []


def test_a_taken_port_is_said_plainly(stopped: Copy) -> None:
    """No traceback: what is wrong and what to type, and nothing was started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = stopped.start(port)
        output = refused.communicate()[0]
    assert output == f"Port {port} is taken or not allowed. Choose another: PORT=8010 make demo\n"
    assert refused.returncode == 1
    assert stopped.processes() == []
