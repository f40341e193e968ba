"""Who acts, why, and from which request: what the audit triggers write beside each change."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from trialsite.accounts.models import Site, Study, User
from trialsite.accounts.policy import authorise
from trialsite.lib import refusals
from trialsite.lib.visible import is_visible


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """Where a change comes from: a request, a task, or a command. `session`: as its table keys it."""

    request: str | None = None
    ip: str | None = None
    session: str | None = None


_NOWHERE = RequestOrigin()
origin: ContextVar[RequestOrigin] = ContextVar("origin", default=_NOWHERE)
_current: ContextVar[str] = ContextVar("context", default="")


def new_request_id() -> str:
    return str(uuid.uuid4())


@contextmanager
def authorised_change(
    by: User, action: str, study: Study, site: Site | None = None, *, reason: str = ""
) -> Iterator[None]:
    """One change of the world: a transaction in which `by`, if the policy lets them, does `action`.

    Raises PermissionDenied, and ValidationError when the database finds the record locked. The context is
    transaction-local: it ends with the transaction, and an enclosing change gets its own back.
    """
    roles = authorise(by, action, study, site)
    with audit_context(by, role=", ".join(sorted(roles)), reason=reason):
        yield


@contextmanager
def audit_context(by: User, *, role: str = "", reason: str = "") -> Iterator[None]:
    """A transaction that puts `by` and `reason` beside what it changes. Besides `authorised_change`, only commands and
    services that authorise by other means (such as a one-time link) call this. Who `by` is, and whether they have
    `role`, the trail looks up itself. Raises ValidationError for a reason that nobody can see."""
    if reason.strip() and not is_visible(reason):
        message = _("The reason contains only invisible characters. Enter it in words.")
        raise ValidationError({"reason": message})
    context = json.dumps(
        {
            "actor": by.pk,
            "role": role,
            "reason": reason.strip(),
            "version": settings.APP_VERSION,
            **asdict(origin.get()),
        }
    )
    outer = _current.get()
    if context == outer:
        # The enclosing transaction says the same already.
        yield
        return
    with transaction.atomic():
        _set(context)
        token = _current.set(context)
        try:
            yield
        except DatabaseError as error:
            if refusals.code(error) != refusals.LOCKED:
                raise
            raise ValidationError(
                _(
                    "This record is locked. Nothing was changed; request that it be unlocked, with your reason."
                )
            ) from error
        finally:
            _current.reset(token)
        if outer:
            _set(outer)


def _set(context: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select set_config('trialsite.context', %s, true)", [context])
