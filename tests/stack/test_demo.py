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
    """Started once for the tests of this file, which run in their order and leave it running."""
    made = Copy(tmp_path_factory.mktemp("demo"))
    made.wait_for("Trialsite runs at")
    yield made
    made.demo.kill()
    made.demo.wait()


def test_it_serves_with_all_its_processes(copy: Copy) -> None:
    """The address that was printed answers; both servers, the web, both workers and beat live."""
    assert copy.answers()
    assert [kind for kind in KINDS if not copy.processes(kind)] == []


def test_a_second_demo_in_the_folder_is_refused(copy: Copy) -> None:
    """One plain sentence, whatever the port, and the first goes on."""
    for port in (copy.port, free_port()):
        second = copy.start(port)
        said = second.communicate()[0]
        assert second.returncode == 1
        assert said == (
            f"Not started: another process ({copy.demo.pid}) runs the servers of this folder."
            " Use that one, or stop it first.\n"
        )
    assert copy.answers()


def test_a_command_works_beside_the_demo(copy: Copy) -> None:
    """manage.py joins the running servers."""
    done = copy.manage("showmigrations", "audit")
    assert (done.returncode, "[ ]" in done.stdout, "[X]" in done.stdout) == (0, False, True), done.stderr


@pytest.mark.parametrize("name", ["worker", "web", "valkey", "postgres"])
def test_what_is_killed_is_started_again(copy: Copy, name: str) -> None:
    """kill -9 of one process: the demo says so, and starts it again."""
    words = {"worker": "default@demo", "web": "gunicorn"}.get(name, name)
    before = copy.processes(words)
    os.kill(min(before), signal.SIGKILL)
    assert copy.wait_for("starting it again").startswith(f"{name} ended")
    until(lambda: bool(set(copy.processes(words)) - set(before)))
    if name in {"web", "postgres"}:
        until(lambda: quietly(copy.answers))


def test_a_killed_demo_leaves_nothing_and_starts_again(copy: Copy) -> None:
    """kill -9 of the process that started all; the next start is given the same port at once."""
    copy.demo.kill()
    copy.demo.wait()
    before = copy.processes()
    copy.demo = copy.start()
    copy.wait_for("Trialsite runs at")
    assert copy.answers()
    until(lambda: not set(before) & set(copy.processes()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything(copy: Copy, number: signal.Signals) -> None:
    """SIGTERM, and Ctrl-C's: an orderly end with code 0 and no process left."""
    if copy.demo.poll() is not None:
        copy.demo = copy.start()
        copy.wait_for("Trialsite runs at")
    copy.demo.send_signal(number)
    said = copy.demo.communicate()[0]
    assert (copy.demo.returncode, said.splitlines()[-1]) == (0, "Stopped.")
    assert copy.processes() == []


def test_a_command_starts_the_servers_for_itself(copy: Copy) -> None:
    """manage.py without a demo: servers of its own, gone with it."""
    done = copy.manage("showmigrations", "audit")
    assert (done.returncode, "[X]" in done.stdout) == (0, True), done.stderr
    assert copy.processes() == []


def test_a_taken_port_is_said_plainly(copy: Copy) -> None:
    """No traceback: what is wrong and what to type, and nothing was started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = copy.start(port)
        said = refused.communicate()[0]
    assert said == f"Port {port} is taken or not allowed. Choose another: PORT=8010 make demo\n"
    assert refused.returncode == 1
    assert copy.processes() == []
