"""Guessing closes the door to who guesses, not to whose name is guessed.

Failures of a quarter of an hour count three ways: of one person from one address (6), of one person from wherever (20),
from one address under whatever names (20). A browser in which somebody signed in before keeps a signed cookie that says
so; what is tried there in that person's name counts by itself alone (6), whatever others do meanwhile. So does what a
person who is signed in tries. https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
"""

import secrets
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.core import signing
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse

from trialsite.accounts.models import User

COOKIE_AGE = 180 * 24 * 60 * 60
SALT = "trialsite.device"
# People who share a browser; who signed in longest ago is forgotten first.
PEOPLE = 8
# No username has a space: what is counted under such a name is of a device that the person is known by.
ON = " on "
# The wide limits, where settings.AXES_FAILURE_LIMIT is the narrow one.
WIDE = 20


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """The counting of django-axes, by the limits above. Its cool-off and its one limit stand in the settings."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Failures that count here. Those of a wide limit are scaled to the narrow one."""
        name, address = counted_name(request, credentials), request.META.get("REMOTE_ADDR")
        recent = AccessAttempt.objects.filter(attempt_time__gte=get_cool_off_threshold(request))
        if ON in name:
            return _sum(recent.filter(username=name))
        strange = recent.exclude(username__contains=ON)
        of_person, from_here = strange.filter(username=name), strange.filter(ip_address=address)
        wide = max(_sum(of_person), _sum(from_here))
        return max(_sum(of_person & from_here), wide * int(settings.AXES_FAILURE_LIMIT) // WIDE)


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The name under which failures are counted: of one person they count together, however it is spelt."""
    typed = str((credentials or {}).get("username") or request.POST.get("username") or "")
    user = user_named(typed)
    if user is None:
        return " ".join(typed.casefold().split()).replace(ON, "_")[:255]
    device = _device(request, user)
    return f"{user.username}{ON}{device}" if device else user.username


def user_named(username: str) -> User | None:
    """The person a typed name means; the database decides what is the same name, as it does at the sign-in."""
    return User.objects.filter(username__iexact=username, is_system=False).first() if username else None


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """The browser of `request`, in which `user` has just signed in, is known as one of theirs from now on."""
    devices = _devices(request)
    device = devices.pop(str(user.pk), None) or secrets.token_hex(8)
    kept = dict([*devices.items(), (str(user.pk), device)][-PEOPLE:])
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(kept, salt=SALT),
        max_age=COOKIE_AGE,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def _device(request: HttpRequest, user: User) -> str:
    """By what the browser of `request` is known as one of `user`'s; empty when it is not."""
    if device := _devices(request).get(str(user.pk)):
        return device
    signed_in: Any = getattr(request, "user", None)
    return "a session" if signed_in is not None and signed_in.pk == user.pk else ""


def _devices(request: HttpRequest) -> dict[str, str]:
    """Person → device, as this browser's cookie has it. Empty without one, and for one that we did not sign."""
    try:
        devices: dict[str, str] = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=COOKIE_AGE
        )
    except signing.BadSignature:
        return {}
    return devices


def _sum(attempts: QuerySet[Any]) -> int:
    return attempts.aggregate(n=Sum("failures_since_start"))["n"] or 0
