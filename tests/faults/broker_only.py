"""A Celery program without an outbox, for the control: what its broker forgets is not done."""

import os

from celery import Celery

QUEUE, FILE, EFFECT = "control", "CONTROL_EFFECTS", "control.effect"
app = Celery("control", broker=os.environ["REDIS_URL"])
app.conf.update(
    task_ignore_result=True, task_acks_late=True, worker_prefetch_multiplier=1, task_default_queue=QUEUE
)


@app.task(name=EFFECT)
def effect(name: str) -> None:
    """A line in a file."""
    with open(os.environ[FILE], "a") as file:
        file.write(f"{name}\n")
