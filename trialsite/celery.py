"""The workers' entry point: `celery -A trialsite worker -Q default` and `-Q closed`."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
app = Celery("trialsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


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
