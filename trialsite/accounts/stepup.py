"""The password again, at the moment of an act that needs it: a signature, an unblinding, a decision."""

from django.contrib.auth import authenticate
from django.utils.translation import gettext as _

from trialsite.accounts.access import Kind, failed, forget_failures, record
from trialsite.accounts.http import Request


class Refusal(str):
    """What to say, and by which field: "password" or "code"."""

    __slots__ = ("field",)
    field: str

    def __new__(cls, field: str, message: str) -> "Refusal":
        made = super().__new__(cls, message)
        made.field = field
        return made


def confirm(request: Request, password: str) -> Refusal | None:
    """None when `password` is the signed-in person's own, else what to say by the field. Audited either way.

    authenticate() counts failures: guessing here locks out like guessing at the sign-in.
    """
    about = request.resolver_match.url_name or "" if request.resolver_match else ""
    if authenticate(request, username=request.user.username, password=password) != request.user:
        failed(request, Kind.NOT_CONFIRMED, request.user, about)
        return Refusal("password", _("This is not your password."))
    forget_failures(request, request.user)
    record(Kind.CONFIRMED, request.user, about=about)
    return None
