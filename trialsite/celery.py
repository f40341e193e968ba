"""The workers' entry point: `celery -A trialsite worker -Q default` and `-Q closed`."""

import logging
import os
from typing import Any

import redis
from celery import Celery, bootsteps
from celery.signals import worker_init

from trialsite import pulse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
app = Celery("trialsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
logger = logging.getLogger(__name__)


class Pulse(bootsteps.StartStopStep):  # type: ignore[misc]
    """While a worker is connected and takes work, it says so."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self.timer: Any = None
        self.queues: list[str] = []

    def start(self, consumer: Any) -> None:
        self.queues = list(consumer.app.amqp.queues.consume_from)
        self._say(pulse.beat, consumer)
        self.timer = consumer.timer.call_repeatedly(pulse.EVERY, self._say, (pulse.beat, consumer))

    def stop(self, consumer: Any) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self._say(pulse.stop, consumer)

    shutdown = stop

    def _say(self, what: Any, consumer: Any) -> None:
        try:
            with pulse.connect(consumer.app.conf.broker_url) as client:
                what(client, consumer.hostname, self.queues)
        except redis.RedisError as error:
            logger.warning("no pulse: %s", error)


app.steps["consumer"].add(Pulse)


@worker_init.connect  # type: ignore[untyped-decorator]
def refuse_unfit(**_: Any) -> None:
    """A worker that could write past the audit trail does not start."""
    from django.db import connection

    from trialsite.audit import readiness

    try:
        readiness.refuse_unfit(connection)
    except readiness.Unfit as unfit:
        # Celery logs and forgets any other exception of a receiver.
        raise SystemExit(f"refused to start: {unfit}") from unfit
