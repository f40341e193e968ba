"""The password again, at the moment of an act that needs it: a signature, an unblinding, a decision."""

from django.contrib.auth import authenticate
from django.utils.translation import gettext as _

from trialsite.accounts.access import Kind, count_failure, failed, forget_failures, record
from trialsite.accounts.http import Request
from trialsite.accounts.lockout import user_named
from trialsite.accounts.models import User
from trialsite.accounts.secondfactor import authenticator_of, opens, passes


class Refusal(str):
    """What to say, and by which field: "password" or "code"."""

    __slots__ = ("field",)
    field: str

    def __new__(cls, field: str, message: str) -> "Refusal":
        refusal = super().__new__(cls, message)
        refusal.field = field
        return refusal


def confirm(request: Request, password: str, code: str | None = None) -> Refusal | None:
    """None when `password` is the signed-in person's own, else what to say by the field. Audited either way.

    `code`: None when the act does not ask for the second factor; else it is checked too, of a person who has one.
    Failures are counted: guessing here locks out like guessing at the sign-in.
    """
    return _confirm(request, request.user, password, code)


def confirm_second(request: Request, username: str, password: str, code: str) -> User | Refusal:
    """The second person who is asked for beside the one who is signed in, by their own name, password and code of whoever
    has a second factor; nobody is signed in or out. Audited and counted like `confirm`."""
    user = user_named(username)
    if user is None:
        authenticate(request, username=username, password=password)
        failed(request, Kind.NOT_CONFIRMED, None, _place(request))
        return Refusal("second_password", _("The name or the password is incorrect."))
    refusal = _confirm(request, user, password, code)
    if refusal is None:
        return user
    if refusal.field == "password":
        return Refusal("second_password", _("The name or the password is incorrect."))
    return Refusal("second_code", refusal)


def _place(request: Request) -> str:
    return request.resolver_match.url_name or "" if request.resolver_match else ""


def _confirm(request: Request, user: User, password: str, code: str | None) -> Refusal | None:
    about = _place(request)
    if authenticate(request, username=user.username, password=password) != user:
        failed(request, Kind.NOT_CONFIRMED, user, about)
        return Refusal("password", _("The password is incorrect."))
    if code is not None and authenticator_of(user) and not passes(user, code):
        count_failure(request, user)
        failed(request, Kind.NOT_CONFIRMED, user, about)
        return Refusal("code", wrong_code(user))
    forget_failures(request, user)
    record(Kind.CONFIRMED, user, about=about)
    return None


def wrong_code(user: User) -> str:
    """What to say to `user`, whose password was right."""
    authenticator = authenticator_of(user)
    if authenticator and not opens(authenticator):
        return _(
            "The codes of your app can no longer be verified, because the key of this server was changed."
            " Enter one of your recovery codes, or have your second factor reset."
        )
    return _(
        "This code is wrong, has already been used, or was entered too soon after a wrong one. Wait for the"
        " next code in your app and enter that."
    )
