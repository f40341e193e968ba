"""The users of the broker: each does its own work and wakes the other, and nothing else."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from trialsite.stack.endpoints import ServerEndpoints
from trialsite.stack.servers import Servers


@pytest.fixture(scope="module")
def endpoints() -> Iterator[ServerEndpoints]:
    with tempfile.TemporaryDirectory() as folder, Servers(Path(folder) / "local", durable=False) as servers:
        yield servers.endpoints


def client(endpoints: ServerEndpoints, role: str) -> Any:
    return redis.Redis.from_url(endpoints.environment(role)["REDIS_URL"])


@pytest.mark.parametrize(("mine", "theirs"), [("app", "closed"), ("closed", "app")])
def test_one_wakes_the_other_and_takes_nothing_from_it(
    mine: str, theirs: str, endpoints: ServerEndpoints
) -> None:
    queue = {"app": "default", "closed": "closed"}[theirs]
    here, there = client(endpoints, mine), client(endpoints, theirs)
    here.lpush(queue, "wake up")
    there.hset(f"unacked.{theirs}", "tag", "taken")
    attempts: list[Callable[[], Any]] = [
        lambda: here.rpop(queue),
        lambda: here.brpop([queue], 1),
        lambda: here.lrange(queue, 0, -1),
        lambda: here.delete(queue),
        lambda: here.lmove(queue, "trialsite:mine"),
        lambda: here.hgetall(f"unacked.{theirs}"),
        lambda: here.eval("return redis.call('rpop', KEYS[1])", 1, queue),
    ]
    for attempt in attempts:
        with pytest.raises(redis.ResponseError):
            attempt()
    assert there.rpop(queue) == b"wake up"


@pytest.mark.parametrize("role", ["app", "closed", "owner"])
@pytest.mark.parametrize(
    "command",
    ["CONFIG GET *", "FLUSHALL", "FLUSHDB", "SHUTDOWN", "ACL LIST", "ACL SETUSER app +@all", "KEYS *", "CLIENT LIST",
     "MONITOR", "PUBLISH /0.celery.pidbox x", "SUBSCRIBE x", "REPLICAOF NO ONE", "SAVE"],
)  # fmt: skip
def test_nobody_but_the_operator_administers(role: str, command: str, endpoints: ServerEndpoints) -> None:
    with pytest.raises(redis.ResponseError, match=r"(?i)permission"):
        client(endpoints, role).execute_command(*command.split())


def test_a_password_opens_its_own_user_only(endpoints: ServerEndpoints) -> None:
    for user, password in (("closed", endpoints.secret("app")), ("default", endpoints.secret("app"))):
        stranger = redis.Redis(port=endpoints.valkey_port, username=user, password=password)
        with pytest.raises(redis.AuthenticationError):
            stranger.ping()
