"""How far an import is, said where the page reads it while the import's own transaction is still open: in Redis.

Nothing rests on it: without Redis there is no bar, and the import goes on.
"""

import logging
from typing import BinaryIO

import redis
from django.conf import settings

from assessments.models import RatingImport
from trialsite import pulse

logger = logging.getLogger(__name__)
KEPT = 3600  # seconds


class ImportStopped(Exception):
    """The import was cancelled, or is otherwise no longer in the state in which this work began."""


class Progress:
    """Told after every few thousand rows of `file`: passes on how far it is read, and raises Stopped on a cancellation.

    Cancelling commits in another session; each statement of the worker's transaction sees what was committed before."""

    def __init__(self, of: RatingImport, file: BinaryIO) -> None:
        self.of, self.file = of, file
        self(0)

    def __call__(self, rows: int) -> None:
        if not RatingImport.objects.filter(pk=self.of.pk, status=self.of.status).exists():
            raise ImportStopped
        percent = 100 * self.file.tell() // max(self.of.size, 1)
        try:
            with pulse.connect(settings.REDIS_URL) as client:
                client.set(_key(self.of), percent, ex=KEPT)
        except redis.RedisError as error:
            logger.warning("no progress of import %d: %s", self.of.pk, error)


def percent_of(of: RatingImport) -> int | None:
    """How much of the file has been read in the state in which it is; None while nobody said."""
    try:
        with pulse.connect(settings.REDIS_URL) as client:
            percent = client.get(_key(of))
    except redis.RedisError:
        return None
    return int(percent) if isinstance(percent, bytes) else None


def _key(of: RatingImport) -> str:
    return f"trialsite:import:{of.pk}:{of.status}"
