"""Session store: Django's database sessions, kept by the hash of their key, with whose they are beside them.

The cookie holds the key, the table its SHA-256: whoever reads the table cannot be anybody.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import OperationalError
from django.utils import timezone


def digest(key: str) -> str:
    """What stands in the table for a session key; closed.digest() in the database says the same."""
    return hashlib.sha256(key.encode()).hexdigest()


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> Any:
        from trialsite.accounts.models import Session

        return Session

    def create_model_instance(self, data: Mapping[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)  # type: ignore[arg-type]
        row.session_key = digest(row.session_key)
        row.user_id = data.get(SESSION_KEY)
        row.began_at, row.seen_at = _moment(data.get("began")), _moment(data.get("seen"))
        row.ip, row.agent = data.get("ip"), data.get("agent", "")
        return row

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            # Django says the same of a session that was ended and of a database that went away.
            if isinstance(error.__context__, OperationalError):
                raise error.__context__ from None
            raise

    def exists(self, session_key: str) -> bool:
        return super().exists(digest(session_key))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            self.model.objects.filter(session_key=digest(key)).delete()

    def _get_session_from_db(self) -> Any:
        session = self.model.objects.filter(
            session_key=digest(self.session_key or ""), expire_date__gt=timezone.now()
        ).first()
        if session is None:
            self._session_key = None
        return session


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
