"""Who came, went, and was kept out: what is audited and is no change of a row of the trial."""

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_ip_address
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest

from trialsite.accounts.context import audit_context
from trialsite.accounts.lockout import counted_name
from trialsite.accounts.models import AccessEvent, User

Kind = AccessEvent.Kind


def record(kind: str, user: User | None, *, by: User | None = None, about: str = "") -> None:
    """Write it into the trail: about `user` (None: nobody we know), done by `by` or else by the person."""
    with audit_context(by or user or User.objects.system()):
        AccessEvent.objects.create(kind=kind, user=user, about=about[:200])


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
    """Who proved to be themselves made slips before. Before signing in: afterwards every device is their own."""
    name = counted_name(request, {"username": user.username})
    AxesProxyHandler.reset_attempts(username=name, ip_address=get_client_ip_address(request))


def failed(request: HttpRequest, kind: str, user: User | None, about: str = "") -> None:
    """Record a failure, and whether it closed the door."""
    record(Kind.LOCKED_OUT if locked_out(request) else kind, user, about=about)
