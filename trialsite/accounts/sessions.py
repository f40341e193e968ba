"""Session store: Django's database sessions with the user's id in a column of its own."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls):  # type: ignore[no-untyped-def]
        from trialsite.accounts.models import Session

        return Session

    def create_model_instance(self, data: Mapping[str, Any]) -> Any:
        row = super().create_model_instance(data)  # type: ignore[arg-type]
        row.user_id = data.get(SESSION_KEY)  # type: ignore[attr-defined]
        return row
