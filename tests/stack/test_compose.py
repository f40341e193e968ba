"""docker-compose.yml: valid, and every service's command runs as it is written."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery import Celery

from trialsite.stack import testing
from trialsite.stack.broker import QUEUES
from trialsite.stack.broker import user as broker_user

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]


@pytest.fixture(scope="module")
def name() -> Iterator[str]:
    """A database of this module's own, prepared."""
    database = f"compose_{os.getpid()}"
    testing.database(database)
    yield database
    testing.drop(database)


def command(service: str, **replaced: str) -> list[str]:
    """The service's command with this interpreter and, where said, other arguments."""
    words = [sys.executable if word == "python" else word for word in SERVICES[service]["command"]]
    return [replaced.get(word, word) for word in words]


def test_the_compose_file_is_valid() -> None:
    """The Compose specification's own schema accepts it."""
    tool = shutil.which("check-jsonschema") or str(Path(sys.executable).parent / "check-jsonschema")
    checked = subprocess.run(
        [tool, "--builtin-schema", "vendor.compose-spec", str(ROOT / "docker-compose.yml")],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_only_the_closed_worker_knows_the_closed_role() -> None:
    """The web, the worker and beat connect as trialsite_app; no service but setup gets an owner's password."""
    closed = [s for s, spec in SERVICES.items() if "trialsite_closed:" in str(spec.get("environment", {}))]
    assert closed == ["worker-closed"]
    owners = [s for s, spec in SERVICES.items() if "OWNER_PASSWORD" in str(spec.get("environment", {}))]
    assert owners == ["setup"]


def test_every_lasting_service_has_a_health_check() -> None:
    lasting = [s for s, spec in SERVICES.items() if spec.get("restart") != "no"]
    assert set(SERVICES) - set(lasting) == {"setup", "verify"}
    assert [s for s in lasting if "healthcheck" not in SERVICES[s]] == []


def test_setup_runs_again_and_again(name: str) -> None:
    """The one-shot service changes nothing the second time."""
    for _ in range(2):
        done = subprocess.run(
            command("setup"), env=testing.environment("owner", name), cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


def test_the_web_command_serves(name: str) -> None:
    """gunicorn starts as written (on another port) and says it is alive, then stops on SIGTERM."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    web = subprocess.Popen(
        command("web", **{"0.0.0.0:8000": f"127.0.0.1:{port}"}),
        env=testing.environment("app", name),
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )
    try:
        assert _answers(f"http://127.0.0.1:{port}/healthz", web)
    finally:
        web.terminate()
        assert web.wait(15) == 0


def health_check(service: str, **replaced: str) -> list[str]:
    """The service's health check with this interpreter."""
    _cmd, *words = SERVICES[service]["healthcheck"]["test"]
    return [replaced.get(word, sys.executable if word == "python" else word) for word in words]


@pytest.mark.parametrize(("service", "role"), [("worker", "app"), ("worker-closed", "closed")])
def test_the_workers_start_and_stop(service: str, role: str, name: str, tmp_path: Path) -> None:
    """A worker of each queue comes up as written, says that it takes work, and ends on SIGTERM."""
    asked = SERVICES[service]["command"][-4]
    assert asked.endswith("@%h")
    node = f"{service}-{os.getpid()}@test"
    words = command(service, **{asked: node})
    # A broker of its own: the messages of other tests are not for this worker.
    broker = os.environ["REDIS_URL"].rpartition("/")[0] + "/13"
    environment = {**testing.environment(role, name), "REDIS_URL": broker}
    check = health_check(service, **{asked: node})
    output = tmp_path / "said"
    with output.open("w") as file:
        worker = subprocess.Popen(words, env=environment, cwd=ROOT, stdout=file, stderr=file)
    try:
        for _ in range(120):
            if healthy := subprocess.run(check, env=environment, cwd=ROOT).returncode == 0:
                break
            time.sleep(0.5)
        assert healthy, output.read_text()
        # Nobody can ask it anything, or tell it to end.
        with Celery(broker=broker) as stranger:
            assert stranger.control.ping(timeout=1) == []
            stranger.control.shutdown()
            assert worker.poll() is None
    finally:
        worker.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(30)
        if worker.poll() is None:
            worker.send_signal(signal.SIGUSR1)  # it says where each of its threads stands
            time.sleep(2)
            worker.kill()
            pytest.fail(output.read_text())
        assert worker.returncode == 0
    assert subprocess.run(check, env=environment, cwd=ROOT, capture_output=True).returncode == 1


def test_the_users_of_redis_are_those_of_the_embedded_server() -> None:
    """One list of rights, in trialsite/stack/broker.py; each worker's URL names its own user."""
    lines = COMPOSE["configs"]["redis"]["content"].splitlines()
    for user in QUEUES:
        assert broker_user(user, f">${{REDIS_{user.upper()}_PASSWORD:?}}") in lines
    urls = {
        name: spec["environment"]["REDIS_URL"]
        for name, spec in SERVICES.items()
        if "REDIS_URL" in spec.get("environment", {})
    }
    assert {name for name, url in urls.items() if "//closed:" in url} == {"worker-closed"}
    assert not any("REDIS_PASSWORD" in url for url in urls.values())


def test_beat_starts(name: str, tmp_path: Path) -> None:
    """beat writes its schedule, which its health check looks for."""
    schedule = tmp_path / "beat-schedule"
    beat = subprocess.Popen(
        command("beat", **{"/tmp/beat-schedule": str(schedule)}),  # noqa: S108 - as the file has it
        env=testing.environment("app", name),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            if list(tmp_path.glob("beat-schedule*")):
                break
            time.sleep(0.1)
        assert list(tmp_path.glob("beat-schedule*"))
    finally:
        beat.terminate()
        beat.wait(15)


def _answers(address: str, process: subprocess.Popen[bytes]) -> bool:
    for _ in range(600):
        if process.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(address, timeout=1) as response:
                return bool(response.status == 200)
        except OSError:
            time.sleep(0.1)
    return False
