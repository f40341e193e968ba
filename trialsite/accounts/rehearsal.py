"""A session for people of invented trials, so that what needs one can be shown without a browser: the demo, tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.contrib.auth import SESSION_KEY
from django.core.exceptions import PermissionDenied

from trialsite.accounts.access import Kind, record
from trialsite.accounts.context import origin
from trialsite.accounts.models import Session, User
from trialsite.accounts.sessions import SessionStore, digest


@contextmanager
def confirmed(user: User, about: str = "rehearsal") -> Iterator[None]:
    """As if `user` had just typed the password in a session of their own. Nobody of a real trial."""
    if user.is_system or user.memberships.filter(study__synthetic=False).exists():
        raise PermissionDenied("rehearsal")
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store.create()
    key = digest(store.session_key or "")
    token = origin.set(replace(origin.get(), session=key))
    try:
        record(Kind.CONFIRMED, user, about=about)
        yield
    finally:
        origin.reset(token)
        Session.objects.filter(session_key=key).delete()
