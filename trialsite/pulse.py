"""That a worker is there and takes work: it says so itself, in Redis, while nobody can ask it anything.

Celery's remote control is off (settings.py): through it whoever reaches the broker could stop a worker or read its
settings. `python -m trialsite.pulse NODE` ends with 0 while the worker of that name has a pulse: a health check.
"""

import os
import socket
import sys
import time
from typing import Any

import redis

KEY = "trialsite:workers"
EVERY = 10.0  # seconds between two beats
LOST = 35.0  # without a beat for so long, a worker is not counted on


def beat(client: "redis.Redis", node: str, queues: list[str]) -> None:
    """Say that the worker `node` takes from `queues` now; forget those that said nothing for an hour."""
    now = time.time()
    client.zadd(KEY, {_member(queue, node): now for queue in queues})
    client.zremrangebyscore(KEY, 0, now - 3600)


def stop(client: "redis.Redis", node: str, queues: list[str]) -> None:
    client.zrem(KEY, *(_member(queue, node) for queue in queues))


def workers(client: "redis.Redis") -> set[tuple[str, str]]:
    """(queue, node) of every worker with a pulse."""
    members: Any = client.zrangebyscore(KEY, time.time() - LOST, "+inf")
    return {(queue, node) for queue, _space, node in (member.decode().partition(" ") for member in members)}


def connect(url: str) -> "redis.Redis":
    """A client that does not wait long for a server that is away."""
    return redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=5)


def _member(queue: str, node: str) -> str:
    return f"{queue} {node}"


def main() -> None:
    node = sys.argv[1].replace("%h", socket.gethostname())
    try:
        with connect(os.environ["REDIS_URL"]) as client:
            alive = any(name == node for _queue, name in workers(client))
    except redis.RedisError as error:
        sys.exit(f"Redis does not answer: {error}")
    if not alive:
        sys.exit(f"The worker {node} has said nothing for {LOST:.0f} seconds.")


if __name__ == "__main__":
    main()
