"""Who came, went, and was kept out: what is audited and is no change of a row of the trial."""

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_ip_address
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest

from trialsite.accounts.acting import signed_by
from trialsite.accounts.models import Access, User

Kind = Access.Kind


def record(kind: str, user: User | None, *, by: User | None = None, about: str = "") -> None:
    """Write it into the trail: about `user` (None: nobody we know), done by `by` or else by the person."""
    with signed_by(by or user or User.objects.system()):
        Access.objects.create(kind=kind, user=user, about=about[:200])


def person_named(username: str) -> User | None:
    """The person a typed name means; the database decides what is the same name, as it does at the sign-in."""
    return User.objects.filter(username__iexact=username, is_system=False).first() if username else None


def axes_username(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The name under which failures are counted: of one person they count together, however it is spelt."""
    typed = str((credentials or {}).get("username") or request.POST.get("username") or "").replace("\0", "")
    person = person_named(typed)
    return person.username if person else typed.casefold()[:255]


def locked_out(request: HttpRequest) -> bool:
    """Whether this request's attempt met a closed door or closed it."""
    return bool(getattr(request, "axes_locked_out", False))


def is_open(request: HttpRequest, user: User) -> bool:
    """Whether `user` may try from here. If not, the answer becomes the page that says so."""
    if AxesProxyHandler.is_allowed(request, {"username": user.username}):
        return True
    request.axes_locked_out = True  # type: ignore[attr-defined]
    return False


def count_failure(request: HttpRequest, user: User) -> None:
    """A wrong second factor counts like a wrong password. authenticate() counts by itself."""
    user_login_failed.send(sender=__name__, credentials={"username": user.username}, request=request)


def forget_failures(request: HttpRequest, user: User) -> None:
    AxesProxyHandler.reset_attempts(username=user.username, ip_address=get_client_ip_address(request))


def failed(request: HttpRequest, kind: str, user: User | None, about: str = "") -> None:
    """Record a failure, and whether it closed the door."""
    record(Kind.LOCKED_OUT if locked_out(request) else kind, user, about=about)
