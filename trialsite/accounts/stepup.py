"""The password again, at the moment of an act that needs it: a signature, an unblinding, a decision."""

from django.contrib.auth import authenticate
from django.utils.translation import gettext as _

from trialsite.accounts.access import Kind, count_failure, failed, forget_failures, record
from trialsite.accounts.http import Request
from trialsite.accounts.models import User
from trialsite.accounts.secondfactor import authenticator_of, opens, passes


class Refusal(str):
    """What to say, and by which field: "password" or "code"."""

    __slots__ = ("field",)
    field: str

    def __new__(cls, field: str, message: str) -> "Refusal":
        made = super().__new__(cls, message)
        made.field = field
        return made


def confirm(request: Request, password: str, code: str | None = None) -> Refusal | None:
    """None when `password` is the signed-in person's own, else what to say by the field. Audited either way.

    `code`: None when the act does not ask for the second factor; else it is checked too, of a person who has one.
    Failures are counted: guessing here locks out like guessing at the sign-in.
    """
    user = request.user
    about = request.resolver_match.url_name or "" if request.resolver_match else ""
    if authenticate(request, username=user.username, password=password) != user:
        failed(request, Kind.NOT_CONFIRMED, user, about)
        return Refusal("password", _("This is not your password."))
    if code is not None and authenticator_of(user) and not passes(user, code):
        count_failure(request, user)
        failed(request, Kind.NOT_CONFIRMED, user, about)
        return Refusal("code", wrong_code(user))
    forget_failures(request, user)
    record(Kind.CONFIRMED, user, about=about)
    return None


def wrong_code(user: User) -> str:
    """What to say to `user`, whose password was right."""
    found = authenticator_of(user)
    if found and not opens(found):
        return _(
            "The codes of your app cannot be checked any more: the key of this server was changed. Type one of your"
            " recovery codes, or have your second factor reset."
        )
    return _(
        "This code is wrong, was used already, or came too soon after a wrong one. Wait for the next code your app"
        " shows, then type that."
    )
