"""The password again, at the moment of an act that needs it: a signature, an unblinding, a decision."""

from django.contrib.auth import authenticate
from django.utils.translation import gettext as _

from trialsite.accounts.http import Request


def confirm(request: Request, password: str) -> str | None:
    """None when `password` is the signed-in person's own, else what to say by the field.

    authenticate() counts failures: guessing here locks out like guessing at the sign-in.
    """
    if authenticate(request, username=request.user.username, password=password) == request.user:
        return None
    return _("This is not your password.")
